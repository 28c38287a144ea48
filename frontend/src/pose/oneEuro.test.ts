import { expect, test } from "vitest";
import { OneEuro, RESET_AFTER_MS } from "./oneEuro.ts";

const run = (samples: readonly number[], stepMs = 50) => {
  const filter = new OneEuro(1);
  return samples.map((sample, i) => {
    const value = new Float32Array([sample]);
    filter.smooth(value, i * stepMs);
    return value[0] as number;
  });
};
const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);

test("the first sample passes unchanged, and a constant stays one", () => {
  expect(run([0.5, 0.5, 0.5])).toEqual([0.5, 0.5, 0.5]);
});

test("a tremor of a resting value is less than half afterwards", () => {
  const tremor = Array.from({ length: 60 }, (_, i) => 0.5 + 0.004 * (i % 2 ? 1 : -1));
  expect(spread(run(tremor).slice(20))).toBeLessThan(0.5 * spread(tremor));
});

test("a quick gesture is followed within two poses", () => {
  const gesture = Array.from({ length: 40 }, (_, i) => 0.2 + 0.6 * Math.min(1, Math.max(0, (i - 10) / 12)));
  const smoothed = run(gesture);
  for (let i = 12; i < 22; i++) expect(smoothed[i] as number).toBeGreaterThan(gesture[i - 2] as number);
});

test("a smoothed value lies between its neighbours: nothing overshoots", () => {
  const steps = [0, 0, 1, 1, 1, 0, 0, 0.3, 0.9, 0.9];
  for (const value of run(steps)) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThanOrEqual(1);
  }
});

test("after a pause the old values count no more", () => {
  const filter = new OneEuro(1);
  filter.smooth(new Float32Array([0.1]), 0);
  const late = new Float32Array([0.9]);
  filter.smooth(late, RESET_AFTER_MS + 1);
  expect(late[0]).toBeCloseTo(0.9);
});

test("a sample of the same moment changes nothing", () => {
  const filter = new OneEuro(1);
  filter.smooth(new Float32Array([0.1]), 10);
  const again = new Float32Array([0.9]);
  filter.smooth(again, 10);
  expect(again[0]).toBeCloseTo(0.1);
});
