/* The jobs: filters, a list, and changes to all that the filters find, after a question that says how many. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Dialog } from "../../components/Dialog.tsx";
import { asProblem } from "../../shared/problems.ts";
import { moment } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import type { Job } from "./figures.ts";
import { JobDialog } from "./JobDialog.tsx";
import { Listing, Text } from "./Listing.tsx";
import { changeMany, type JobFilter, useJobs } from "./queries.ts";
import { number } from "./units.ts";

const STATES: readonly JobFilter["state"][] = ["alive", "queued", "running", "failed", "completed", "canceled", "expired"];
const KINDS = ["tryon", "ingest", "cut", "parse"];
const CHANGEABLE: readonly string[] = ["alive", "queued", "running", "failed"];
const TONES: Record<string, string> = { completed: "good", failed: "bad", expired: "warm", running: "good" };

interface Asked {
  verb: "retry" | "drop";
  matched: number;
  more: boolean;
}

export function JobsView({ engines }: { engines: readonly string[] }) {
  const { fleet } = useStrings();
  const [filter, setFilter] = useState<JobFilter>({ state: "alive", kind: "", engine: "", tenant: "", code: "" });
  const [open, setOpen] = useState<string | null>(null);
  const list = useJobs(filter);
  const jobs = list.data?.pages.flatMap((page) => page.items) ?? [];
  const set = (change: Partial<JobFilter>) => setFilter((now) => ({ ...now, ...change }));
  return (
    <section className="card block">
      <div className="filters">
        <Choice label={fleet.filters.state} value={filter.state} options={STATES.map((one) => [one, fleet.jobStates[one] ?? one])} onChange={(state) => set({ state: state as JobFilter["state"] })} />
        <Choice label={fleet.filters.kind} value={filter.kind} options={[["", fleet.any], ...KINDS.map((one): [string, string] => [one, fleet.kinds[one] ?? one])]} onChange={(kind) => set({ kind })} />
        <Choice label={fleet.filters.engine} value={filter.engine} options={[["", fleet.any], ...engines.map((one): [string, string] => [one, one])]} onChange={(engine) => set({ engine })} />
        <Text label={fleet.filters.code} value={filter.code} onChange={(code) => set({ code })} />
        <Text label={fleet.filters.tenant} value={filter.tenant} onChange={(tenant) => set({ tenant })} />
      </div>
      <Bulk filter={filter} />
      <Listing
        name={fleet.viewNames.jobs}
        columns={[fleet.columns.job, fleet.columns.state, fleet.engine, fleet.columns.tenant, fleet.columns.tries, fleet.columns.created, fleet.columns.error]}
        none={fleet.noJobs}
        pages={list}
      >
        {jobs.map((job) => (
          <Row key={job.job_id} job={job} onOpen={setOpen} />
        ))}
      </Listing>
      {open && <JobDialog jobId={open} onClose={() => setOpen(null)} />}
    </section>
  );
}

function Choice(of: { label: string; value: string; options: readonly (readonly [string, string])[]; onChange: (value: string) => void }) {
  return (
    <label className="field">
      <span>{of.label}</span>
      <select value={of.value} onChange={(event) => of.onChange(event.target.value)}>
        {of.options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Row({ job, onOpen }: { job: Job; onOpen: (jobId: string) => void }) {
  const { fleet } = useStrings();
  const language = useLanguage();
  return (
    <tr data-job={job.job_id}>
      <th scope="row">
        <button type="button" className="link" title={job.job_id} onClick={() => onOpen(job.job_id)}>
          <code>{shortened(job.job_id)}</code>
        </button>
      </th>
      <td>
        <span className={`chip ${TONES[job.status] ?? ""}`}>{fleet.jobStates[job.status] ?? job.status}</span>{" "}
        {job.status === "queued" && job.stage && <span className="soft small">{fleet.stages[job.stage] ?? job.stage}</span>}
      </td>
      <td>
        {job.engine} {job.kind !== job.engine && job.kind !== "tryon" && <span className="soft small">{fleet.kinds[job.kind] ?? job.kind}</span>}
      </td>
      <td>{job.tenant}</td>
      <td>
        {number(job.attempts, language)}
        {job.crashes > 0 && <span className="small"> · {fleet.crashes(job.crashes)}</span>}
      </td>
      <td>{moment(job.created_at, language)}</td>
      <td>{job.error ? <code>{job.error.code}</code> : ""}</td>
    </tr>
  );
}

function Bulk({ filter }: { filter: JobFilter }) {
  const { fleet, studio } = useStrings();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [told, setTold] = useState("");
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setTold("");
    try {
      await work();
    } catch (error) {
      setTold(asProblem(error).message);
    } finally {
      setBusy(false);
    }
  };
  const count = (verb: Asked["verb"]) =>
    attempt(async () => {
      const found = await changeMany(verb, filter, { dryRun: true });
      if (found.matched) setAsked({ verb, matched: found.matched, more: found.more });
      else setTold(fleet.noneFound);
    });
  const change = (verb: Asked["verb"]) =>
    attempt(async () => {
      const found = await changeMany(verb, filter, { dryRun: false });
      setAsked(null);
      setTold(fleet.changed[verb](found.changed, found.skipped.length));
      await queries.invalidateQueries({ queryKey: ["fleet"] });
    });
  if (!CHANGEABLE.includes(filter.state)) return null;
  const named = Object.entries(filter).filter(([name, value]) => name !== "state" && value);
  return (
    <div className="row bulk">
      {filter.state === "failed" && (
        <button type="button" className="button small" disabled={busy} onClick={() => void count("retry")}>
          {fleet.retryAll}
        </button>
      )}
      <button type="button" className="button small danger" disabled={busy} onClick={() => void count("drop")}>
        {filter.state === "failed" ? fleet.forgetAll : fleet.dropAll}
      </button>
      <span role="status" className="small">
        {told}
      </span>
      {asked && (
        <Dialog title={fleet.sure[asked.verb](asked.matched)} onClose={() => setAsked(null)}>
          <p>{asked.verb === "retry" ? fleet.retryMeans : filter.state === "failed" ? fleet.forgetMeans : fleet.dropMeans}</p>
          <p className="soft">
            {fleet.jobStates[filter.state]}
            {named.map(([name, value]) => ` · ${value}${name === "tenant" ? ` (${fleet.filters.tenant})` : ""}`)}
          </p>
          {asked.more && <p className="note warm">{fleet.moreThanMost}</p>}
          <div className="row">
            <button type="button" className="button" onClick={() => setAsked(null)}>
              {studio.keepIt}
            </button>
            <button type="button" className={asked.verb === "retry" ? "button primary" : "button danger"} disabled={busy} onClick={() => void change(asked.verb)}>
              {fleet.yes[asked.verb](asked.matched)}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** The beginning of an id tells jobs apart; the whole stands in the job's dialog. */
function shortened(jobId: string): string {
  const [prefix, rest = ""] = [jobId.slice(0, jobId.indexOf("_") + 1), jobId.slice(jobId.indexOf("_") + 1)];
  const picture = rest.includes(":") ? rest.slice(rest.indexOf(":")) : "";
  return rest.length > 10 ? `${prefix}${rest.slice(0, 8)}…${picture}` : jobId;
}
