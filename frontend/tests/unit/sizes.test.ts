import { describe, expect, test } from "vitest";
import { adviceFor, fitted } from "../../src/shared/pictures/sizes.ts";

describe("a fitted size", () => {
  test.each([
    [4032, 3024, 2048, 1536],
    [3024, 4032, 1536, 2048],
    [2048, 2048, 2048, 2048],
    [640, 480, 640, 480],
    [10_000, 1, 2048, 1],
  ])("of %i x %i is %i x %i", (width, height, w, h) => {
    expect(fitted({ width, height })).toEqual({ width: w, height: h });
  });
});

function picture(light: (n: number) => number, alpha = 255): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(4 * 1000);
  for (let n = 0; n < 1000; n++) pixels.set([light(n), light(n), light(n), alpha], 4 * n);
  return pixels;
}
const large = { width: 800, height: 600 };

describe("advice", () => {
  test("is given for what makes a bad try-on", () => {
    expect(adviceFor(picture((n) => n % 40), large)).toEqual(["dark"]);
    expect(adviceFor(picture(() => 250), large)).toEqual(["bright"]);
    expect(adviceFor(picture(() => 128), large)).toEqual(["flat"]);
    expect(adviceFor(picture((n) => n % 256), { width: 200, height: 900 })).toEqual(["small"]);
  });

  test("is not given for an ordinary picture, a garment on white paper, or a cut-out on nothing", () => {
    expect(adviceFor(picture((n) => n % 256), large)).toEqual([]);
    expect(adviceFor(picture((n) => (n % 5 ? 255 : 60)), large)).toEqual([]);
    expect(adviceFor(picture(() => 0, 0), large)).toEqual([]);
    for (const cloth of [5, 128, 250]) {
      const cutOut = picture(() => cloth);
      for (let n = 0; n < 300; n++) cutOut[4 * n + 3] = 0;
      expect(adviceFor(cutOut, large)).toEqual([]);
    }
  });
});
