import { connect } from "@proteus/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Job } from "../../../src/shared/job.ts";
import { follow, type Following } from "../../../src/widget/follow.ts";
import { TokenSource } from "../../../src/widget/tokens.ts";

const AT = "2026-02-03T12:00:00.000Z";
const BASE = "https://gateway.example";
const status = (of: Partial<Job>) => ({ job_id: "job_1", job_type: "tryon", status: "queued", stage: "waiting", engine: "puppet", created_at: AT, results: [], ...of });
const event = (seq: number, of: Partial<Job>) => `event: job\nid: ${seq}\ndata: ${JSON.stringify({ kind: "job", seq, at: AT, ...status(of) })}\n\n`;
const done = { status: "completed", stage: null, results: [{ n: 1, status: "completed" }] } as Partial<Job>;

type Answer = () => Response | Promise<Response>;
const away: Answer = () => Promise.reject(new TypeError("offline"));
const stream =
  (...frames: string[]): Answer =>
  () =>
    new Response(frames.join(""), { headers: { "Content-Type": "text/event-stream" } });
const json =
  (of: Partial<Job>, code = 200): Answer =>
  () =>
    Response.json(code === 200 ? status(of) : { code: "x", detail: "no", ...of }, { status: code, headers: { "Retry-After": "1" } });

/** A gateway that gives these answers in turn, the last one for ever; the requests that came. */
function gateway(answers: { stream: Answer[]; poll: Answer[] }) {
  const asked: { path: string; last: string | null; token: string | null }[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, options?: RequestInit) => {
    const request = new Request(input, options);
    const path = new URL(request.url).pathname;
    asked.push({ path, last: request.headers.get("Last-Event-ID"), token: request.headers.get("Authorization") });
    const queue = path.endsWith("/events") ? answers.stream : answers.poll;
    const answer = queue.length > 1 ? queue.shift() : queue[0];
    return (answer as Answer)();
  });
  return asked;
}

const said: { jobs: string[]; there: boolean[] } = { jobs: [], there: [] };
function following(more: Partial<Following> = {}): Following {
  let n = 0;
  const tokens = new TokenSource(async () => ({ access_token: `t${(n += 1)}`, expires_in: 900 }));
  return {
    api: connect({ baseUrl: BASE, token: () => tokens.token() }),
    baseUrl: BASE,
    tokens,
    signal: new AbortController().signal,
    onJob: (job) => said.jobs.push(`${job.status}:${job.stage ?? ""}`),
    onConnection: (isThere) => said.there.push(isThere),
    pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
    ...more,
  };
}

beforeEach(() => Object.assign(said, { jobs: [], there: [] }));
afterEach(() => vi.unstubAllGlobals());

test("the stream resumes behind the last event that it brought", async () => {
  const asked = gateway({ stream: [stream(event(7, { status: "running", stage: "denoising" })), away, stream(event(9, done))], poll: [away] });
  expect((await follow("job_1", following())).status).toBe("completed");
  expect(asked.filter(({ path }) => path.endsWith("/events")).map(({ last }) => last)).toEqual([null, "7", "7"]);
});

test("without a stream the answers alone lead to the end", async () => {
  gateway({ stream: [away], poll: [json({}), away, json({ status: "running", stage: "storing" }), json(done)] });
  expect((await follow("job_1", following())).results?.[0]?.n).toBe(1);
  expect(said.jobs).toEqual(["queued:waiting", "running:storing", "completed:"]);
  expect(said.there).toEqual([true, false, true, true]);
});

test("without answers the stream alone leads to the end, and the loss is told", async () => {
  gateway({ stream: [away, away, away, stream(event(1, {}), event(2, done))], poll: [away] });
  expect((await follow("job_1", following())).status).toBe("completed");
  expect(said.there.every((there) => !there) && said.there.length > 0).toBe(true);
});

test("a token that ends meanwhile is renewed on both ways", async () => {
  const asked = gateway({ stream: [json({}, 401), stream(event(1, {}))], poll: [json({}, 401), json({}), json(done)] });
  expect((await follow("job_1", following())).status).toBe("completed");
  expect(new Set(asked.map(({ token }) => token)).size).toBeGreaterThan(1);
});

test.each([403, 404])("a try-on that is not ours ends it: %i", async (code) => {
  gateway({ stream: [away], poll: [json({}), json({}, code)] });
  await expect(follow("job_1", following())).rejects.toMatchObject({ status: code });
});

test("whoever stops it hears no more of it", async () => {
  gateway({ stream: [away], poll: [json({})] });
  const stop = new AbortController();
  const seen: string[] = [];
  const following_ = following({ signal: stop.signal, onJob: (job) => (seen.push(job.status), stop.abort()) });
  await expect(follow("job_1", following_)).rejects.toMatchObject({ name: "AbortError" });
  expect(seen).toEqual(["queued"]);
});
