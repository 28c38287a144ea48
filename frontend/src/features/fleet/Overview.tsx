/* The overview: what waits and since when, the last hour in small charts, where a picture's time goes, and why. */
import type { ReactNode } from "react";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { Decisions } from "./Decisions.tsx";
import { depthsOf, type Figures, type Overview, PARTS, PICTURES } from "./figures.ts";
import { MINUTES, useFigures } from "./queries.ts";
import { Trend } from "./Trend.tsx";
import { money, number, seconds } from "./units.ts";

export function OverviewView({ overview }: { overview: Overview }) {
  const figures = useFigures().data;
  return (
    <>
      <Alarms overview={overview} />
      <Tiles overview={overview} figures={figures} />
      {figures && <Trends figures={figures} />}
      <div className="two">
        {figures && <Times figures={figures} />}
        <Depths overview={overview} />
      </div>
      <Decisions ruling={overview.ruling} />
      {figures && (
        <div className="two">
          <Codes kind="refused" codes={figures.refused} />
          <Codes kind="failures" codes={figures.failures} />
        </div>
      )}
    </>
  );
}

function Alarms({ overview }: { overview: Overview }) {
  const { fleet } = useStrings();
  const queue = overview.queues[PICTURES];
  const ready = overview.workers.filter((one) => one.queue === PICTURES && one.state === "ready").length;
  const dead = Object.values(overview.queues).reduce((sum, one) => sum + one.dead, 0);
  const alarms = [
    overview.intake.paused && { tone: "warm", text: fleet.alarms.paused(overview.intake.reason) },
    queue && queue.waiting > 0 && ready === 0 && { tone: "bad", text: fleet.alarms.nobody(queue.waiting) },
    queue && queue.parked > 0 && { tone: "warm", text: fleet.alarms.parked(queue.parked) },
    dead > 0 && { tone: "warm", text: fleet.alarms.dead(dead) },
  ].filter((one): one is { tone: string; text: string } => Boolean(one));
  if (!alarms.length) return null;
  return (
    <ul className="alarms">
      {alarms.map((one) => (
        <li key={one.text} className={`note ${one.tone}`}>
          {one.text}
        </li>
      ))}
    </ul>
  );
}

function Tiles({ overview, figures }: { overview: Overview; figures: Figures | undefined }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const queue = overview.queues[PICTURES];
  const weavers = overview.workers.filter((one) => one.queue === PICTURES);
  const ready = weavers.filter((one) => one.state === "ready").length;
  const failed = figures?.minutes.reduce((sum, one) => sum + one.failed, 0);
  const cost = figures?.cost;
  const wanted = overview.ruling.wanted_weavers;
  return (
    <dl className="tiles">
      <Tile name={fleet.tiles.waiting} note={fleet.tiles.held(overview.held)}>
        {number(queue?.waiting ?? 0, language)}
      </Tile>
      <Tile name={fleet.tiles.oldest} note={fleet.tiles.meanWait(seconds((queue?.mean_wait_ms ?? 0) / 1000, language))}>
        {seconds((queue?.oldest_waiting_ms ?? 0) / 1000, language)}
      </Tile>
      <Tile name={fleet.tiles.running} note={fleet.tiles.retrying(queue?.retrying ?? 0)}>
        {number(queue?.running ?? 0, language)}
      </Tile>
      <Tile name={fleet.tiles.failed} note={fleet.tiles.lastHour}>
        {failed === undefined ? "–" : number(failed, language)}
      </Tile>
      <Tile name={fleet.tiles.weavers} note={wanted === null ? fleet.tiles.notScaled : fleet.tiles.wanted(wanted)}>
        {number(ready, language)}
      </Tile>
      <Tile name={fleet.tiles.made} note={fleet.tiles.lastHour}>
        {figures ? number(figures.pictures, language) : "–"}
      </Tile>
      {cost && (
        <Tile
          name={fleet.tiles.cost}
          note={cost.busy_per_picture === null ? fleet.tiles.noCost : fleet.tiles.busyCost(money(cost.busy_per_picture, cost.currency, language))}
        >
          {cost.with_idle_per_picture === null ? "–" : money(cost.with_idle_per_picture, cost.currency, language)}
        </Tile>
      )}
    </dl>
  );
}

function Tile({ name, note, children }: { name: string; note: string; children: ReactNode }) {
  return (
    <div className="card tile">
      <dt>{name}</dt>
      <dd className="big">{children}</dd>
      <dd className="soft small">{note}</dd>
    </div>
  );
}

function Trends({ figures }: { figures: Figures }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const { trends } = fleet;
  const minutes = figures.minutes;
  const count = (value: number) => number(value, language);
  return (
    <section className="card block">
      <h2>{fleet.lastHour}</h2>
      <div className="trends">
        <Trend
          title={trends.flow}
          unit={trends.perMinute}
          format={count}
          minutes={MINUTES}
          counts
          series={[
            { name: trends.arrived, tone: "first", bars: true, values: minutes.map((one) => one.arrived) },
            { name: trends.completed, tone: "second", values: minutes.map((one) => one.completed) },
          ]}
        />
        <Trend
          title={trends.depth}
          unit={trends.mostAtOnce}
          format={count}
          minutes={MINUTES}
          series={[
            { name: trends.waiting, tone: "first", bars: true, values: minutes.map((one) => one.waiting) },
            { name: trends.running, tone: "second", values: minutes.map((one) => one.running) },
          ]}
        />
        <Trend
          title={trends.oldest}
          unit={trends.inTime}
          format={(value) => seconds(value, language)}
          minutes={MINUTES}
          series={[{ name: trends.waited, tone: "first", values: minutes.map((one) => one.oldest_seconds) }]}
        />
        <Trend
          title={trends.weavers}
          unit={trends.workers}
          format={count}
          minutes={MINUTES}
          series={[
            { name: trends.ready, tone: "first", bars: true, values: minutes.map((one) => one.ready) },
            { name: trends.wanted, tone: "second", values: minutes.map((one) => one.wanted) },
          ]}
        />
        <Trend
          title={trends.lost}
          unit={trends.perMinute}
          format={count}
          minutes={MINUTES}
          counts
          series={[
            { name: trends.failed, tone: "bad", bars: true, values: minutes.map((one) => one.failed) },
            { name: trends.expired, tone: "second", values: minutes.map((one) => one.expired) },
          ]}
        />
        <Trend
          title={trends.sheds}
          unit={trends.perMinute}
          format={count}
          minutes={MINUTES}
          counts
          series={[{ name: trends.refused, tone: "second", bars: true, values: minutes.map((one) => Object.values(one.refused).reduce((sum, many) => sum + many, 0)) }]}
        />
      </div>
    </section>
  );
}

function Times({ figures }: { figures: Figures }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const total = figures.parts.total?.p50 ?? 0;
  return (
    <section className="card block">
      <h2>{fleet.times}</h2>
      {figures.pictures === 0 ? (
        <p className="soft">{fleet.noPictures}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label={fleet.times}>
          <table>
            <thead>
              <tr>
                <th scope="col">{fleet.part}</th>
                <th scope="col" className="bar-cell">
                  {fleet.shareOfMedian}
                </th>
                {(["p50", "p95", "p99"] as const).map((one) => (
                  <th key={one} scope="col" className="figure">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {PARTS.map((name) => {
                const part = figures.parts[name];
                return (
                  <tr key={name} className={name}>
                    <th scope="row">
                      {fleet.parts[name]} <span className="soft small">{fleet.partNotes[name]}</span>
                    </th>
                    <td className="bar-cell">
                      <span className="track" aria-hidden="true">
                        <span style={{ width: `${total && part ? Math.min(100, (100 * part.p50) / total) : 0}%` }} />
                      </span>
                    </td>
                    {(["p50", "p95", "p99"] as const).map((one) => (
                      <td key={one} className="figure">
                        {part ? seconds(part[one], language) : "–"}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Depths({ overview }: { overview: Overview }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const rows = depthsOf(overview.unfinished);
  const cell = (value: number) => <td className={`figure${value ? "" : " soft"}`}>{number(value, language)}</td>;
  return (
    <section className="card block">
      <h2>{fleet.depths}</h2>
      {rows.length === 0 ? (
        <p className="soft">{fleet.nothingUnfinished}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label={fleet.depths}>
          <table>
            <thead>
              <tr>
                <th scope="col">{fleet.engine}</th>
                {[...fleet.priorities, fleet.stages.held, fleet.stages.preparing, fleet.stages.running].map((one) => (
                  <th key={one} scope="col" className="figure">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.kind}/${row.engine}`}>
                  <th scope="row">
                    {row.engine} {row.kind !== row.engine && <span className="soft small">{fleet.kinds[row.kind] ?? row.kind}</span>}
                  </th>
                  {cell(row.waiting[0])}
                  {cell(row.waiting[1])}
                  {cell(row.waiting[2])}
                  {cell(row.held)}
                  {cell(row.preparing)}
                  {cell(row.running)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Codes({ kind, codes }: { kind: "refused" | "failures"; codes: Readonly<Record<string, number>> }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const rows = Object.entries(codes).toSorted((a, b) => b[1] - a[1]);
  return (
    <section className="card block">
      <h2>{fleet.codes[kind]}</h2>
      {rows.length === 0 ? (
        <p className="soft">{fleet.noCodes[kind]}</p>
      ) : (
        <ul className="codes">
          {rows.map(([code, many]) => (
            <li key={code}>
              <strong className="figure">{number(many, language)}</strong> <code>{code || "?"}</code> <span className="soft small">{fleet.codeNotes[code] ?? ""}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
