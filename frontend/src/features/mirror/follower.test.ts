import { describe, expect, test } from "vitest";
import { person, placed } from "../../pose/sample.ts";
import { readAnatomy } from "./anatomy.ts";
import { AS_MEASURED } from "./fit.ts";
import { Follower } from "./follower.ts";
import { tShirt } from "./sample.ts";

const ASPECT = 4 / 3;
const dressed = () => {
  const follower = new Follower();
  follower.wear(readAnatomy(tShirt(), "upper"));
  follower.adjust(AS_MEASURED);
  return follower;
};
/** Draw at 60 Hz from `from` to `to`. */
const draw = (follower: Follower, from: number, to: number) => {
  for (let now = from; now < to; now += 16) follower.draw(now, 16, ASPECT);
};

describe("the follower", () => {
  test("shows nothing before the first pose", () => {
    const follower = dressed();
    draw(follower, 0, 500);
    expect(follower.opacity).toBe(0);
  });

  test("shows the garment within half a second of a pose", () => {
    const follower = dressed();
    for (let now = 0; now < 500; now += 100) {
      follower.see(person(), now, true);
      draw(follower, now, now + 100);
    }
    expect(follower.opacity).toBe(1);
  });

  test("keeps the garment at four poses a second: slow is not lost", () => {
    const follower = dressed();
    for (let now = 0; now < 3000; now += 500) {
      follower.see(person(), now, true);
      draw(follower, now, now + 500);
    }
    expect(follower.opacity).toBe(1);
  });

  test("takes it off when the person is gone, and when no answer comes any more", () => {
    for (const gone of [true, false]) {
      const follower = dressed();
      for (let now = 0; now < 1000; now += 100) {
        follower.see(person(), now, true);
        draw(follower, now, now + 100);
      }
      for (let now = 1000; now < 5000; now += 100) {
        if (gone) follower.see(person(), now, false);
        draw(follower, now, now + 100);
      }
      expect(follower.opacity).toBe(0);
    }
  });

  test("reaches a pose that stands still, frame by frame", () => {
    const follower = dressed();
    for (let now = 0; now < 400; now += 40) {
      follower.see(person(), now, true);
      draw(follower, now, now + 40);
    }
    const before = follower.corners.slice();
    for (let now = 400; now < 2400; now += 40) {
      follower.see(placed(person(), { x: 0.1 }), now, true);
      draw(follower, now, now + 40);
    }
    for (let i = 0; i < 8; i += 2) expect(follower.corners[i]).toBeCloseTo((before[i] as number) - 0.1 * ASPECT, 3);
  });

  test("writes into the same arrays for ever", () => {
    const follower = dressed();
    const arrays = [follower.positions, follower.occluders, follower.strengths, follower.corners];
    for (let now = 0; now < 500; now += 50) {
      follower.see(person(), now, true);
      draw(follower, now, now + 50);
    }
    expect([follower.positions, follower.occluders, follower.strengths, follower.corners]).toEqual(arrays);
    expect(follower.positions).toBe(arrays[0]);
    expect(follower.positions.some((number) => number !== 0)).toBe(true);
  });
});
