/* Fleet: does anybody wait, why, and what can be done about it. For operators. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import "./fleet.css";
import "./parts.css";
import { logOut, operator } from "../../shared/operator.ts";
import { asProblem } from "../../shared/problems.ts";
import { useSignal } from "../../shared/signal.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { AuditView } from "./Audit.tsx";
import { IntakeControl } from "./Intake.tsx";
import { JobsView } from "./Jobs.tsx";
import { OverviewView } from "./Overview.tsx";
import { useOverview } from "./queries.ts";
import { SignIn } from "./SignIn.tsx";
import { clock } from "./units.ts";
import { WhatIfView } from "./WhatIf.tsx";
import { WorkersView } from "./Workers.tsx";

const VIEWS = ["overview", "workers", "jobs", "whatif", "audit"] as const;
type View = (typeof VIEWS)[number];

export default function Fleet() {
  return useSignal(operator) ? <Dashboard /> : <SignIn />;
}

function Dashboard() {
  const strings = useStrings();
  const { fleet } = strings;
  const language = useLanguage();
  const queries = useQueryClient();
  const [view, setView] = useState<View>(() => VIEWS.find((one) => `#${one}` === location.hash) ?? "overview");
  const overview = useOverview();
  const problem = overview.error ? asProblem(overview.error) : null;
  const data = overview.data;
  return (
    <div className="fleet">
      <header className="fleet-head">
        <div>
          <h1>{fleet.name}</h1>
          <p className={`soft small${problem ? " late" : ""}`} role="status" data-fresh={problem ? "no" : "yes"} data-live={overview.live ? "yes" : "no"}>
            {overview.live && <strong>{fleet.live} · </strong>}
            {overview.dataUpdatedAt ? fleet.asOf(clock(new Date(overview.dataUpdatedAt).toISOString(), language)) : fleet.asking}
          </p>
        </div>
        <div className="row">
          {data && <IntakeControl intake={data.intake} />}
          <button
            type="button"
            className="button small"
            onClick={() => {
              logOut();
              queries.removeQueries({ queryKey: ["fleet"] });
            }}
          >
            {fleet.signOut}
          </button>
        </div>
      </header>
      {problem && (
        <p className="note bad" role="alert">
          <span>
            {problem.status === 403 ? fleet.notAllowed : (strings.problems[problem.code]?.what ?? problem.message)} {data && fleet.lastKnown}
          </span>
        </p>
      )}
      <div className="segments views" role="group" aria-label={fleet.views}>
        {VIEWS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === view}
            onClick={() => {
              setView(one);
              history.replaceState(null, "", `#${one}`);
            }}
          >
            {fleet.viewNames[one]}
          </button>
        ))}
      </div>
      {!data && !problem && <p className="loading">{strings.app.loading}</p>}
      {data && view === "overview" && <OverviewView overview={data} />}
      {data && view === "workers" && <WorkersView workers={data.workers} />}
      {view === "jobs" && <JobsView engines={enginesOf(data)} />}
      {data && view === "whatif" && <WhatIfView overview={data} />}
      {view === "audit" && <AuditView />}
    </div>
  );
}

/** Return the names of all engines that are offered or asked for. */
function enginesOf(data: ReturnType<typeof useOverview>["data"]): string[] {
  const found = new Set<string>();
  for (const worker of data?.workers ?? []) for (const name of worker.engines) found.add(name);
  for (const one of data?.unfinished ?? []) found.add(one.engine);
  return [...found].toSorted();
}
