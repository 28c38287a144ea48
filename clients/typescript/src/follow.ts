/*
 * One job, to its end: events tell at once, the status tells for sure.
 *
 *     GET /v1/tryons/{id}/events (SSE) ─▶ news ─▶ the job as it is now ─▶ onProgress
 *     GET /api/status/{id} every few seconds while events come, with `wait` where none do
 *
 * A stream that a proxy cuts goes on beyond the last event it delivered; after some tries the client asks instead.
 */
import { type ApiClient, done, type Schemas, type Token } from "./api.ts";
import { pauseFor } from "./patience.ts";
import { streamOf } from "./stream.ts";
import type { ClientEvent } from "./types.ts";

export type Job = Schemas["StatusBody"];

export interface FollowOptions {
  /** Gets the job whenever it changes. */
  onProgress?: ((job: Job) => void) | undefined;
  /** Stops the waiting; the job goes on. */
  signal?: AbortSignal | undefined;
}

/** The job failed, was cancelled or expired; of an outfit `job.results` has the pictures that were made. */
export class JobEnded extends Error {
  override readonly name = "JobEnded";
  readonly job: Job;
  readonly code: string;
  readonly hint: string;

  constructor(job: Job) {
    super(job.error?.message ?? `The job was ${job.status}.`);
    this.job = job;
    this.code = job.error?.code ?? job.status;
    this.hint = job.error?.hint ?? "";
  }
}

const TERMINAL = new Set(["completed", "failed", "canceled", "expired"]);
/** Beside the events: a place in the queue moves without one, and one that is lost costs seconds, not the try-on. */
const RECHECK_MS = 7_000;
const WAIT_SECONDS = 20;
const STREAM_TRIES = 4;
const PAUSE_MS = 200;

/** Return a job once it has ended; throw `JobEnded` unless it is completed. */
export async function follow(
  api: ApiClient,
  { baseUrl, token }: { baseUrl: string; token: Token },
  jobId: string,
  { onProgress, signal }: FollowOptions = {},
): Promise<Job> {
  const over = new AbortController();
  const both = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const news = new Mailbox<ClientEvent | null>();
  const ask = (wait: number): Promise<Job> =>
    done(api.GET("/api/status/{job_id}", { params: { path: { job_id: jobId }, query: { wait } }, signal: both }));
  void listen(baseUrl, token, jobId, news, both).then(() => news.put(null));
  try {
    let job = await ask(0);
    for (let comes = true; ; ) {
      onProgress?.(job);
      if (TERMINAL.has(job.status)) break;
      const event: ClientEvent | null | undefined = comes ? await news.next(RECHECK_MS, both) : undefined;
      comes &&= event !== null;
      job = event ? merged(job, event) : await ask(comes ? 0 : WAIT_SECONDS);
    }
    job = await ask(0); // Times, seeds and labels are in the status alone.
    if (job.status !== "completed") throw new JobEnded(job);
    return job;
  } finally {
    over.abort();
  }
}

/** Put a job's events into the mailbox until they end; every failure is an end. */
async function listen(
  baseUrl: string,
  token: Token,
  jobId: string,
  news: Mailbox<ClientEvent | null>,
  signal: AbortSignal,
): Promise<void> {
  let lastId = "";
  try {
    for (let attempt = 0; attempt < STREAM_TRIES; attempt++) {
      if (attempt > 0) await pauseFor(PAUSE_MS * 2 ** attempt, signal);
      try {
        for await (const { id, event } of await streamOf(`${baseUrl}/v1/tryons/${jobId}/events`, { token, lastId, signal })) {
          lastId = id || lastId;
          news.put(event);
          if (event.kind === "job" && TERMINAL.has(event.status)) return;
        }
      } catch {
        // The stream broke: the next try resumes it.
      }
    }
  } catch {
    // Stopped, or without a token.
  }
}

function merged(job: Job, event: ClientEvent): Job {
  if (event.kind === "progress") {
    return { ...job, status: "running", stage: event.stage, progress: { step: event.step, steps: event.steps } };
  }
  const { kind: _kind, seq: _seq, at: _at, ...fields } = event;
  return { ...job, stage: null, position: null, ...fields } as Job;
}

/** What arrives between two looks. */
class Mailbox<T> {
  private readonly items: T[] = [];
  private wake: (() => void) | null = null;

  put(item: T): void {
    this.items.push(item);
    this.wake?.();
  }

  /** Return the next item; undefined: none came in time. */
  async next(milliseconds: number, signal: AbortSignal): Promise<T | undefined> {
    if (this.items.length === 0) {
      const waiting = new AbortController();
      this.wake = () => waiting.abort();
      await pauseFor(milliseconds, AbortSignal.any([signal, waiting.signal])).catch(() => undefined);
      this.wake = null;
      signal.throwIfAborted();
    }
    return this.items.shift();
  }
}
