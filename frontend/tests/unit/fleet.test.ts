import { expect, test } from "vitest";
import { ceiling, depthsOf, given, histogram, latest, meanBatch, pathOf, speedUps, steps } from "../../src/features/fleet/figures.ts";
import { money, percent, seconds } from "../../src/features/fleet/units.ts";

test("what happens in the running minute is not over, what is seen in it is", () => {
  expect(latest([1, 2, 3], { whole: false })).toBe(3);
  expect(latest([1, 2, 3], { whole: true })).toBe(2);
  expect(latest([1, 2, null], { whole: false })).toBe(2);
  expect(latest([1, null, null], { whole: false })).toBeNull();
});

test.each([
  [[], 1],
  [[null, 0], 1],
  [[3], 5],
  [[20, 4], 20],
  [[21], 50],
  [[51], 100],
])("the top of a chart of %o is %d", (values, top) => {
  expect(ceiling(values)).toBe(top);
});

test("a line has a gap where nothing was seen, and stays in its frame", () => {
  expect(pathOf([0, null, 5, 20], 10)).toBe("M0 100M66.67 50L100 0");
  expect(pathOf([7], 10)).toBe("M0 30");
});

test("a batch of four in twice the time of one is twice as fast", () => {
  expect(speedUps({ "4": 2, "1": 1 })).toEqual([
    { size: 1, seconds: 1, speedUp: 1 },
    { size: 4, seconds: 2, speedUp: 2 },
  ]);
  expect(speedUps({ "2": 1 })).toEqual([]);
});

test("batches are counted by size", () => {
  expect(histogram({ "8": 5, "1": 10 })).toEqual([
    { size: 1, many: 10, share: 1 },
    { size: 8, many: 5, share: 0.5 },
  ]);
  expect(meanBatch({ "8": 5, "2": 5 })).toBe(5);
  expect(meanBatch({})).toBeNull();
});

test("unfinished jobs stand by engine, pictures first, what waits by priority", () => {
  const of = (kind: string, engine: string, status: string, stage: string, priority: number, jobs: number) => ({ kind, engine, status, stage, priority, jobs });
  const rows = depthsOf([
    of("cut", "cut", "queued", "waiting", 0, 3),
    of("tryon", "puppet", "queued", "waiting", 2, 1),
    of("tryon", "puppet", "queued", "held", 0, 7),
    of("tryon", "puppet", "running", "denoising", 1, 4),
  ] as Parameters<typeof depthsOf>[0]);
  expect(rows).toEqual([
    { kind: "tryon", engine: "puppet", waiting: [1, 0, 0], held: 7, preparing: 0, running: 4 },
    { kind: "cut", engine: "cut", waiting: [0, 0, 3], held: 0, preparing: 0, running: 0 },
  ]);
});

test("each moment knows how long after the one before it came", () => {
  const at = (ms: number) => ({ at: new Date(ms).toISOString(), what: "event" as const, job_id: "j", detail: {} });
  expect(steps([at(1000), at(1500), at(1500)])).toEqual([null, 500, 0]);
});

test("empty filters are left out", () => {
  expect(given({ state: "failed", code: " ", engine: "" })).toEqual({ state: "failed" });
});

test("numbers have the unit that a person reads", () => {
  expect([seconds(0.042, "en"), seconds(4.2, "en"), percent(0.256, "de")]).toEqual(["42 ms", "4.2s", "26\u00a0%"]);
  expect([seconds(105, "en"), seconds(7200, "en")]).toEqual(["1m 45s", "2h"]);
  expect(money(0.00271, "USD", "en")).toBe("$0.0027");
  expect(money(2.5, "EUR", "en")).toBe("€2.50");
});
