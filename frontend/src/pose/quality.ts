/* What a pose is good for: pure rules from landmarks to one state, and how long a state must last before a person reads it. */
import {
  LEFT_HIP,
  LEFT_KNEE,
  LEFT_SHOULDER,
  POSE_LENGTH,
  RIGHT_HIP,
  RIGHT_KNEE,
  RIGHT_SHOULDER,
  visibilityOf,
  xOf,
  yOf,
} from "./landmarks.ts";

export type PoseState = "ok" | "no_person" | "two_people" | "too_near" | "turned_away" | "from_behind" | "no_legs";

/** Shoulders less sure than this are guesses about a chair or a curtain. */
const SEEN = 0.5;
/** A second person is company from this share of the first's shoulder width; smaller ones pass by in the background. */
const COMPANY = 0.45;
/** In frame widths. Wider shoulders leave no room for sleeves and arms. */
const NEAR_WIDTH = 0.72;
/** Shoulder width over torso length: about 0.8 from the front, 0.3 at 70 degrees, where a flat picture no longer fits. */
const TURNED = 0.3;

/**
 * Return the state of what the camera sees.
 *
 * @param poses One pose after the other, the largest first.
 * @param aspect Width over height of the frame.
 */
export function stateOf(poses: Float32Array, count: number, aspect: number, { legs = false } = {}): PoseState {
  if (count === 0 || visibilityOf(poses, LEFT_SHOULDER) < SEEN || visibilityOf(poses, RIGHT_SHOULDER) < SEEN) return "no_person";
  const width = shoulderWidth(poses, aspect);
  if (count > 1 && shoulderWidth(poses.subarray(POSE_LENGTH), aspect) > COMPANY * width) return "two_people";
  const left = xOf(poses, LEFT_SHOULDER);
  const right = xOf(poses, RIGHT_SHOULDER);
  const lowest = Math.max(yOf(poses, LEFT_SHOULDER), yOf(poses, RIGHT_SHOULDER));
  const outside = Math.min(left, right) < 0 || Math.max(left, right) > 1 || lowest > 0.92;
  if (outside || width > NEAR_WIDTH * aspect) return "too_near";
  if (Math.abs(left - right) * aspect < TURNED * torsoLength(poses, aspect)) return "turned_away";
  if (left < right) return "from_behind";
  if (legs && !legsSeen(poses)) return "no_legs";
  return "ok";
}

export type PoseAdvice = "nobody" | "several" | "cropped" | "sideways" | "behind";

/** Return what a person should know of the poses in a photo before it is sent: hints, never refusals. */
export function stillAdvice(poses: Float32Array, count: number, aspect: number): PoseAdvice[] {
  const state = stateOf(poses, count, aspect);
  if (state === "no_person") return ["nobody"];
  const advice: PoseAdvice[] = state === "two_people" ? ["several"] : [];
  const hips = [LEFT_HIP, RIGHT_HIP];
  const cropped = hips.some((hip) => yOf(poses, hip) > 1 || xOf(poses, hip) < 0 || xOf(poses, hip) > 1);
  if (state === "too_near" || cropped) advice.push("cropped");
  if (state === "turned_away") advice.push("sideways");
  if (state === "from_behind") advice.push("behind");
  return advice;
}

/** The distance between the shoulders, in frame heights. */
export function shoulderWidth(pose: Float32Array, aspect: number): number {
  const dx = (xOf(pose, LEFT_SHOULDER) - xOf(pose, RIGHT_SHOULDER)) * aspect;
  return Math.hypot(dx, yOf(pose, LEFT_SHOULDER) - yOf(pose, RIGHT_SHOULDER));
}

function torsoLength(pose: Float32Array, aspect: number): number {
  const dx = (xOf(pose, LEFT_SHOULDER) + xOf(pose, RIGHT_SHOULDER) - xOf(pose, LEFT_HIP) - xOf(pose, RIGHT_HIP)) / 2;
  const dy = (yOf(pose, LEFT_SHOULDER) + yOf(pose, RIGHT_SHOULDER) - yOf(pose, LEFT_HIP) - yOf(pose, RIGHT_HIP)) / 2;
  return Math.hypot(dx * aspect, dy);
}

function legsSeen(pose: Float32Array): boolean {
  const sure = Math.min(visibilityOf(pose, LEFT_KNEE), visibilityOf(pose, RIGHT_KNEE)) >= SEEN;
  return sure && Math.min(yOf(pose, LEFT_KNEE), yOf(pose, RIGHT_KNEE)) < 1;
}

/** A state that a person reads, and the one that is about to follow it. */
export interface Settled {
  state: PoseState;
  next: PoseState;
  /** When `next` was first seen. */
  sinceMs: number;
}

export const SETTLED: Settled = { state: "no_person", next: "no_person", sinceMs: 0 };

/** Good news comes soon; an advice that flickers cannot be read. */
const HOLD_MS: Record<"good" | "bad", number> = { good: 150, bad: 600 };

/** Return what is shown after `seen` at `nowMs`; the same object where nothing changes. */
export function settle(kept: Settled, seen: PoseState, nowMs: number): Settled {
  if (seen === kept.state) return kept.next === seen ? kept : { state: seen, next: seen, sinceMs: nowMs };
  if (seen !== kept.next) return { state: kept.state, next: seen, sinceMs: nowMs };
  const hold = seen === "ok" ? HOLD_MS.good : HOLD_MS.bad;
  return nowMs - kept.sinceMs >= hold ? { state: seen, next: seen, sinceMs: nowMs } : kept;
}
