import { expect, test } from "vitest";
import { fadeUnchanged } from "../../src/components/compare/changes.ts";

test("what changed keeps its colour, what did not turns pale and grey", () => {
  const before = Uint8ClampedArray.of(200, 30, 30, 255, 200, 30, 30, 255, 0, 0, 0, 255);
  const after = Uint8ClampedArray.of(205, 28, 35, 255, 30, 30, 200, 255, 0, 0, 0, 255);
  fadeUnchanged(before, after);
  expect([...after.slice(4, 8)]).toEqual([30, 30, 200, 255]);
  const [red, green, blue, alpha] = after;
  expect([red === green && green === blue, (red ?? 0) > 190, alpha]).toEqual([true, true, 255]);
  expect(after[8]).toBeGreaterThan(180);
});
