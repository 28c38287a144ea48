/*
 * What of the person is before the garment: head, forearms and hands, as soft capsules in the scene. Pure, in place.
 *
 * The renderer erases the garment under them, so the video below shows through. Inside a capsule everything is erased, over its
 * rim less and less.
 */
import {
  LEFT_EAR,
  LEFT_ELBOW,
  LEFT_EYE,
  LEFT_INDEX,
  LEFT_SHOULDER,
  LEFT_WRIST,
  MOUTH_LEFT,
  MOUTH_RIGHT,
  RIGHT_EAR,
  RIGHT_ELBOW,
  RIGHT_EYE,
  RIGHT_INDEX,
  RIGHT_SHOULDER,
  RIGHT_WRIST,
  visibilityOf,
  zOf,
} from "../../pose/landmarks.ts";
import { sceneX, sceneY } from "./corners.ts";

/** Head, two forearms, two hands. */
export const CAPSULES = 5;
const HALF_ROUND = 8;
/** Points of one outline: a half circle about either end. */
const OUTLINE = 2 * (HALF_ROUND + 1);
/** Per capsule an inner outline (erases) and an outer one (erases nothing). */
export const VERTICES_EACH = 2 * OUTLINE;
export const OCCLUDER_VERTICES = CAPSULES * VERTICES_EACH;

/** Radii in shoulder widths, from photos of adults with bare arms. */
const ELBOW_RADIUS = 0.15;
const WRIST_RADIUS = 0.1;
const HAND_RADIUS = 0.13;
/** How much wider the rim is than the capsule. */
const RIM = 1.35;
/** Wrists less visible than this are guesses. */
const SURE = 0.65;
/** In frame widths: an arm so much farther away than its shoulder is behind the back, and nothing of it is erased. */
const BEHIND = 0.12;

/** Return the triangles of all capsules: a fan inside, a strip over the rim. */
export function occluderTriangles(): Uint16Array {
  const found: number[] = [];
  for (let capsule = 0; capsule < CAPSULES; capsule++) {
    const inner = capsule * VERTICES_EACH;
    const outer = inner + OUTLINE;
    for (let i = 1; i < OUTLINE - 1; i++) found.push(inner, inner + i, inner + i + 1);
    for (let i = 0; i < OUTLINE; i++) {
      const next = (i + 1) % OUTLINE;
      found.push(inner + i, outer + i, inner + next, inner + next, outer + i, outer + next);
    }
  }
  return new Uint16Array(found);
}

/**
 * Write every capsule's outline, x, y, z each, and how much its vertices erase.
 *
 * @param unit The shoulder width, in scene units.
 * @param sleevesReachWrists Then the forearms are under cloth, and only the hands are before it.
 */
export function writeOccluders(
  positions: Float32Array,
  strengths: Float32Array,
  pose: ArrayLike<number>,
  aspect: number,
  unit: number,
  sleevesReachWrists: boolean,
): void {
  head(positions, strengths, pose, aspect);
  for (let side = 0; side < 2; side++) {
    const isRight = side === 1;
    const elbow = isRight ? RIGHT_ELBOW : LEFT_ELBOW;
    const wrist = isRight ? RIGHT_WRIST : LEFT_WRIST;
    const finger = isRight ? RIGHT_INDEX : LEFT_INDEX;
    const before = inFront(pose, wrist, isRight ? RIGHT_SHOULDER : LEFT_SHOULDER);
    const seen = ramp(visibilityOf(pose, wrist), SURE - 0.15, SURE) * before;
    const elbowX = sceneX(pose, elbow, aspect);
    const elbowY = sceneY(pose, elbow);
    const wristX = sceneX(pose, wrist, aspect);
    const wristY = sceneY(pose, wrist);
    // The upper third of a forearm is often under a short sleeve.
    const startX = elbowX + (wristX - elbowX) * 0.12;
    const startY = elbowY + (wristY - elbowY) * 0.12;
    const arm = sleevesReachWrists ? 0 : seen;
    capsule(positions, strengths, 1 + side, startX, startY, ELBOW_RADIUS * unit, wristX, wristY, WRIST_RADIUS * unit, arm);
    // The index finger's knuckle is not the fingers' end.
    const tipX = wristX + (sceneX(pose, finger, aspect) - wristX) * 1.3;
    const tipY = wristY + (sceneY(pose, finger) - wristY) * 1.3;
    capsule(positions, strengths, 3 + side, wristX, wristY, WRIST_RADIUS * unit, tipX, tipY, HAND_RADIUS * unit, seen);
  }
}

function head(positions: Float32Array, strengths: Float32Array, pose: ArrayLike<number>, aspect: number): void {
  const eyesX = (sceneX(pose, LEFT_EYE, aspect) + sceneX(pose, RIGHT_EYE, aspect)) / 2;
  const eyesY = (sceneY(pose, LEFT_EYE) + sceneY(pose, RIGHT_EYE)) / 2;
  const downX = (sceneX(pose, MOUTH_LEFT, aspect) + sceneX(pose, MOUTH_RIGHT, aspect)) / 2 - eyesX;
  const downY = (sceneY(pose, MOUTH_LEFT) + sceneY(pose, MOUTH_RIGHT)) / 2 - eyesY;
  const ears = Math.hypot(
    sceneX(pose, LEFT_EAR, aspect) - sceneX(pose, RIGHT_EAR, aspect),
    sceneY(pose, LEFT_EAR) - sceneY(pose, RIGHT_EAR),
  );
  const half = Math.max(ears / 2, Math.hypot(downX, downY) * 0.9);
  const chinX = eyesX + downX * 1.25;
  const chinY = eyesY + downY * 1.25;
  capsule(positions, strengths, 0, eyesX - downX * 0.8, eyesY - downY * 0.8, half * 1.2, chinX, chinY, half * 0.62, 1);
}

/** 1 for a wrist before the trunk or beside it, 0 for one behind the back, between them in between. */
function inFront(pose: ArrayLike<number>, wrist: number, shoulder: number): number {
  return 1 - ramp(zOf(pose, wrist) - zOf(pose, shoulder), BEHIND, 2 * BEHIND);
}

function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}

function capsule(
  positions: Float32Array,
  strengths: Float32Array,
  index: number,
  ax: number,
  ay: number,
  ra: number,
  bx: number,
  by: number,
  rb: number,
  strength: number,
): void {
  const turn = Math.atan2(by - ay, bx - ax);
  const first = index * VERTICES_EACH;
  for (let ring = 0; ring < 2; ring++) {
    const wide = ring === 0 ? 1 : RIM;
    for (let i = 0; i < OUTLINE; i++) {
      const atStart = i <= HALF_ROUND;
      const step = atStart ? i : i - HALF_ROUND - 1;
      const angle = turn + (atStart ? Math.PI / 2 : -Math.PI / 2) + (Math.PI * step) / HALF_ROUND;
      const radius = (atStart ? ra : rb) * wide;
      const at = first + ring * OUTLINE + i;
      positions[3 * at] = (atStart ? ax : bx) + Math.cos(angle) * radius;
      positions[3 * at + 1] = (atStart ? ay : by) + Math.sin(angle) * radius;
      positions[3 * at + 2] = 0;
      strengths[at] = ring === 0 ? strength : 0;
    }
  }
}
