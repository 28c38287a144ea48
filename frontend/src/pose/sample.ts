/* For tests: a person who faces the camera, as the camera sees it (not mirrored), and ways to change them. */
import * as at from "./landmarks.ts";

/** x, y of a landmark. */
const FRONT: Record<number, readonly [number, number]> = {
  [at.NOSE]: [0.5, 0.2],
  [at.LEFT_EYE]: [0.52, 0.18],
  [at.RIGHT_EYE]: [0.48, 0.18],
  [at.LEFT_EAR]: [0.55, 0.19],
  [at.RIGHT_EAR]: [0.45, 0.19],
  [at.MOUTH_LEFT]: [0.515, 0.23],
  [at.MOUTH_RIGHT]: [0.485, 0.23],
  [at.LEFT_SHOULDER]: [0.6, 0.35],
  [at.RIGHT_SHOULDER]: [0.4, 0.35],
  [at.LEFT_ELBOW]: [0.65, 0.5],
  [at.RIGHT_ELBOW]: [0.35, 0.5],
  [at.LEFT_WRIST]: [0.66, 0.63],
  [at.RIGHT_WRIST]: [0.34, 0.63],
  [at.LEFT_INDEX]: [0.66, 0.67],
  [at.RIGHT_INDEX]: [0.34, 0.67],
  [at.LEFT_HIP]: [0.57, 0.65],
  [at.RIGHT_HIP]: [0.43, 0.65],
  [at.LEFT_KNEE]: [0.57, 0.8],
  [at.RIGHT_KNEE]: [0.43, 0.8],
  [at.LEFT_ANKLE]: [0.57, 0.95],
  [at.RIGHT_ANKLE]: [0.43, 0.95],
};

export type Changes = Record<number, { x?: number; y?: number; z?: number; visibility?: number }>;

export function person(changes: Changes = {}): Float32Array<ArrayBuffer> {
  const pose = new Float32Array(at.POSE_LENGTH);
  for (let i = 0; i < at.LANDMARKS; i++) {
    const [x, y] = FRONT[i] ?? [0.5, 0.2];
    const more = changes[i] ?? {};
    pose.set([more.x ?? x, more.y ?? y, more.z ?? 0, more.visibility ?? 0.99], i * at.STRIDE);
  }
  return pose;
}

/** The same person, turned round: left and right change sides. */
export function fromBehind(): Float32Array<ArrayBuffer> {
  const pose = person();
  for (let i = 0; i < at.LANDMARKS; i++) pose[i * at.STRIDE] = 1 - (pose[i * at.STRIDE] as number);
  return pose;
}

/** The person, moved, and larger or smaller about the frame's middle. */
export function placed(pose: Float32Array<ArrayBuffer>, { x = 0, y = 0, scale = 1 }: { x?: number; y?: number; scale?: number }): Float32Array<ArrayBuffer> {
  const moved = pose.slice();
  for (let i = 0; i < at.LANDMARKS; i++) {
    moved[i * at.STRIDE] = 0.5 + ((pose[i * at.STRIDE] as number) - 0.5) * scale + x;
    moved[i * at.STRIDE + 1] = 0.5 + ((pose[i * at.STRIDE + 1] as number) - 0.5) * scale + y;
  }
  return moved;
}
