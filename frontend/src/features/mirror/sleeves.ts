/*
 * Sleeves follow the arms: the mesh's outer columns are bent along shoulder, elbow and wrist. Pure, in place.
 *
 * Each vertex is first where the trunk's patch takes it. A sleeve then turns about the upper end of its seam; at the seam it
 * stays where the trunk is, or a raised arm would tear a hole below the shoulder.
 */
import {
  LEFT_ELBOW,
  LEFT_WRIST,
  type Numbers,
  RIGHT_ELBOW,
  RIGHT_WRIST,
  visibilityOf,
} from "../../pose/landmarks.ts";
import { type Anatomy, SLEEVE_COLUMNS, type Sleeve } from "./anatomy.ts";
import { sceneX, sceneY } from "./corners.ts";
import { SIDE, writePoint } from "./mesh.ts";

const SEEN = 0.5;
/** In widths between the seams: over so much a sleeve goes over from trunk to arm. */
const SEAM_BLEND = 0.2;
const DEEP_ARMHOLE = 0.4;
const MAX_TURN = (150 * Math.PI) / 180;
/** Shares of the arm from which on a sleeve is long; of the upper arm, how far a short one may reach. */
const LONG = 0.68;
const SHORT_MOST = 0.8;
/** In trunk widths: T-shirts reach 0.9 from the seam at most, a wide jumper 1.08. */
const LONG_REACH = 1.0;
/** Of the upper arm, where the wrist is not seen. */
const FOREARM = 0.9;
/** Rows this far below the cuff hang from the trunk again, in heights of the garment. */
const BELOW_CUFF = 0.12;

/** Points that are written anew at each call: nothing is allocated per frame. */
const joint = [0, 0];
const cuff = [0, 0];

/** Return a place across the trunk, 0 = its left side, 1 = its right. */
export const across = (garment: Anatomy, u: number): number => (u - garment.left) / Math.max(garment.right - garment.left, 1e-3);
/** Return a place down the trunk, 0 = the seams, 1 = the hem. */
export const down = (garment: Anatomy, v: number): number => (v - garment.top) / Math.max(garment.hem - garment.top, 1e-3);

/**
 * Bend both sleeves.
 *
 * @param positions The mesh, x, y, z each, as the trunk's patch carries it.
 * @param corners The trunk's corners in the scene.
 */
export function bendSleeves(
  positions: Float32Array,
  corners: ArrayLike<number>,
  garment: Anatomy,
  pose: ArrayLike<number>,
  aspect: number,
): void {
  const [left, right] = garment.sleeves;
  if (left && visibilityOf(pose, LEFT_ELBOW) >= SEEN) bend(positions, corners, garment, left, pose, aspect, false);
  if (right && visibilityOf(pose, RIGHT_ELBOW) >= SEEN) bend(positions, corners, garment, right, pose, aspect, true);
}

function bend(
  positions: Float32Array,
  corners: ArrayLike<number>,
  garment: Anatomy,
  sleeve: Sleeve,
  pose: ArrayLike<number>,
  aspect: number,
  isRight: boolean,
): void {
  const [elbow, wrist] = isRight ? [RIGHT_ELBOW, RIGHT_WRIST] : [LEFT_ELBOW, LEFT_WRIST];
  carry(joint, corners, garment, sleeve.joint);
  carry(cuff, corners, garment, sleeve.cuff);
  const jointX = joint[0] as number;
  const jointY = joint[1] as number;
  const length = Math.max(Math.hypot((cuff[0] as number) - jointX, (cuff[1] as number) - jointY), 1e-6);
  const axisX = ((cuff[0] as number) - jointX) / length;
  const axisY = ((cuff[1] as number) - jointY) / length;

  const elbowX = sceneX(pose, elbow, aspect);
  const elbowY = sceneY(pose, elbow);
  const bone = Math.max(Math.hypot(elbowX - jointX, elbowY - jointY), 1e-6);
  const upperTurn = limited(angle(axisX, axisY, elbowX - jointX, elbowY - jointY));
  const upperX = axisX * Math.cos(upperTurn) - axisY * Math.sin(upperTurn);
  const upperY = axisX * Math.sin(upperTurn) + axisY * Math.cos(upperTurn);
  let lowerX = upperX;
  let lowerY = upperY;
  let forearm = bone * FOREARM;
  if (visibilityOf(pose, wrist) >= SEEN) {
    const toX = sceneX(pose, wrist, aspect) - elbowX;
    const toY = sceneY(pose, wrist) - elbowY;
    forearm = Math.max(Math.hypot(toX, toY), 1e-6);
    const turn = limited(angle(upperX, upperY, toX, toY));
    lowerX = upperX * Math.cos(turn) - upperY * Math.sin(turn);
    lowerY = upperX * Math.sin(turn) + upperY * Math.cos(turn);
  }
  const stretch = stretchOf(length, bone, forearm);

  const width = Math.max(Math.hypot((corners[2] as number) - (corners[0] as number), (corners[3] as number) - (corners[1] as number)), 1e-6);
  const sign = isRight ? 1 : -1;
  const outX = (sign * ((corners[2] as number) - (corners[0] as number))) / width;
  const outY = (sign * ((corners[3] as number) - (corners[1] as number))) / width;
  const firstColumn = isRight ? SIDE - SLEEVE_COLUMNS : 0;
  for (let row = 0; row < SIDE; row++) {
    const below = ((garment.rows[row] as number) - sleeve.bottom) / BELOW_CUFF;
    if (below >= 1) break;
    for (let column = firstColumn; column < firstColumn + SLEEVE_COLUMNS; column++) {
      const at = 3 * (row * SIDE + column);
      const fromX = (positions[at] as number) - jointX;
      const fromY = (positions[at + 1] as number) - jointY;
      const straight = fromX * axisX + fromY * axisY;
      const aside = -fromX * axisY + fromY * axisX;
      const along = straight > 0 ? straight * stretch : straight;
      // The bend at the elbow is spread over a third of the upper arm, so the cloth does not crease.
      const bent = Math.min(1, Math.max(0, (along - bone) / (bone / 3) + 0.5));
      let dirX = upperX * (1 - bent) + lowerX * bent;
      let dirY = upperY * (1 - bent) + lowerY * bent;
      const norm = Math.max(Math.hypot(dirX, dirY), 1e-6);
      dirX /= norm;
      dirY /= norm;
      const before = Math.min(along, bone);
      const beyond = Math.max(along - bone, 0);
      const toX = jointX + before * upperX + beyond * lowerX - aside * dirY;
      const toY = jointY + before * upperY + beyond * lowerY + aside * dirX;
      const outward = (fromX * outX + fromY * outY) / (SEAM_BLEND * width);
      const deep = (straight - DEEP_ARMHOLE * width) / (0.2 * width);
      const share = smooth(Math.max(outward, deep)) * (1 - smooth(below));
      positions[at] = (positions[at] as number) + (toX - (positions[at] as number)) * share;
      positions[at + 1] = (positions[at + 1] as number) + (toY - (positions[at + 1] as number)) * share;
    }
  }
}

function carry(out: Numbers, corners: ArrayLike<number>, garment: Anatomy, point: readonly [number, number]): void {
  writePoint(out, 0, corners, across(garment, point[0]), down(garment, point[1]));
}

/** By how much a sleeve is lengthened: a long one ends at the wrist, a short one above the elbow. */
export function stretchOf(length: number, bone: number, forearm: number): number {
  if (length / (bone + forearm) >= LONG) return (bone + forearm) / length;
  return Math.min(1, Math.max(SHORT_MOST, length / bone) * (bone / length));
}

/** Whether a garment's sleeves reach the wrists of an arm of usual proportions. */
export function isLongSleeved(garment: Anatomy): boolean {
  const trunk = (garment.right - garment.left) / garment.tallness;
  return garment.sleeves.some((sleeve) => {
    if (!sleeve) return false;
    const reach = Math.hypot((sleeve.cuff[0] - sleeve.joint[0]) / garment.tallness, sleeve.cuff[1] - sleeve.joint[1]);
    return reach > LONG_REACH * trunk;
  });
}

function angle(fromX: number, fromY: number, toX: number, toY: number): number {
  return Math.atan2(fromX * toY - fromY * toX, fromX * toX + fromY * toY);
}

function limited(turn: number): number {
  return Math.min(MAX_TURN, Math.max(-MAX_TURN, turn));
}

function smooth(value: number): number {
  const share = Math.min(1, Math.max(0, value));
  return share * share * (3 - 2 * share);
}
