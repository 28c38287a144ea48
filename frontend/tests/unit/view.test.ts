import { expect, test } from "vitest";
import { moved, WHOLE, zoomed } from "../../src/components/compare/view.ts";

test("what lies under the pointer stays there while zooming", () => {
  const at = { x: 0.3, y: 0.7 };
  const view = zoomed(zoomed(WHOLE, 2, at), 1.5, at);
  expect(view.x + at.x * view.scale - (at.x * (view.scale - 1) + view.x)).toBeCloseTo(at.x);
  expect((at.x - view.x) / view.scale).toBeCloseTo(at.x);
  expect((at.y - view.y) / view.scale).toBeCloseTo(at.y);
});

test("the picture never leaves a gap at an edge", () => {
  for (const [dx, dy] of [[5, 5], [-5, -5], [0.2, -9]] as const) {
    const view = moved(zoomed(WHOLE, 4), dx, dy);
    expect([view.x <= 0, view.y <= 0, view.x >= 1 - view.scale, view.y >= 1 - view.scale]).toEqual([true, true, true, true]);
  }
  expect(moved(WHOLE, 1, 1)).toEqual(WHOLE);
  expect(zoomed(zoomed(WHOLE, 3, { x: 1, y: 1 }), 0.01)).toEqual(WHOLE);
});
