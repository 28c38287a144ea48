/* One job as this page knows it: the API's last answer, and the events since. Pure. */
import type { JobEvent, ProgressEvent, Schemas } from "@proteus/client";

export type Status = Schemas["StatusBody"];
export type Result = Schemas["ResultInfo"];
export type Stage = Schemas["Stage"];

export interface Job extends Status {
  /** When its estimate arrived, in milliseconds of `Date.now()`: it counts down from there. */
  etaReceivedAt: number;
  /** The last step that was reached: a job that is canceled says it no more. */
  lastStep: { step: number; steps: number } | null;
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "canceled", "expired"]);

export function hasEnded(job: Pick<Job, "status">): boolean {
  return ENDED.has(job.status);
}

/** Return a job after an answer of the API. */
export function afterStatus(before: Job | undefined, status: Status, now: number): Job {
  const progress = status.progress ?? null;
  return { ...status, etaReceivedAt: now, lastStep: progress ?? before?.lastStep ?? null };
}

/** Return a job after an event; without earlier news it is as the event says. */
export function afterEvent(before: Job | undefined, event: JobEvent, now: number): Job {
  const stageChanged = before?.stage !== event.stage || before?.status !== event.status;
  return {
    engine: "",
    metadata: {},
    timings: {},
    created_at: event.at,
    ...before,
    job_id: event.job_id,
    vton_id: event.vton_id ?? null,
    job_type: event.job_type,
    status: event.status,
    stage: event.stage ?? null,
    results: event.results ?? [],
    error: event.error ?? null,
    finished_at: ENDED.has(event.status) ? event.at : null,
    // A place in the queue and an estimate belong to the stage that they were given in.
    position: stageChanged ? null : (before?.position ?? null),
    position_is_least: before?.position_is_least ?? false,
    eta: stageChanged ? null : (before?.eta ?? null),
    progress: stageChanged ? null : (before?.progress ?? null),
    lastStep: before?.lastStep ?? null,
    etaReceivedAt: before?.etaReceivedAt ?? now,
  };
}

/** Return a job after a step; progress of a job that has ended is old news. */
export function afterProgress(before: Job | undefined, event: ProgressEvent): Job | undefined {
  if (!before || hasEnded(before)) return before;
  const progress = { step: event.step, steps: event.steps };
  return { ...before, status: "running", stage: event.stage, progress, lastStep: progress, position: null };
}

/** How far a try-on is, 0 to 1: stages have shares, and denoising has its steps. */
export function shareOf(job: Job): number {
  if (job.status === "completed") return 1;
  const from: Partial<Record<Stage, number>> = { held: 0.02, preparing: 0.08, waiting: 0.2, fetching: 0.28, denoising: 0.32, storing: 0.94 };
  const begun = job.stage ? (from[job.stage] ?? 0) : 0;
  if (job.stage !== "denoising" || !job.progress || job.progress.steps < 1) return begun;
  return begun + (0.94 - begun) * Math.min(1, job.progress.step / job.progress.steps);
}

/** The steps that a person sees, in order. */
export const MILESTONES = ["preparing", "waiting", "denoising", "storing"] as const;
export type Milestone = (typeof MILESTONES)[number];

/** Return which of the milestones a job is at. */
export function milestoneOf(job: Job): Milestone | "done" {
  if (job.status === "completed") return "done";
  if (job.stage === "storing") return "storing";
  if (job.stage === "denoising" || job.stage === "fetching" || job.status === "running") return "denoising";
  return job.stage === "preparing" || job.stage === "held" ? "preparing" : "waiting";
}

/** Seconds until the job is likely done, counted down since the estimate arrived; null: nobody knows. */
export function secondsLeft(job: Job, now: number): { likely: number; latest: number } | null {
  if (hasEnded(job) || !job.eta) return null;
  const gone = (now - job.etaReceivedAt) / 1000;
  return { likely: Math.max(0, job.eta.p50_seconds - gone), latest: Math.max(0, job.eta.p90_seconds - gone) };
}
