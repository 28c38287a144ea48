/*
 * From landmarks to where the garment's four corners go: pure, in place.
 *
 * In the mirrored view the corners follow landmarks 11 (left shoulder, top left), 12 (top right), 23 (left hip, bottom left) and
 * 24 (bottom right). Landmarks are joints inside the body, so every category has its own padding around them.
 */
import {
  LEFT_ANKLE,
  LEFT_HIP,
  LEFT_KNEE,
  LEFT_SHOULDER,
  type Numbers,
  RIGHT_ANKLE,
  RIGHT_HIP,
  RIGHT_KNEE,
  RIGHT_SHOULDER,
  visibilityOf,
  xOf,
  yOf,
} from "../../pose/landmarks.ts";
import type { Anatomy } from "./anatomy.ts";
import type { Fit } from "./fit.ts";

/** In shoulder widths: how far seams lie outside and above the joints, and how wide a hem is. */
export interface Padding {
  outward: number;
  upward: number;
  hemWidth: number;
}

/** The joints of an adult's shoulders lie 0.12 inside the outline and as far below it. */
export const PADDING: Record<"upper" | "dress", Padding> = {
  upper: { outward: 0.1, upward: 0.13, hemWidth: 1.16 },
  dress: { outward: 0.1, upward: 0.13, hemWidth: 1.16 },
};

/** How far down a garment may end, in lengths from shoulder to hip: its own shape decides inside these bounds. */
const LENGTHS: Record<"upper" | "dress", readonly [number, number]> = { upper: [0.85, 1.3], dress: [1.2, 2.7] };
const WAIST_ABOVE_HIPS = 0.24;
const WAIST_WIDTH = 0.98;
const HIPS_TO_HEM: readonly [number, number] = [0.5, 2.6];

/** Torso over shoulder width of an adult, where hips are out of the picture and their landmarks a guess. */
const USUAL_TORSO = 1.45;
/** From the side the shoulders lie behind each other; the trunk is then about this deep, in torso lengths. */
const LEAST_SPAN = 0.45;

/** Return x of a landmark in the mirrored scene. */
export const sceneX = (pose: ArrayLike<number>, landmark: number, aspect: number): number => (1 - xOf(pose, landmark)) * aspect;
/** Return y of a landmark in the scene, upward. */
export const sceneY = (pose: ArrayLike<number>, landmark: number): number => 1 - yOf(pose, landmark);

const within = (value: number, [least, most]: readonly [number, number]) => Math.min(most, Math.max(least, value));

/** Write landmarks 11, 12, 23, 24 as top left, top right, bottom left, bottom right of the mirrored scene. */
export function writeTorso(out: Numbers, pose: ArrayLike<number>, aspect: number): void {
  write(out, 0, sceneX(pose, LEFT_SHOULDER, aspect), sceneY(pose, LEFT_SHOULDER));
  write(out, 2, sceneX(pose, RIGHT_SHOULDER, aspect), sceneY(pose, RIGHT_SHOULDER));
  write(out, 4, sceneX(pose, LEFT_HIP, aspect), sceneY(pose, LEFT_HIP));
  write(out, 6, sceneX(pose, RIGHT_HIP, aspect), sceneY(pose, RIGHT_HIP));
}

/**
 * Write where the corners of a garment's trunk go.
 *
 * @returns The shoulder width, in scene units.
 */
export function writeCorners(out: Numbers, pose: ArrayLike<number>, aspect: number, garment: Anatomy, fit: Fit): number {
  return garment.category === "lower"
    ? writeLower(out, pose, aspect, garment, fit)
    : writeUpper(out, pose, aspect, garment, fit, garment.category);
}

/** Height over width of the garment's trunk. */
function shapeOf(garment: Anatomy): number {
  return ((garment.hem - garment.top) * garment.tallness) / Math.max(garment.right - garment.left, 1e-3);
}

function writeUpper(
  out: Numbers,
  pose: ArrayLike<number>,
  aspect: number,
  garment: Anatomy,
  fit: Fit,
  category: "upper" | "dress",
): number {
  const padding = PADDING[category];
  writeTorso(out, pose, aspect);
  const middleX = (at(out, 0) + at(out, 2)) / 2;
  const middleY = (at(out, 1) + at(out, 3)) / 2;
  const acrossX = at(out, 2) - at(out, 0);
  const acrossY = at(out, 3) - at(out, 1);
  const width = Math.hypot(acrossX, acrossY);
  const hipsX = (at(out, 4) + at(out, 6)) / 2 - middleX;
  const hipsY = (at(out, 5) + at(out, 7)) / 2 - middleY;
  const sure = Math.min(visibilityOf(pose, LEFT_HIP), visibilityOf(pose, RIGHT_HIP));
  // Hips below the picture are a guess: the less sure they are, the more an adult's proportions count.
  const torso = Math.hypot(hipsX, hipsY) * sure + USUAL_TORSO * width * (1 - sure);
  const span = Math.max(width, LEAST_SPAN * torso);
  const downLength = Math.max(Math.hypot(hipsX, hipsY), 1e-6);
  const downX = hipsX / downLength;
  const downY = hipsY / downLength;
  // A person who has turned round keeps the order of the landmarks, and the mesh shows its back.
  const rightX = width > 1e-6 ? acrossX / width : 1;
  const rightY = width > 1e-6 ? acrossY / width : 0;
  const tiltX = (at(out, 6) - at(out, 4)) * sure + rightX * width * (1 - sure);
  const tiltY = (at(out, 7) - at(out, 5)) * sure + rightY * width * (1 - sure);
  const tilt = Math.max(Math.hypot(tiltX, tiltY), 1e-6);

  const half = span * (0.5 + padding.outward) * fit.scale;
  const length = within(shapeOf(garment) * 2 * half, [LENGTHS[category][0] * torso * fit.scale, LENGTHS[category][1] * torso * fit.scale]);
  const x = middleX - downX * padding.upward * span * fit.scale + fit.x * span;
  const y = middleY - downY * padding.upward * span * fit.scale - fit.y * span;
  const hemHalf = (padding.hemWidth * span * fit.scale) / 2;
  write(out, 0, x - rightX * half, y - rightY * half);
  write(out, 2, x + rightX * half, y + rightY * half);
  write(out, 4, x + downX * length - (tiltX / tilt) * hemHalf, y + downY * length - (tiltY / tilt) * hemHalf);
  write(out, 6, x + downX * length + (tiltX / tilt) * hemHalf, y + downY * length + (tiltY / tilt) * hemHalf);
  return span;
}

function writeLower(out: Numbers, pose: ArrayLike<number>, aspect: number, garment: Anatomy, fit: Fit): number {
  writeTorso(out, pose, aspect);
  const width = Math.hypot(at(out, 2) - at(out, 0), at(out, 3) - at(out, 1));
  const acrossX = at(out, 6) - at(out, 4);
  const acrossY = at(out, 7) - at(out, 5);
  const hips = Math.max(Math.hypot(acrossX, acrossY), 1e-6);
  const span = Math.max(width, 1.6 * hips);
  const middleX = (at(out, 4) + at(out, 6)) / 2;
  const middleY = (at(out, 5) + at(out, 7)) / 2;
  const kneesX = (sceneX(pose, LEFT_KNEE, aspect) + sceneX(pose, RIGHT_KNEE, aspect)) / 2 - middleX;
  const kneesY = (sceneY(pose, LEFT_KNEE) + sceneY(pose, RIGHT_KNEE)) / 2 - middleY;
  const thigh = Math.max(Math.hypot(kneesX, kneesY), 1e-6);
  const half = (WAIST_WIDTH * span * fit.scale) / 2;
  const length = within(shapeOf(garment) * 2 * half, [HIPS_TO_HEM[0] * thigh, HIPS_TO_HEM[1] * thigh]);
  // Trousers stand as wide as the feet do.
  const feet = Math.hypot(
    sceneX(pose, RIGHT_ANKLE, aspect) - sceneX(pose, LEFT_ANKLE, aspect),
    sceneY(pose, RIGHT_ANKLE) - sceneY(pose, LEFT_ANKLE),
  );
  const hemHalf = Math.max(half, (feet / 2 + 0.2 * span) * fit.scale * Math.min(visibilityOf(pose, LEFT_ANKLE), 1));
  const downX = kneesX / thigh;
  const downY = kneesY / thigh;
  const x = middleX - downX * WAIST_ABOVE_HIPS * span + fit.x * span;
  const y = middleY - downY * WAIST_ABOVE_HIPS * span - fit.y * span;
  write(out, 0, x - (acrossX / hips) * half, y - (acrossY / hips) * half);
  write(out, 2, x + (acrossX / hips) * half, y + (acrossY / hips) * half);
  write(out, 4, x + downX * length - (acrossX / hips) * hemHalf, y + downY * length - (acrossY / hips) * hemHalf);
  write(out, 6, x + downX * length + (acrossX / hips) * hemHalf, y + downY * length + (acrossY / hips) * hemHalf);
  return span;
}

function at(numbers: Numbers, index: number): number {
  return numbers[index] as number;
}

function write(out: Numbers, index: number, x: number, y: number): void {
  out[index] = x;
  out[index + 1] = y;
}
