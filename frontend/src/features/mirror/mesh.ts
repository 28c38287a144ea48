/*
 * The garment's mesh: 10 x 10 vertices between four corners, written in place.
 *
 * Scene coordinates: the mirrored view, x to the right from 0 to the frame's aspect, y UP from 0 to 1. Corners are ordered top
 * left, top right, bottom left, bottom right. A mesh that faces the viewer has a positive signed area; the graphics card draws
 * nothing, without an error, where it is negative.
 */
import type { Numbers } from "../../pose/landmarks.ts";

export const SIDE = 10;
export const VERTICES = SIDE * SIDE;

/** Return the signed area of a quad, counted round top left, bottom left, bottom right, top right. */
export function signedArea(corners: ArrayLike<number>): number {
  const at = (i: number) => corners[i] as number;
  const round = [0, 2, 3, 1] as const;
  let twice = 0;
  for (let i = 0; i < 4; i++) {
    const from = round[i] as number;
    const to = round[(i + 1) % 4] as number;
    twice += at(2 * from) * at(2 * to + 1) - at(2 * to) * at(2 * from + 1);
  }
  return twice / 2;
}

/** Write the bilinear patch's point at u (to the right) and v (down) to `out[at]`, `out[at + 1]`; beyond 0..1 it goes on straight. */
export function writePoint(out: Numbers, at: number, corners: ArrayLike<number>, u: number, v: number): void {
  for (let axis = 0; axis < 2; axis++) {
    const top = (corners[axis] as number) * (1 - u) + (corners[2 + axis] as number) * u;
    const bottom = (corners[4 + axis] as number) * (1 - u) + (corners[6 + axis] as number) * u;
    out[at + axis] = top * (1 - v) + bottom * v;
  }
}

/**
 * Write all vertices, x, y, z each, row by row from the top.
 *
 * @param us The columns' places on the quad, `vs` the rows'; 0 and 1 are its corners.
 */
export function writeMesh(out: Float32Array, corners: ArrayLike<number>, us: ArrayLike<number>, vs: ArrayLike<number>): void {
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = 3 * (row * SIDE + column);
      writePoint(out, at, corners, us[column] as number, vs[row] as number);
      out[at + 2] = 0;
    }
  }
}

/**
 * Return the triangles, counter-clockwise where the quad is: the columns from `first` to `last` before the others.
 *
 * What is listed later is painted over what is listed before: sleeves hang before the trunk.
 */
export function triangles(first = 0, last = SIDE - 1): Uint16Array {
  const inner: number[] = [];
  const outer: number[] = [];
  for (let row = 0; row < SIDE - 1; row++) {
    for (let column = 0; column < SIDE - 1; column++) {
      const a = row * SIDE + column;
      const cell = [a, a + SIDE, a + 1, a + 1, a + SIDE, a + SIDE + 1];
      (column >= first && column < last ? inner : outer).push(...cell);
    }
  }
  return new Uint16Array([...inner, ...outer]);
}
