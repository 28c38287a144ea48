/* What another fleet would do with a steady flow, by the times that these weavers measured. */
import { done, type Schemas } from "@proteus/client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { operatorApi } from "../../shared/operator.ts";
import { asProblem } from "../../shared/problems.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { type Overview, PICTURES } from "./figures.ts";
import { money, number, percent, seconds } from "./units.ts";

interface Wish {
  engine: string;
  weavers: number;
  batch_size: number;
  arrivals_per_minute: number;
}

export function WhatIfView({ overview }: { overview: Overview }) {
  const strings = useStrings();
  const { fleet } = strings;
  const weavers = overview.workers.filter((one) => one.queue === PICTURES);
  const engines = [...new Set(weavers.flatMap((one) => one.engines))].toSorted();
  const [wish, setWish] = useState<Wish>(() => ({
    engine: engines[0] ?? "puppet",
    weavers: Math.max(1, weavers.filter((one) => one.state === "ready").length),
    batch_size: overview.ruling.batch_size,
    arrivals_per_minute: Math.round(60 * (overview.ruling.arrivals_per_second ?? 0)) || 10,
  }));
  const answer = useQuery({
    queryKey: ["fleet", "what-if", wish],
    queryFn: () => done(operatorApi.POST("/v1/fleet/what-if", { body: wish as Schemas["WhatIfRequest"] })),
    placeholderData: keepPreviousData,
  });
  const set = (change: Partial<Wish>) => setWish((now) => ({ ...now, ...change }));
  return (
    <section className="card block">
      <p className="soft">{fleet.whatIfWhy}</p>
      <div className="filters">
        <label className="field">
          <span>{fleet.engine}</span>
          <select value={wish.engine} onChange={(event) => set({ engine: event.target.value })}>
            {(engines.length ? engines : [wish.engine]).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <Number label={fleet.whatIf.weavers} value={wish.weavers} least={0} most={10_000} onChange={(value) => set({ weavers: value })} />
        <Number label={fleet.whatIf.batch} value={wish.batch_size} least={1} most={999} onChange={(value) => set({ batch_size: value })} />
        <Number label={fleet.whatIf.arrivals} value={wish.arrivals_per_minute} least={0} most={1_000_000} onChange={(value) => set({ arrivals_per_minute: value })} />
      </div>
      {answer.error && (
        <p className="note bad" role="alert">
          {asProblem(answer.error).message}
        </p>
      )}
      {answer.data && <Outcome found={answer.data} />}
    </section>
  );
}

function Number(of: { label: string; value: number; least: number; most: number; onChange: (value: number) => void }) {
  return (
    <label className="field">
      <span>{of.label}</span>
      <input
        type="number"
        inputMode="numeric"
        min={of.least}
        max={of.most}
        value={of.value}
        onChange={(event) => {
          const value = Math.floor(event.target.valueAsNumber);
          if (globalThis.Number.isFinite(value)) of.onChange(Math.min(of.most, Math.max(of.least, value)));
        }}
      />
    </label>
  );
}

function Outcome({ found }: { found: Schemas["WhatIfBody"] }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const { outcome } = fleet;
  const eta = (of: Schemas["EtaBody"] | null | undefined) => (of ? outcome.eta(seconds(of.p50_seconds, language), seconds(of.p90_seconds, language)) : fleet.never);
  const busy = found.utilisation;
  return (
    <>
      {busy !== null && busy > 1 && <p className="note bad">{outcome.tooMuch(found.weavers_needed)}</p>}
      {!found.measured && <p className="note warm">{outcome.guessed}</p>}
      <dl className="outcome" aria-live="polite">
        <Row name={outcome.speed}>{outcome.perMinute(number(found.pictures_per_minute, language))}</Row>
        <Row name={outcome.batch}>{outcome.batchOf(number(found.batch, language), seconds(found.batch_seconds, language))}</Row>
        <Row name={outcome.utilisation}>{busy === null ? "–" : percent(busy, language)}</Row>
        <Row name={outcome.needed}>{number(found.weavers_needed, language)}</Row>
        <Row name={outcome.empty}>{eta(found.eta_of_empty_queue)}</Row>
        <Row name={outcome.queued(found.waiting)}>{eta(found.eta_of_this_queue)}</Row>
        <Row name={outcome.drained}>{found.drain_seconds === null ? fleet.never : seconds(found.drain_seconds, language)}</Row>
        {found.cost_per_picture !== null && <Row name={outcome.cost}>{money(found.cost_per_picture, found.currency, language)}</Row>}
      </dl>
    </>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
