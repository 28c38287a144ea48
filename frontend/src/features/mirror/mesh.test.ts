import { describe, expect, test } from "vitest";
import { fromBehind, person } from "../../pose/sample.ts";
import { writeTorso } from "./corners.ts";
import { SIDE, signedArea, triangles, VERTICES, writeMesh, writePoint } from "./mesh.ts";

const EVEN = Array.from({ length: SIDE }, (_, i) => i / (SIDE - 1));
/** Top left, top right, bottom left, bottom right; no rectangle. */
const CORNERS = [0.1, 0.9, 0.8, 1, 0.2, 0.1, 0.7, 0];
const made = (corners: ArrayLike<number>, us = EVEN, vs = EVEN) => {
  const out = new Float32Array(3 * VERTICES);
  writeMesh(out, corners, us, vs);
  return out;
};
const vertex = (mesh: Float32Array, row: number, column: number) => [0, 1].map((axis) => mesh[3 * (row * SIDE + column) + axis]);

describe("the mesh", () => {
  test("has its four corners where they belong", () => {
    const mesh = made(CORNERS);
    for (const [row, column, corner] of [[0, 0, 0], [0, 9, 1], [9, 0, 2], [9, 9, 3]] as const) {
      const [x, y] = vertex(mesh, row, column) as [number, number];
      expect(x).toBeCloseTo(CORNERS[2 * corner] as number, 6);
      expect(y).toBeCloseTo(CORNERS[2 * corner + 1] as number, 6);
    }
  });

  test("has every inner vertex at its bilinear place", () => {
    const mesh = made(CORNERS);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const [u, v] = [column / 9, row / 9];
        const at = (axis: number) =>
          (1 - u) * (1 - v) * (CORNERS[axis] as number) + u * (1 - v) * (CORNERS[2 + axis] as number) + (1 - u) * v * (CORNERS[4 + axis] as number) + u * v * (CORNERS[6 + axis] as number);
        const [x, y] = vertex(mesh, row, column) as [number, number];
        expect(x).toBeCloseTo(at(0), 6);
        expect(y).toBeCloseTo(at(1), 6);
      }
    }
  });

  test("goes on straight beyond its corners", () => {
    const out = [0, 0];
    writePoint(out, 0, [0, 1, 1, 1, 0, 0, 1, 0], -0.5, 1.5);
    expect(out).toEqual([-0.5, -0.5]);
  });

  test("is written over and over into the same numbers", () => {
    const out = new Float32Array(3 * VERTICES);
    writeMesh(out, CORNERS, EVEN, EVEN);
    const first = out.slice();
    writeMesh(out, CORNERS.map((number) => number + 1), EVEN, EVEN);
    writeMesh(out, CORNERS, EVEN, EVEN);
    expect(out).toEqual(first);
  });
});

const torso = (pose: Float32Array) => {
  const corners = [0, 0, 0, 0, 0, 0, 0, 0];
  writeTorso(corners, pose, 4 / 3);
  return corners;
};

describe("winding", () => {
  test("faces the viewer for a person who faces the camera, in the mirrored view", () => {
    expect(signedArea(torso(person()))).toBeGreaterThan(0);
  });

  test("turns away for a person from behind: the print is not drawn", () => {
    expect(signedArea(torso(fromBehind()))).toBeLessThan(0);
  });

  test("of every triangle is that of the quad", () => {
    const mesh = made(torso(person()));
    for (const index of [triangles(), triangles(3, 6)]) {
      expect(new Set(index).size).toBe(VERTICES);
      expect(index.length).toBe(6 * (SIDE - 1) ** 2);
      for (let at = 0; at < index.length; at += 3) {
        const [a, b, c] = [0, 1, 2].map((i) => 3 * (index[at + i] as number)) as [number, number, number];
        const cross = (from: number, to: number, axis: number) => (mesh[to + axis] as number) - (mesh[from + axis] as number);
        expect(cross(a, b, 0) * cross(a, c, 1) - cross(a, b, 1) * cross(a, c, 0)).toBeGreaterThan(0);
      }
    }
  });
});

test("the trunk's columns come first: sleeves are painted over it", () => {
  const index = triangles(3, 6);
  const inTrunk = (at: number) => [0, 1, 2].every((i) => (index[at + i] as number) % SIDE >= 3 && (index[at + i] as number) % SIDE <= 6);
  const firsts = Array.from({ length: index.length / 3 }, (_, i) => inTrunk(3 * i));
  expect(firsts.lastIndexOf(true)).toBeLessThan(firsts.indexOf(false));
});
