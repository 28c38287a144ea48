/*
 * The 33 landmarks of BlazePose, as the pages hold them: one Float32Array, four numbers each.
 *
 * x and y are shares of the camera's frame (0, 0 = top left, not mirrored), z is a depth on x's scale (smaller = nearer to the
 * camera), visibility is 0 to 1.
 */
export const LANDMARKS = 33;
export const STRIDE = 4;
export const POSE_LENGTH = LANDMARKS * STRIDE;

export const NOSE = 0;
export const LEFT_EYE = 2;
export const RIGHT_EYE = 5;
export const LEFT_EAR = 7;
export const RIGHT_EAR = 8;
export const MOUTH_LEFT = 9;
export const MOUTH_RIGHT = 10;
export const LEFT_SHOULDER = 11;
export const RIGHT_SHOULDER = 12;
export const LEFT_ELBOW = 13;
export const RIGHT_ELBOW = 14;
export const LEFT_WRIST = 15;
export const RIGHT_WRIST = 16;
export const LEFT_INDEX = 19;
export const RIGHT_INDEX = 20;
export const LEFT_HIP = 23;
export const RIGHT_HIP = 24;
export const LEFT_KNEE = 25;
export const RIGHT_KNEE = 26;
export const LEFT_ANKLE = 27;
export const RIGHT_ANKLE = 28;

/** Numbers that are written in place; plain arrays serve tests. */
export type Numbers = Float32Array | number[];

export const xOf = (pose: ArrayLike<number>, landmark: number): number => pose[landmark * STRIDE] as number;
export const yOf = (pose: ArrayLike<number>, landmark: number): number => pose[landmark * STRIDE + 1] as number;
export const zOf = (pose: ArrayLike<number>, landmark: number): number => pose[landmark * STRIDE + 2] as number;
export const visibilityOf = (pose: ArrayLike<number>, landmark: number): number => pose[landmark * STRIDE + 3] as number;
