import { describe, expect, test } from "vitest";
import { LEFT_ELBOW, LEFT_WRIST, NOSE } from "../../pose/landmarks.ts";
import { person } from "../../pose/sample.ts";
import { sceneX, sceneY } from "./corners.ts";
import { OCCLUDER_VERTICES, occluderTriangles, VERTICES_EACH, writeOccluders } from "./occlusion.ts";

const ASPECT = 4 / 3;
const UNIT = 0.27;

/** How much is erased at a point: the strongest of the triangles that cover it. */
function erased(pose: Float32Array, x: number, y: number, longSleeves = false): number {
  const positions = new Float32Array(3 * OCCLUDER_VERTICES);
  const strengths = new Float32Array(OCCLUDER_VERTICES);
  writeOccluders(positions, strengths, pose, ASPECT, UNIT, longSleeves);
  const index = occluderTriangles();
  let most = 0;
  for (let i = 0; i < index.length; i += 3) {
    const at = [0, 1, 2].map((k) => index[i + k] as number) as [number, number, number];
    const [ax, ay, bx, by, cx, cy] = at.flatMap((vertex) => [positions[3 * vertex] as number, positions[3 * vertex + 1] as number]) as [number, number, number, number, number, number];
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    if (Math.abs(area) < 1e-12) continue;
    const b = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area;
    const c = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area;
    if (b < 0 || c < 0 || b + c > 1) continue;
    const strength = (1 - b - c) * (strengths[at[0]] as number) + b * (strengths[at[1]] as number) + c * (strengths[at[2]] as number);
    most = Math.max(most, strength);
  }
  return most;
}
const crossed = (z = -0.1) => person({ [LEFT_ELBOW]: { x: 0.62, y: 0.55, z }, [LEFT_WRIST]: { x: 0.5, y: 0.5, z } });
const along = (pose: Float32Array, share: number) =>
  [
    sceneX(pose, LEFT_ELBOW, ASPECT) + share * (sceneX(pose, LEFT_WRIST, ASPECT) - sceneX(pose, LEFT_ELBOW, ASPECT)),
    sceneY(pose, LEFT_ELBOW) + share * (sceneY(pose, LEFT_WRIST) - sceneY(pose, LEFT_ELBOW)),
  ] as const;

describe("what is before the garment", () => {
  test("a forearm across the chest is", () => {
    expect(erased(crossed(), ...along(crossed(), 0.5))).toBeCloseTo(1, 5);
  });

  test("the chest beside it is not", () => {
    const [x, y] = along(crossed(), 0.5);
    expect(erased(crossed(), x, y + UNIT)).toBe(0);
  });

  test("its rim erases a part: no hard edge", () => {
    const [x, y] = along(crossed(), 0.5);
    const down = Array.from({ length: 40 }, (_, i) => erased(crossed(), x, y + (i / 40) * UNIT * 0.4));
    expect(down.some((strength) => strength > 0.2 && strength < 0.8)).toBe(true);
  });

  test("an arm behind the back is not", () => {
    expect(erased(crossed(0.4), ...along(crossed(0.4), 0.5))).toBe(0);
  });

  test("an arm that is guessed is not", () => {
    const guess = person({ [LEFT_ELBOW]: { x: 0.62, y: 0.55 }, [LEFT_WRIST]: { x: 0.5, y: 0.5, visibility: 0.3 } });
    expect(erased(guess, ...along(guess, 0.5))).toBe(0);
  });

  test("under a long sleeve the forearm is not, the hand is", () => {
    expect(erased(crossed(), ...along(crossed(), 0.1), true)).toBe(0);
    expect(erased(crossed(), ...along(crossed(), 1), true)).toBeCloseTo(1, 5);
  });

  test("the face is", () => {
    expect(erased(person(), sceneX(person(), NOSE, ASPECT), sceneY(person(), NOSE))).toBeCloseTo(1, 5);
  });
});

test("all triangles are inside their own capsule's vertices", () => {
  const index = occluderTriangles();
  for (let i = 0; i < index.length; i += 3) {
    const owners = new Set([0, 1, 2].map((k) => Math.floor((index[i + k] as number) / VERTICES_EACH)));
    expect(owners.size).toBe(1);
  }
});
