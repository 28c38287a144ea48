/*
 * The jobs this page follows, keyed by id: one feed of events for all, and a question to the API where events cannot tell.
 *
 * Events carry every change; a place in the queue and an estimate change without one, so a waiting job is asked for every two
 * seconds, and where no events arrive at all every job that has not ended is.
 */
import { done, Problem } from "@proteus/client";
import { type Connection, EventFeed } from "@proteus/client/feed";
import { useEffect, useSyncExternalStore } from "react";
import { afterEvent, afterProgress, afterStatus, hasEnded, type Job } from "./job.ts";
import { api, BASE_URL, currentToken, dropToken, seq } from "./session.ts";
import { Signal } from "./signal.ts";

const ASK_MS = 2_000;
const ASK_RUNNING_MS = 5_000;

export const connection = new Signal<Connection>("connecting");

/** Jobs whose questions fail, and why; an answer takes them out again. */
const troubles = new Map<string, Problem>();
const jobs = new Map<string, Job>();
const watched = new Map<string, number>();
const asking = new Set<string>();
const listeners = new Set<() => void>();
let feed: EventFeed | null = null;

function changed(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follow events from here on; a second call does nothing. */
export function follow(): void {
  if (feed) return;
  const last = Number.parseInt(seq.read() ?? "", 10);
  feed = new EventFeed({
    baseUrl: BASE_URL,
    token: currentToken,
    lastSeq: Number.isFinite(last) ? last : null,
    onConnection: (now) => {
      connection.set(now);
      if (now === "socket" || now === "stream") void Promise.all([...watched.keys()].map((id) => ask(id)));
    },
    onRefused: async () => dropToken(),
    onEvent: (event) => {
      const before = jobs.get(event.job_id);
      const after = event.kind === "job" ? afterEvent(before, event, Date.now()) : afterProgress(before, event);
      if (event.kind === "job") seq.write(String(event.seq));
      if (after) jobs.set(event.job_id, after);
      changed();
      // Times, expiry and effective seeds are in the whole answer alone.
      if (event.kind === "job" && hasEnded(event) && watched.has(event.job_id)) void ask(event.job_id);
    },
  });
  feed.start();
}

/** Take in the API's answer about a job. */
export function learn(job: Parameters<typeof afterStatus>[1]): void {
  jobs.set(job.job_id, afterStatus(jobs.get(job.job_id), job, Date.now()));
  troubles.delete(job.job_id);
  changed();
}

/** Ask the API for a job. */
export async function ask(jobId: string): Promise<void> {
  if (asking.has(jobId)) return;
  asking.add(jobId);
  const before = jobs.get(jobId);
  try {
    const status = await done(api.GET("/api/status/{job_id}", { params: { path: { job_id: jobId } } }));
    const now = jobs.get(jobId);
    // An event that came meanwhile may be newer than the answer; the next question settles it.
    if (now === before || !now || hasEnded(status)) learn(status);
  } catch (error) {
    if (error instanceof Problem) {
      troubles.set(jobId, error);
      changed();
    }
  } finally {
    asking.delete(jobId);
  }
}

/** Follow one job while a component shows it; `trouble` says why nothing is known of it. */
export function useJob(jobId: string | null): { job: Job | undefined; trouble: Problem | undefined } {
  const job = useSyncExternalStore(subscribe, () => (jobId ? jobs.get(jobId) : undefined));
  const trouble = useSyncExternalStore(subscribe, () => (jobId ? troubles.get(jobId) : undefined));
  useEffect(() => {
    if (!jobId) return;
    follow();
    watched.set(jobId, (watched.get(jobId) ?? 0) + 1);
    void ask(jobId);
    let timer: ReturnType<typeof setTimeout>;
    const turn = () => {
      const known = jobs.get(jobId);
      const over = known ? hasEnded(known) : troubles.get(jobId)?.retryable === false;
      if (!over) void ask(jobId);
      const soon = !known || known.status === "queued" || connection.get() === "polling";
      timer = setTimeout(turn, soon ? ASK_MS : ASK_RUNNING_MS);
    };
    timer = setTimeout(turn, ASK_MS);
    return () => {
      clearTimeout(timer);
      const left = (watched.get(jobId) ?? 1) - 1;
      if (left > 0) watched.set(jobId, left);
      else watched.delete(jobId);
    };
  }, [jobId]);
  return { job, trouble };
}

/** Wait for a job's end; the caller sees every change through `onNews`. */
export function ended(jobId: string, { signal, onNews }: { signal?: AbortSignal; onNews?: (job: Job) => void } = {}): Promise<Job> {
  follow();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearInterval(timer);
      unsubscribe();
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      stop();
      reject(signal?.reason);
    };
    const look = () => {
      const job = jobs.get(jobId);
      const trouble = troubles.get(jobId);
      if (job) onNews?.(job);
      if (job && hasEnded(job)) {
        stop();
        resolve(job);
      } else if (trouble && !trouble.retryable) {
        stop();
        reject(trouble);
      }
    };
    const unsubscribe = subscribe(look);
    const timer = setInterval(() => void ask(jobId), ASK_MS);
    signal?.addEventListener("abort", abort);
    void ask(jobId);
    look();
  });
}
