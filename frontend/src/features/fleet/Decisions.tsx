/* The arbitrator: the mode that holds, and what it decided lately with its reasons. */
import type { Schemas } from "@proteus/client";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { useDecisions } from "./queries.ts";
import { clock, percent } from "./units.ts";

const TONES: Record<string, string> = { VIP: "good", ECONOMY: "", SURGE: "warm" };

export function Decisions({ ruling }: { ruling: Schemas["RulingBody"] }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const decisions = useDecisions().data?.items ?? [];
  return (
    <section className="card block">
      <h2>
        {fleet.decisions} {ruling.mode && <span className={`chip ${TONES[ruling.mode] ?? ""}`}>{ruling.mode}</span>}
      </h2>
      {ruling.mode === null ? (
        <p className="soft">{fleet.noArbitrator}</p>
      ) : (
        <p>
          {fleet.ruling(ruling.policy ?? "?", ruling.batch_size, ruling.wanted_weavers, percent(ruling.degraded_share, language))}{" "}
          {ruling.reason && <span className="soft">{ruling.reason}</span>}
        </p>
      )}
      {decisions.length > 0 && (
        <ol className="decisions">
          {decisions.toReversed().map((one, index) => (
            <li key={`${one.at}:${index}`}>
              <time dateTime={one.at} className="soft">
                {clock(one.at, language)}
              </time>
              <span className="row">
                <span className={`chip ${TONES[text(one.decision.mode)] ?? ""}`}>{text(one.decision.mode) || "?"}</span>
                <span className="small">{fleet.decided(text(one.decision.batch_size), text(one.decision.desired_replicas), text(one.decision.ready))}</span>
              </span>
              <span className="reason">{text(one.decision.reason)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** A decision's fields grow from version to version, so each is read as text. */
function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
