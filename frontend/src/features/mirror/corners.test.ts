import { describe, expect, test } from "vitest";
import { LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER } from "../../pose/landmarks.ts";
import { fromBehind, person, placed } from "../../pose/sample.ts";
import { readAnatomy } from "./anatomy.ts";
import { PADDING, sceneX, sceneY, writeCorners, writeTorso } from "./corners.ts";
import { AS_MEASURED, type Fit } from "./fit.ts";
import { signedArea } from "./mesh.ts";
import { dress, trousers, tShirt } from "./sample.ts";

const ASPECT = 4 / 3;
const shirt = readAnatomy(tShirt(), "upper");
const cornersOf = (pose: Float32Array, garment = shirt, fit: Fit = AS_MEASURED) => {
  const out = new Float32Array(8);
  const unit = writeCorners(out, pose, ASPECT, garment, fit);
  return { corners: [...out] as number[], unit };
};
const middle = (corners: number[], axis: number) => (0 + (corners[axis] as number) + (corners[2 + axis] as number)) / 2;

test("without padding the corners are landmarks 11, 12, 23 and 24 of the mirrored view", () => {
  const out = [0, 0, 0, 0, 0, 0, 0, 0];
  writeTorso(out, person(), ASPECT);
  const wanted = [LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP].flatMap((i) => [sceneX(person(), i, ASPECT), sceneY(person(), i)]);
  expect(out).toEqual(wanted);
  // In a mirror one's left is on the left.
  expect(out[0]).toBeLessThan(out[2] as number);
});

describe("a shirt's corners", () => {
  test("lie outside and above the shoulders by their padding", () => {
    const { corners, unit } = cornersOf(person());
    const shoulders = sceneX(person(), LEFT_SHOULDER, ASPECT);
    expect(corners[0]).toBeCloseTo(shoulders - PADDING.upper.outward * unit, 5);
    expect(corners[1]).toBeCloseTo(sceneY(person(), LEFT_SHOULDER) + PADDING.upper.upward * unit, 5);
  });

  test("face the viewer, and turn away with the person", () => {
    expect(signedArea(cornersOf(person()).corners)).toBeGreaterThan(0);
    expect(signedArea(cornersOf(fromBehind()).corners)).toBeLessThan(0);
  });

  test("move with the person and grow with them", () => {
    const here = cornersOf(person());
    const there = cornersOf(placed(person(), { x: -0.1, y: 0.05 }));
    here.corners.forEach((number, i) => expect(there.corners[i]).toBeCloseTo(number + (i % 2 ? -0.05 : 0.1 * ASPECT), 5));
    expect(cornersOf(placed(person(), { scale: 1.5 })).unit).toBeCloseTo(1.5 * here.unit, 5);
  });

  test("hang by an adult's proportions where the hips are a guess", () => {
    const guessed = { visibility: 0.01, y: 3 };
    const { corners, unit } = cornersOf(person({ [LEFT_HIP]: guessed, [RIGHT_HIP]: guessed }));
    const length = middle(corners, 1) - ((corners[5] as number) + (corners[7] as number)) / 2;
    expect(length).toBeLessThan(2.2 * unit);
  });

  test("follow the fit: moved in shoulder widths, sized about the seams", () => {
    const { corners, unit } = cornersOf(person());
    const moved = cornersOf(person(), shirt, { x: 0.5, y: 0.25, scale: 1 }).corners;
    expect((moved[0] as number) - (corners[0] as number)).toBeCloseTo(0.5 * unit, 5);
    expect((moved[1] as number) - (corners[1] as number)).toBeCloseTo(-0.25 * unit, 5);
    const large = cornersOf(person(), shirt, { x: 0, y: 0, scale: 1.5 }).corners;
    expect((large[2] as number) - (large[0] as number)).toBeCloseTo(1.5 * ((corners[2] as number) - (corners[0] as number)), 5);
  });
});

const hemOf = (corners: number[]) => ((corners[5] as number) + (corners[7] as number)) / 2;

test("a dress ends below the hips, a shirt near them", () => {
  const gown = cornersOf(person(), readAnatomy(dress(), "dress")).corners;
  expect(hemOf(gown)).toBeLessThan(hemOf(cornersOf(person()).corners));
});

test("trousers begin above the hips and end below the knees", () => {
  const { corners } = cornersOf(person(), readAnatomy(trousers(), "lower"));
  expect(corners[1]).toBeGreaterThan(sceneY(person(), LEFT_HIP));
  expect(corners[5]).toBeLessThan(0.3);
  expect(signedArea(corners)).toBeGreaterThan(0);
});
