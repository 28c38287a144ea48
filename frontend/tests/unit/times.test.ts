import { expect, test } from "vitest";
import { away, briefMoment, duration } from "../../src/shared/times.ts";

test.each([
  [0, "0s"],
  [3.44, "3.4s"],
  [9.96, "10s"],
  [89, "89s"],
  [95, "2m"],
  [7_200, "2h"],
])("%d seconds are %s", (seconds, text) => expect(duration(seconds, "en")).toBe(text));

test.each([
  ["2026-01-01T00:00:30Z", "in 30 seconds"],
  ["2026-01-01T03:00:00Z", "in 3 hours"],
  ["2025-12-31T00:00:00Z", "yesterday"],
])("%s is %s", (iso, text) => expect(away(iso, Date.parse("2026-01-01T00:00:00Z"), "en")).toBe(text));

test("a card names the year of another year alone", () => {
  const now = new Date(2026, 10, 29).getTime();
  expect(briefMoment(new Date(2026, 10, 28, 15, 4).toISOString(), now, "en")).toMatch(/^Nov 28, 3:04.PM$/);
  expect(briefMoment(new Date(2025, 10, 28, 15, 4).toISOString(), now, "de")).toMatch(/^28\. Nov\. 2025, 15:04$/);
});
