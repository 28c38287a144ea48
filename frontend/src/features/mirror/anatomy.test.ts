import { describe, expect, test } from "vitest";
import { readAnatomy } from "./anatomy.ts";
import { dress, jumper, longSleeved, tank, trousers, tShirt } from "./sample.ts";
import { isLongSleeved } from "./sleeves.ts";

describe("a T-shirt", () => {
  const found = readAnatomy(tShirt(), "upper");

  test("has its trunk between the sleeves, from the seams to the hem", () => {
    expect(found.left).toBeCloseTo(0.25, 1);
    expect(found.right).toBeCloseTo(0.75, 1);
    expect(found.top).toBeLessThan(0.08);
    expect(found.hem).toBeCloseTo(1, 1);
  });

  test("has two short sleeves that reach outward and down", () => {
    const [left, right] = found.sleeves;
    expect(left?.cuff[0]).toBeLessThan(0.15);
    expect(right?.cuff[0]).toBeGreaterThan(0.85);
    expect(left?.bottom).toBeLessThan(0.55);
    expect(isLongSleeved(found)).toBe(false);
  });

  test("has mesh columns on the sides of its trunk, and rows in order", () => {
    expect(found.columns[3]).toBeCloseTo(found.left, 6);
    expect(found.columns[6]).toBeCloseTo(found.right, 6);
    for (const places of [found.columns, found.rows]) {
      expect(places[0]).toBe(0);
      expect(places[9]).toBeCloseTo(1, 6);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });
});

test("long sleeves are told from short ones", () => {
  for (const one of [longSleeved(), jumper()]) expect(isLongSleeved(readAnatomy(one, "upper"))).toBe(true);
});

test("a tank top has no sleeves, and its mesh is even", () => {
  const found = readAnatomy(tank(), "upper");
  expect(found.sleeves).toEqual([null, null]);
  expect(found.columns[1]).toBeCloseTo(1 / 9, 6);
});

test("a dress's skirt is no sleeve", () => {
  const found = readAnatomy(dress(), "dress");
  expect(found.sleeves).toEqual([null, null]);
  expect(found.right - found.left).toBeLessThan(0.7);
});

test("trousers are as wide as their waistband", () => {
  const found = readAnatomy(trousers(), "lower");
  expect([found.left, found.right]).toEqual([expect.closeTo(0.2, 1), expect.closeTo(0.8, 1)]);
  expect(found.sleeves).toEqual([null, null]);
});

test("a picture without cloth is no crash", () => {
  const found = readAnatomy({ data: new Uint8Array(100), width: 10, height: 10 }, "upper");
  expect([found.left, found.right]).toEqual([0, 1]);
});
