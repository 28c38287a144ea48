/* The Mirror's smaller rules: fit, countdown, governor, camera errors, renderer names, neck opening. */
import { describe, expect, test } from "vitest";
import { cameraStateOf } from "./camera.ts";
import { remaining, untilNext } from "./countdown.ts";
import { AS_MEASURED, afterKey, afterTouches, bounded, MOST_SHIFT, SCALES, scaled } from "./fit.ts";
import { Governor, POSE_INTERVAL_MS, SHARPNESS } from "./governor.ts";
import { isSoftwareName } from "./graphics.ts";
import { open, openingOf, type Pixels } from "./opening.ts";

describe("the fit", () => {
  test.each([
    ["ArrowLeft", "x", -1],
    ["ArrowRight", "x", 1],
    ["ArrowUp", "y", -1],
    ["ArrowDown", "y", 1],
    ["+", "scale", 1],
    ["-", "scale", -1],
  ] as const)("%s changes %s", (key, of, sign) => {
    const after = afterKey(AS_MEASURED, key);
    expect(Math.sign((after?.[of] ?? 0) - AS_MEASURED[of])).toBe(sign);
  });

  test("0 puts it back, and other keys mean nothing", () => {
    expect(afterKey({ x: 1, y: 1, scale: 1.2 }, "0")).toEqual(AS_MEASURED);
    expect(afterKey(AS_MEASURED, "Tab")).toBeNull();
  });

  test("stays in its bounds", () => {
    expect(bounded({ x: 9, y: -9, scale: 9 })).toEqual({ x: MOST_SHIFT, y: -MOST_SHIFT, scale: SCALES.most });
    expect(scaled(AS_MEASURED, 0.001).scale).toBe(SCALES.least);
  });

  test("follows one finger by as many shoulder widths", () => {
    const after = afterTouches(AS_MEASURED, [{ id: 1, x: 10, y: 10 }], [{ id: 1, x: 60, y: 35 }], 100);
    expect(after).toEqual({ x: 0.5, y: 0.25, scale: 1 });
  });

  test("grows by as much as two fingers part", () => {
    const [before, after] = [40, 60].map((x) => [{ id: 1, x: -x, y: 0 }, { id: 2, x, y: 0 }]) as [{ id: number; x: number; y: number }[], { id: number; x: number; y: number }[]];
    expect(afterTouches(AS_MEASURED, before, after, 100)).toEqual({ x: 0, y: 0, scale: 1.5 });
  });

  test("two fingers on one point do no harm", () => {
    const point = [{ id: 1, x: 5, y: 5 }, { id: 2, x: 5, y: 5 }];
    expect(afterTouches(AS_MEASURED, point, [{ id: 1, x: 0, y: 5 }, { id: 2, x: 10, y: 5 }], 100).scale).toBe(1);
  });
});

describe("the countdown", () => {
  const counted = { startedMs: 1000, seconds: 3 };

  test.each([[1000, 3], [1001, 3], [2000, 2], [3999, 1], [4000, 0], [9000, 0]])("at %d ms shows %d", (now, shown) => {
    expect(remaining(counted, now)).toBe(shown);
  });

  test("wakes exactly when the number changes", () => {
    for (const now of [1000, 1400, 2000, 3999]) {
      const next = now + untilNext(counted, now);
      expect(remaining(counted, next)).toBe(remaining(counted, now) - 1);
    }
    expect(untilNext(counted, 5000)).toBe(0);
  });

  test("of no seconds is over at once", () => {
    expect(remaining({ startedMs: 5, seconds: 0 }, 5)).toBe(0);
  });
});

const run = (governor: Governor, frameMs: number, frames: number) => {
  for (let i = 0; i < frames; i++) governor.frame(frameMs);
  return governor.sharpness;
};

describe("the governor", () => {
  test("begins with the screen's sharpness, and with the least on software", () => {
    expect(new Governor({ deviceRatio: 2, software: false }).sharpness).toBe(2);
    expect(new Governor({ deviceRatio: 1, software: false }).sharpness).toBe(1);
    expect(new Governor({ deviceRatio: 3, software: false }).sharpness).toBe(SHARPNESS[0]);
    expect(new Governor({ deviceRatio: 1, software: true }).sharpness).toBe(SHARPNESS.at(-1));
  });

  test("draws less sharply where frames are slow, down to its least", () => {
    const governor = new Governor({ deviceRatio: 2, software: false });
    expect(run(governor, 40, 60)).toBe(1.5);
    expect(run(governor, 40, 600)).toBe(SHARPNESS.at(-1));
  });

  test("tries sharper again after quick frames, and not soon after a fall", () => {
    const governor = new Governor({ deviceRatio: 2, software: false });
    run(governor, 40, 60);
    expect(run(governor, 16, 1000)).toBe(1.5);
    expect(run(governor, 16, 3000)).toBe(2);
  });

  test("is not misled by a tab that slept", () => {
    const governor = new Governor({ deviceRatio: 1, software: false });
    expect(run(governor, 5000, 100)).toBe(1);
  });

  test("takes poses as often as they leave time for the rest", () => {
    const governor = new Governor({ deviceRatio: 1, software: false });
    for (let i = 0; i < 50; i++) governor.pose(12);
    expect(governor.poseIntervalMs).toBe(POSE_INTERVAL_MS.least);
    for (let i = 0; i < 50; i++) governor.pose(90);
    expect(governor.poseIntervalMs).toBeGreaterThan(140);
    for (let i = 0; i < 50; i++) governor.pose(5000);
    expect(governor.poseIntervalMs).toBe(POSE_INTERVAL_MS.most);
  });
});

test.each([
  ["NotAllowedError", "denied"],
  ["SecurityError", "denied"],
  ["NotFoundError", "none"],
  ["OverconstrainedError", "none"],
  ["NotReadableError", "busy"],
] as const)("the browser's %s is the state %s", (name, state) => {
  expect(cameraStateOf(new DOMException("", name))).toBe(state);
});

test("renderers that draw on the CPU are known by their names", () => {
  for (const name of ["ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device))", "llvmpipe (LLVM 15.0.6, 256 bits)", "Microsoft Basic Render Driver"]) {
    expect(isSoftwareName(name)).toBe(true);
  }
  expect(isSoftwareName("ANGLE (Apple, Apple M2, OpenGL 4.1)")).toBe(false);
});

const shirt = (hasOpening: boolean): Pixels => {
  const [width, height] = [100, 120];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = hasOpening && Math.hypot((x - 50) / 14, y / 9) < 1;
      data.set(inside ? [20, 30, 30, 255] : [40, 140, 150, 255], 4 * (y * width + x));
    }
  }
  return { data, width, height };
};

describe("the neck opening", () => {
  test("becomes transparent, and the cloth stays", () => {
    const picture = shirt(true);
    expect(open(picture, 10, 90)).toBe(true);
    const alpha = (x: number, y: number) => picture.data[4 * (y * 100 + x) + 3];
    expect([alpha(50, 3), alpha(50, 40), alpha(10, 3)]).toEqual([0, 255, 255]);
  });

  test("is not found where the cloth is of one piece", () => {
    expect(openingOf(shirt(false), 10, 90)).toBeNull();
  });
});
