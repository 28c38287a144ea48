/* The workers' cards: what each does, how full its batches are, what batching gives, and draining. */
import { done } from "@proteus/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { operatorApi } from "../../shared/operator.ts";
import { asProblem } from "../../shared/problems.ts";
import { away } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { histogram, meanBatch, PICTURES, speedUps, type Worker } from "./figures.ts";
import { number, seconds } from "./units.ts";

const TONES: Record<Worker["state"], string> = { ready: "good", loading: "", draining: "warm" };

export function WorkersView({ workers }: { workers: readonly Worker[] }) {
  const { fleet } = useStrings();
  if (workers.length === 0) {
    return (
      <div className="card block">
        <h2>{fleet.noWorkers}</h2>
        <p className="soft">{fleet.noWorkersHint}</p>
      </div>
    );
  }
  return (
    <ul className="workers">
      {workers.map((worker) => (
        <Card key={`${worker.queue}/${worker.id}`} worker={worker} />
      ))}
    </ul>
  );
}

function Card({ worker }: { worker: Worker }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const [now] = useState(() => Date.now());
  const slots = worker.slots_used + worker.slots_free;
  return (
    <li className="card worker" data-worker={worker.id} data-state={worker.state}>
      <header>
        <h2>{worker.id}</h2>
        <span className={`chip ${TONES[worker.state]}`}>{fleet.states[worker.state]}</span>
      </header>
      <dl className="particulars">
        <dt>{fleet.card.work}</dt>
        <dd>
          {worker.queue === PICTURES ? fleet.card.weaver : fleet.card.tailor}: {worker.engines.join(", ") || "–"}
        </dd>
        <dt>{fleet.card.device}</dt>
        <dd>{worker.device}</dd>
        <dt>{fleet.card.slots}</dt>
        <dd>
          {fleet.card.slotsUsed(worker.slots_used, slots)}
          <span className="track" aria-hidden="true">
            <span style={{ width: `${slots ? (100 * worker.slots_used) / slots : 0}%` }} />
          </span>
        </dd>
        {worker.started_at && (
          <>
            <dt>{fleet.card.started}</dt>
            <dd>{away(worker.started_at, now, language)}</dd>
          </>
        )}
      </dl>
      {worker.queue === PICTURES && <Batches worker={worker} />}
      <Drain worker={worker} />
    </li>
  );
}

function Batches({ worker }: { worker: Worker }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const bars = histogram(worker.batches ?? {});
  const mean = meanBatch(worker.batches ?? {});
  const keys = Object.keys(worker.seconds_per_batch);
  const known = keys.filter((key) => worker.measured_up_to?.[key] !== 0);
  const guessed = keys.filter((key) => !known.includes(key));
  const table = (key: string) => <SpeedUps key={key} batchKey={key} points={worker.seconds_per_batch[key] ?? {}} measured={worker.measured_up_to?.[key]} />;
  return (
    <>
      <section>
        <h3>
          {fleet.batches} {mean !== null && <span className="soft small">{fleet.meanBatch(number(mean, language))}</span>}
        </h3>
        {bars.length === 0 ? (
          <p className="soft small">{fleet.noBatches}</p>
        ) : (
          <ul className="bars">
            {bars.map((bar) => (
              <li key={bar.size} aria-label={fleet.batchesOf(bar.size, bar.many)}>
                <span aria-hidden="true">{number(bar.many, language)}</span>
                <span className="column" aria-hidden="true" style={{ height: `${Math.max(4, 100 * bar.share)}%` }} />
                <span className="soft" aria-hidden="true">
                  {bar.size}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      {known.map((key) => table(key))}
      {guessed.length > 0 && (
        <details>
          <summary>{fleet.onlyGuessed(guessed.length)}</summary>
          {guessed.map((key) => table(key))}
        </details>
      )}
    </>
  );
}

/** Batch sizes that are shown: a table of sixteen says no more than one of five. */
const SHOWN = [1, 2, 4, 8, 16, 32];

function SpeedUps({ batchKey, points, measured }: { batchKey: string; points: Readonly<Record<string, number>>; measured: number | undefined }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const rows = speedUps(points);
  const shown = rows.filter((row) => SHOWN.includes(row.size));
  if (shown.length === 0) return null;
  return (
    <section>
      <h3>
        {fleet.efficiency} <code>{batchKey}</code>
      </h3>
      <div className="scroll" tabIndex={0} role="region" aria-label={`${fleet.efficiency} ${batchKey}`}>
        <table className="tight">
          <thead>
            <tr>
              <th scope="col">{fleet.batchSize}</th>
              {shown.map((row) => (
                <th key={row.size} scope="col" className="figure">
                  {row.size}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">t(n)</th>
              {shown.map((row) => (
                <td key={row.size} className={`figure${measured !== undefined && row.size > measured ? " soft" : ""}`}>
                  {seconds(row.seconds, language)}
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">t(1)·n/t(n)</th>
              {shown.map((row) => (
                <td key={row.size} className={`figure${measured !== undefined && row.size > measured ? " soft" : ""}`}>
                  ×{number(row.speedUp, language)}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      {measured !== undefined && <p className="soft small">{fleet.measuredUpTo(measured)}</p>}
    </section>
  );
}

function Drain({ worker }: { worker: Worker }) {
  const { fleet } = useStrings();
  const queries = useQueryClient();
  const [trouble, setTrouble] = useState("");
  const [busy, setBusy] = useState(false);
  const wanted = worker.drain_requested;
  const change = async () => {
    setBusy(true);
    setTrouble("");
    const params = { params: { path: { worker_id: worker.id } } };
    try {
      await done(wanted ? operatorApi.DELETE("/v1/fleet/workers/{worker_id}/drain", params) : operatorApi.POST("/v1/fleet/workers/{worker_id}/drain", params));
      await queries.invalidateQueries({ queryKey: ["fleet", "overview"] });
    } catch (error) {
      setTrouble(asProblem(error).message);
    } finally {
      setBusy(false);
    }
  };
  const note = !wanted ? "" : worker.slots_used ? fleet.drainRuns(worker.slots_used) : worker.state === "draining" ? fleet.drainDone : fleet.drainAsked;
  return (
    <footer>
      {note && <p className="note warm">{note}</p>}
      {trouble && (
        <p className="note bad" role="alert">
          {trouble}
        </p>
      )}
      <button type="button" className="button small" disabled={busy} onClick={() => void change()} aria-label={`${wanted ? fleet.undrain : fleet.drain}: ${worker.id}`}>
        {wanted ? fleet.undrain : fleet.drain}
      </button>
    </footer>
  );
}
