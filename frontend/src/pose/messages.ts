/* What the page and the pose worker send each other. A buffer travels there and back, so no pose allocates one. */

export type ToWorker = { kind: "frame"; frame: ImageBitmap; takenMs: number; buffer: Float32Array<ArrayBuffer> };

export type FromWorker =
  | { kind: "ready" }
  | { kind: "failed"; message: string }
  /** `buffer` holds `count` poses, the largest first; `tookMs` is the model's time. */
  | { kind: "poses"; count: number; takenMs: number; tookMs: number; buffer: Float32Array<ArrayBuffer> };

/** The Mirror follows one person and must know of a second. */
export const MOST_PEOPLE = 2;
