import { describe, expect, test } from "vitest";
import { LEFT_KNEE, LEFT_SHOULDER, POSE_LENGTH, RIGHT_SHOULDER } from "./landmarks.ts";
import { type PoseState, SETTLED, settle, stateOf } from "./quality.ts";
import { fromBehind, person, placed } from "./sample.ts";

const ASPECT = 4 / 3;
const two = (second: Float32Array) => {
  const both = new Float32Array(2 * POSE_LENGTH);
  both.set(person());
  both.set(second, POSE_LENGTH);
  return both;
};

describe("a pose", () => {
  test.each<[string, Float32Array, number, PoseState]>([
    ["of a person who faces the camera is good", person(), 1, "ok"],
    ["that is none is nobody", person(), 0, "no_person"],
    ["with a guessed shoulder is nobody", person({ [LEFT_SHOULDER]: { visibility: 0.2 } }), 1, "no_person"],
    ["of two people of a size is company", two(placed(person(), { x: 0.3, scale: 0.8 })), 2, "two_people"],
    ["with somebody far behind is good", two(placed(person(), { x: 0.3, scale: 0.3 })), 2, "ok"],
    ["whose shoulders fill the frame is too near", placed(person(), { scale: 3.8 }), 1, "too_near"],
    ["whose shoulder is outside is too near", placed(person(), { x: 0.45 }), 1, "too_near"],
    ["from the side is turned away", person({ [LEFT_SHOULDER]: { x: 0.51 }, [RIGHT_SHOULDER]: { x: 0.49 } }), 1, "turned_away"],
    ["from behind is its own state", fromBehind(), 1, "from_behind"],
  ])("%s", (_, poses, count, state) => {
    expect(stateOf(poses, count, ASPECT)).toBe(state);
  });

  test("without knees is enough for a shirt and not for trousers", () => {
    const bust = person({ [LEFT_KNEE]: { y: 1.2 } });
    expect(stateOf(bust, 1, ASPECT)).toBe("ok");
    expect(stateOf(person({ [LEFT_KNEE]: { visibility: 0.1 } }), 1, ASPECT, { legs: true })).toBe("no_legs");
    expect(stateOf(person(), 1, ASPECT, { legs: true })).toBe("ok");
  });
});

const after = (seen: readonly [PoseState, number][]) => seen.reduce((kept, [state, now]) => settle(kept, state, now), SETTLED).state;

describe("what a person reads", () => {
  test("good news comes soon", () => {
    expect(after([["ok", 0], ["ok", 100]])).toBe("no_person");
    expect(after([["ok", 0], ["ok", 160]])).toBe("ok");
  });

  test("an advice must last before it is shown, and a flicker never is", () => {
    const good: [PoseState, number][] = [["ok", 0], ["ok", 200]];
    expect(after([...good, ["too_near", 300], ["too_near", 800]])).toBe("ok");
    expect(after([...good, ["too_near", 300], ["ok", 500], ["too_near", 600], ["too_near", 1100]])).toBe("ok");
    expect(after([...good, ["too_near", 300], ["too_near", 901]])).toBe("too_near");
  });

  test("the same state is the same object: no render for it", () => {
    const kept = settle(settle(SETTLED, "ok", 0), "ok", 200);
    expect(settle(kept, "ok", 400)).toBe(kept);
  });
});
