import { describe, expect, test } from "vitest";
import { LEFT_ELBOW, LEFT_WRIST } from "../../pose/landmarks.ts";
import { person } from "../../pose/sample.ts";
import { readAnatomy } from "./anatomy.ts";
import { sceneX, sceneY, writeCorners } from "./corners.ts";
import { AS_MEASURED } from "./fit.ts";
import { SIDE, VERTICES, writeMesh } from "./mesh.ts";
import { dress, longSleeved, tShirt } from "./sample.ts";
import { across, bendSleeves, down, stretchOf } from "./sleeves.ts";

const ASPECT = 4 / 3;

function worn(pose: Float32Array, garment = readAnatomy(tShirt(), "upper")) {
  const corners = new Float32Array(8);
  writeCorners(corners, pose, ASPECT, garment, AS_MEASURED);
  const straight = new Float32Array(3 * VERTICES);
  writeMesh(straight, corners, garment.columns.map((u) => across(garment, u)), garment.rows.map((v) => down(garment, v)));
  const bent = straight.slice();
  bendSleeves(bent, corners, garment, pose, ASPECT);
  return { straight, bent, garment };
}
const at = (mesh: Float32Array, row: number, column: number) => [mesh[3 * (row * SIDE + column)] as number, mesh[3 * (row * SIDE + column) + 1] as number] as const;
const raised = () => person({ [LEFT_ELBOW]: { x: 0.72, y: 0.2 }, [LEFT_WRIST]: { x: 0.75, y: 0.05 } });

describe("sleeves", () => {
  test("leave the trunk where it is", () => {
    const { straight, bent } = worn(person());
    for (let row = 0; row < SIDE; row++) for (let column = 3; column <= 6; column++) expect(at(bent, row, column)).toEqual(at(straight, row, column));
  });

  test("hang down with a hanging arm", () => {
    const { straight, bent } = worn(person());
    const cuff = at(bent, 5, 0);
    expect(cuff[0]).toBeGreaterThan(at(straight, 5, 0)[0]);
  });

  test("rise with a raised arm", () => {
    const hanging = worn(person()).bent;
    const lifted = worn(raised()).bent;
    expect(at(lifted, 5, 0)[1]).toBeGreaterThan(at(hanging, 5, 0)[1] + 0.05);
  });

  test("of an arm that is not seen stay with the trunk", () => {
    const { straight, bent } = worn(person({ [LEFT_ELBOW]: { visibility: 0.1 } }));
    for (let row = 0; row < SIDE; row++) expect(at(bent, row, 0)).toEqual(at(straight, row, 0));
  });

  test("that are long end near the wrist", () => {
    const { bent, garment } = worn(person(), readAnatomy(longSleeved(), "upper"));
    const row = garment.rows.findIndex((v) => v >= (garment.sleeves[0]?.bottom ?? 1) - 1e-6);
    const wrist = [sceneX(person(), LEFT_WRIST, ASPECT), sceneY(person(), LEFT_WRIST)] as const;
    const nearest = Math.min(...[0, 1, 2].map((column) => Math.hypot(at(bent, row, column)[0] - wrist[0], at(bent, row, column)[1] - wrist[1])));
    expect(nearest).toBeLessThan(0.12);
  });

  test("are none on a dress without them: its skirt does not follow the arms", () => {
    const { straight, bent } = worn(raised(), readAnatomy(dress(), "dress"));
    expect(bent).toEqual(straight);
  });

  test("never give a vertex that is no number", () => {
    const everywhere = person();
    everywhere.fill(0.5);
    for (const number of worn(everywhere).bent) expect(Number.isFinite(number)).toBe(true);
  });
});

test("a long sleeve is lengthened to the wrist, a short one stays above the elbow", () => {
  expect(stretchOf(0.8, 0.5, 0.5)).toBeCloseTo(1 / 0.8);
  expect(stretchOf(0.2, 0.5, 0.5)).toBe(1);
  expect(0.45 * stretchOf(0.45, 0.5, 0.5)).toBeLessThanOrEqual(0.45);
});
