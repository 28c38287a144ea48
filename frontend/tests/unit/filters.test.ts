import { expect, test } from "vitest";
import { FILTERS, matches, toggled } from "../../src/features/history/filters.ts";

test("every state a try-on can end in is under exactly one filter beside all", () => {
  for (const status of ["queued", "running", "completed", "failed", "canceled", "expired"]) {
    expect(FILTERS.filter((filter) => matches(status, filter)), status).toHaveLength(2);
  }
});

test("choosing twice is choosing nothing", () => {
  expect(toggled(toggled(["a"], "b"), "b")).toEqual(["a"]);
  expect(toggled([], "b")).toEqual(["b"]);
});
