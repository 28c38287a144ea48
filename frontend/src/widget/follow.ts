/*
 * One try-on until it has ended, over whatever connection there is.
 *
 *     GET …/events (SSE, resumed by Last-Event-ID) ─┐
 *     GET …        (as often as Retry-After says)  ─┴▶ job ─▶ shown        the one needs no other: either may be away
 *
 * The stream brings steps and the end at once; place and estimate are in the answers alone.
 */
import { type ApiClient, done, Problem, streamOf } from "@proteus/client";
import { afterEvent, afterProgress, afterStatus, hasEnded, type Job } from "../shared/job.ts";
import type { TokenSource } from "./tokens.ts";

const RETRY_MS = 1_000;
const RETRY_MOST_MS = 15_000;

export interface Following {
  api: ApiClient;
  baseUrl: string;
  tokens: TokenSource;
  signal: AbortSignal;
  onJob: (job: Job) => void;
  /** Whether answers come at all. */
  onConnection: (isThere: boolean) => void;
  /** Wait; ends early, without an error, when the signal does. */
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Return a try-on once it has ended. @throws {Problem} It is gone or not ours. */
export async function follow(id: string, of: Following): Promise<Job> {
  const over = new AbortController();
  const signal = AbortSignal.any([of.signal, over.signal]);
  const pause = of.pause ?? rest;
  let job: Job | undefined;
  let news = 0;

  const learn = (next: Job | undefined) => {
    if (!next || signal.aborted) return;
    job = next;
    news += 1;
    of.onJob(next);
    if (hasEnded(next)) over.abort();
  };

  const listen = async () => {
    let last = "";
    for (let failed = 0; !signal.aborted; ) {
      try {
        const token = () => of.tokens.token();
        for await (const { id: at, event } of await streamOf(`${of.baseUrl}/v1/tryons/${id}/events`, { token, lastId: last, signal })) {
          failed = 0;
          last = at || last;
          learn(event.kind === "job" ? afterEvent(job, event, Date.now()) : afterProgress(job, event));
        }
      } catch (error) {
        if (error instanceof Problem && error.status === 401) of.tokens.drop();
        // The answers go on; the stream is tried again.
      }
      failed += 1;
      await pause(Math.min(RETRY_MS * 2 ** (failed - 1), RETRY_MOST_MS), signal);
    }
  };

  const poll = async () => {
    for (let failed = 0; !signal.aborted; ) {
      let wait = Math.min(RETRY_MS * 2 ** failed, RETRY_MOST_MS);
      const before = news;
      try {
        const path = { job_id: id };
        const answered = await of.tokens.use(async () => {
          const answering = of.api.GET("/v1/tryons/{job_id}", { params: { path }, signal });
          return { status: await done(answering), response: (await answering).response };
        });
        failed = 0;
        of.onConnection(true);
        wait = 1000 * (Number.parseFloat(answered.response.headers.get("Retry-After") ?? "") || 2);
        // An event that came meanwhile is newer than this answer.
        if (news === before || hasEnded(answered.status)) learn(afterStatus(job, answered.status, Date.now()));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Problem) || !error.retryable) throw error;
        failed += 1;
        of.onConnection(false);
      }
      await pause(wait, signal);
    }
  };

  try {
    await Promise.all([listen(), poll()]);
  } finally {
    over.abort();
  }
  of.signal.throwIfAborted();
  return job as Job;
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
