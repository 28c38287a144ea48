/* One job: its facts, what happened to it and when, and what its worker gets. */
import { done } from "@proteus/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { operatorApi } from "../../shared/operator.ts";
import { asProblem } from "../../shared/problems.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { type Job, type Moment, steps } from "./figures.ts";
import { useTimeline } from "./queries.ts";
import { clock, number, seconds } from "./units.ts";

const ALIVE: readonly string[] = ["queued", "running"];

export function JobDialog({ jobId, onClose }: { jobId: string; onClose: () => void }) {
  const { app, fleet } = useStrings();
  const timeline = useTimeline(jobId);
  const found = timeline.data;
  return (
    <Dialog title={fleet.job} onClose={onClose} wide>
      <div className="row job-id">
        <code>{jobId}</code>
        <CopyButton text={jobId} label={fleet.copyId} />
      </div>
      {!found && <p className="soft">{timeline.error ? asProblem(timeline.error).message : app.loading}</p>}
      {found && (
        <>
          <Facts job={found.job} />
          {found.job.error && (
            <p className="note bad">
              <code>{found.job.error.code}</code> {found.job.error.message}
            </p>
          )}
          <h3>{fleet.timeline}</h3>
          <Timeline moments={found.moments} jobId={jobId} />
          <details>
            <summary>{fleet.payload}</summary>
            {found.payload ? <pre className="code" tabIndex={0}>{JSON.stringify(found.payload, null, 2)}</pre> : <p className="soft">{fleet.noPayload}</p>}
          </details>
          {found.job.in_redis && (
            <details>
              <summary>{fleet.inQueue}</summary>
              <pre className="code" tabIndex={0}>{JSON.stringify(found.job.in_redis, null, 2)}</pre>
            </details>
          )}
          <Actions job={found.job} />
        </>
      )}
    </Dialog>
  );
}

function Facts({ job }: { job: Job }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const stage = job.stage ? ` · ${fleet.stages[job.stage] ?? job.stage}` : "";
  return (
    <dl className="particulars">
      <dt>{fleet.columns.state}</dt>
      <dd>{`${fleet.jobStates[job.status] ?? job.status}${stage}`}</dd>
      <dt>{fleet.filters.kind}</dt>
      <dd>
        {fleet.kinds[job.kind] ?? job.kind} · {job.engine}
      </dd>
      <dt>{fleet.priority}</dt>
      <dd>{fleet.priorities[2 - Math.min(2, Math.max(0, job.priority))]}</dd>
      <dt>{fleet.columns.tenant}</dt>
      <dd>
        {job.tenant} · <code>{job.user_id}</code>
      </dd>
      <dt>{fleet.columns.tries}</dt>
      <dd>
        {number(job.attempts, language)} · {fleet.crashes(job.crashes)}
      </dd>
    </dl>
  );
}

function Timeline({ moments, jobId }: { moments: readonly Moment[]; jobId: string }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  const passed = steps(moments);
  return (
    <ol className="timeline">
      {moments.map((one, index) => {
        const step = passed[index];
        const word = (name: string) => (typeof one.detail[name] === "string" ? String(one.detail[name]) : "");
        const status = word("status");
        const told = [status && (fleet.jobStates[status] ?? status), word("stage") && (fleet.stages[word("stage")] ?? word("stage")), word("worker"), word("code")];
        return (
          <li key={`${one.at}:${index}`} className={one.what}>
            <time dateTime={one.at} className="soft">
              {clock(one.at, language, { precise: true })}
            </time>
            <span>
              {fleet.happenings[one.what]} {one.job_id !== jobId && word("kind") && <span className="small">{fleet.kinds[word("kind")] ?? word("kind")}</span>}{" "}
              <span className="soft small">{told.filter(Boolean).join(" · ")}</span>
            </span>
            <span className="figure soft">{step === null || step === undefined ? "" : `+${seconds(Math.max(0, step) / 1000, language)}`}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Actions({ job }: { job: Job }) {
  const { fleet } = useStrings();
  const queries = useQueryClient();
  const [trouble, setTrouble] = useState("");
  const alive = ALIVE.includes(job.status);
  if (!alive && job.status !== "failed") return null;
  const act = async (verb: "retry" | "drop") => {
    setTrouble("");
    const params = { params: { path: { job_id: job.job_id } } };
    try {
      if (verb === "retry") await done(operatorApi.POST("/v1/queue/jobs/{job_id}/retry", params));
      else await done(operatorApi.POST("/v1/queue/jobs/{job_id}/drop", params));
      await queries.invalidateQueries({ queryKey: ["fleet"] });
    } catch (error) {
      setTrouble(asProblem(error).message);
    }
  };
  return (
    <>
      {trouble && (
        <p className="note bad" role="alert">
          {trouble}
        </p>
      )}
      <div className="row">
        {!alive && (
          <button type="button" className="button small primary" onClick={() => void act("retry")}>
            {fleet.retryOne}
          </button>
        )}
        <button type="button" className="button small danger" onClick={() => void act("drop")}>
          {alive ? fleet.dropOne : fleet.forgetOne}
        </button>
      </div>
    </>
  );
}
