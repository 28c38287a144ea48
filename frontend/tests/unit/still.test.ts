import { expect, test } from "vitest";
import { LEFT_HIP, LEFT_SHOULDER, POSE_LENGTH, RIGHT_SHOULDER } from "../../src/pose/landmarks.ts";
import { stillAdvice } from "../../src/pose/quality.ts";
import { fromBehind, person, placed } from "../../src/pose/sample.ts";
import { tint } from "../../src/features/studio/tint.ts";

const ASPECT = 4 / 3;
const two = () => {
  const both = new Float32Array(2 * POSE_LENGTH);
  both.set(placed(person(), { x: -0.2, scale: 0.6 }));
  both.set(placed(person(), { x: 0.2, scale: 0.6 }), POSE_LENGTH);
  return both;
};

test.each<[string, Float32Array, number, string[]]>([
  ["a person who faces the camera needs no hint", person(), 1, []],
  ["nobody is said to be nobody", person(), 0, ["nobody"]],
  ["two people are said to be several", two(), 2, ["several"]],
  ["hips below the edge are cropped", person({ [LEFT_HIP]: { y: 1.1 } }), 1, ["cropped"]],
  ["a side view is said to be one", person({ [LEFT_SHOULDER]: { x: 0.51 }, [RIGHT_SHOULDER]: { x: 0.49 } }), 1, ["sideways"]],
  ["a back is said to be one", fromBehind(), 1, ["behind"]],
])("in a photo %s", (_, poses, count, advice) => {
  expect(stillAdvice(poses, count, ASPECT)).toEqual(advice);
});

test("only what may change is tinted, and the photo is seen through it", () => {
  const pixels = new Uint8ClampedArray([0, 0, 0, 255, 255, 255, 255, 255, 128, 128, 128, 255]);
  tint(pixels, 3);
  expect(pixels[3]).toBe(0);
  expect(pixels[7]).toBeGreaterThan(100);
  expect(pixels[7]).toBeLessThan(200);
  expect(pixels[11]).toBeLessThan(pixels[7] ?? 0);
});
