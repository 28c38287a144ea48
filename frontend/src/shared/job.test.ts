import { describe, expect, test } from "vitest";
import type { JobEvent } from "@proteus/client";
import { afterEvent, afterProgress, afterStatus, hasEnded, type Job, milestoneOf, secondsLeft, shareOf, type Stage, type Status } from "./job.ts";

const status: Status = {
  job_id: "job_1", job_type: "tryon", status: "queued", stage: "waiting", position: 3, position_is_least: false,
  eta: { p50_seconds: 10, p90_seconds: 20 }, results: [], engine: "puppet", created_at: "2026-01-01T00:00:00Z",
};
const event = (changes: Partial<JobEvent>): JobEvent => ({
  kind: "job", seq: 1, job_id: "job_1", job_type: "tryon", status: "running", stage: "fetching", results: [], at: "2026-01-01T00:00:05Z",
  ...changes,
});
const waiting = afterStatus(undefined, status, 1_000);

describe("a job", () => {
  test("loses its place and its estimate when it leaves the queue", () => {
    const running = afterEvent(waiting, event({}), 2_000);
    expect([running.status, running.stage, running.position, running.eta]).toEqual(["running", "fetching", null, null]);
  });

  test("keeps what an event of the same stage does not say", () => {
    const same = afterEvent(waiting, event({ status: "queued", stage: "waiting" }), 2_000);
    expect([same.position, same.eta, same.engine]).toEqual([3, status.eta, "puppet"]);
  });

  test("remembers the step at which it was stopped", () => {
    const stepping = afterProgress(waiting, { kind: "progress", job_id: "job_1", n: 1, stage: "denoising", step: 5, steps: 8 });
    const stopped = afterEvent(stepping, event({ status: "canceled", stage: null }), 3_000);
    expect([stopped.progress, stopped.lastStep]).toEqual([null, { step: 5, steps: 8 }]);
    expect(afterStatus(stopped, { ...status, status: "canceled" }, 4_000).lastStep).toEqual({ step: 5, steps: 8 });
  });

  test("that has ended takes no progress any more", () => {
    const done = afterEvent(waiting, event({ status: "completed", stage: null }), 2_000);
    expect(hasEnded(done)).toBe(true);
    expect(afterProgress(done, { kind: "progress", job_id: "job_1", n: 1, stage: "denoising", step: 1, steps: 8 })).toBe(done);
  });

  test("can be known by an event alone", () => {
    expect(afterEvent(undefined, event({}), 1)).toMatchObject({ job_id: "job_1", status: "running", created_at: "2026-01-01T00:00:05Z" });
  });
});

test("the bar only goes forward from stage to stage and step to step", () => {
  const stages: Stage[] = ["held", "preparing", "waiting", "fetching"];
  const jobs: Job[] = stages.map((stage) => ({ ...waiting, stage }));
  for (let step = 0; step <= 8; step++) jobs.push({ ...waiting, stage: "denoising", progress: { step, steps: 8 } });
  jobs.push({ ...waiting, stage: "storing" }, { ...waiting, status: "completed", stage: null });
  const shares = jobs.map(shareOf);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect([shares[0]! > 0, shares.at(-1)]).toEqual([true, 1]);
});

test("every stage has a milestone", () => {
  expect((["held", "preparing", "waiting", "fetching", "denoising", "storing"] as Stage[]).map((stage) => milestoneOf({ ...waiting, stage }))).toEqual(
    ["preparing", "preparing", "waiting", "denoising", "denoising", "storing"],
  );
});

test("an estimate counts down and never below nothing, whatever steps are reported meanwhile", () => {
  const stepping = afterProgress(waiting, { kind: "progress", job_id: "job_1", n: 1, stage: "denoising", step: 1, steps: 8 });
  expect(stepping && secondsLeft(stepping, 4_000)).toEqual({ likely: 7, latest: 17 });
  expect(secondsLeft(waiting, 4_000)).toEqual({ likely: 7, latest: 17 });
  expect(secondsLeft(waiting, 99_000)).toEqual({ likely: 0, latest: 0 });
  expect(secondsLeft({ ...waiting, eta: null }, 4_000)).toBeNull();
});
