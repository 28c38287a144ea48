/*
 * The governor: how sharply the canvas is drawn and how often a pose is taken, by what frames and poses cost here.
 *
 * Rendering goes first: a mirror that lags is worse than a garment that follows ten times a second.
 */

/** Canvas pixels per CSS pixel, from the sharpest. Software rendering begins at the last. */
export const SHARPNESS = [2, 1.5, 1, 0.75, 0.5] as const;

const SLOW_FRAME_MS = 25;
const QUICK_FRAME_MS = 18;
/** So many frames are looked at before a step down, and more before a step up: steps are seen, flapping even more. */
const FRAMES_DOWN = 45;
const FRAMES_UP = 240;
/** A step up that was too much is not tried again before so many frames. */
const FRAMES_AFTER_FALL = 3600;
/** Poses leave at least this share of the time to everything else. */
const POSE_SHARE = 0.6;
export const POSE_INTERVAL_MS = { least: 33, most: 250 } as const;
/** A tab that was hidden says nothing about frames. */
const PAUSE_MS = 400;

export class Governor {
  private step: number;
  private readonly sharpest: number;
  private frameMs = 16;
  private poseMs = 40;
  private frames = 0;
  private patience = FRAMES_UP;

  /** @param deviceRatio The screen's own pixels per CSS pixel. */
  constructor({ deviceRatio, software }: { deviceRatio: number; software: boolean }) {
    this.sharpest = Math.max(0, SHARPNESS.findIndex((one) => one <= Math.max(deviceRatio, 1)));
    this.step = software ? SHARPNESS.length - 1 : this.sharpest;
  }

  /** Canvas pixels per CSS pixel. */
  get sharpness(): number {
    return SHARPNESS[this.step] as number;
  }

  /** The least time between the starts of two poses. */
  get poseIntervalMs(): number {
    const wanted = this.poseMs / POSE_SHARE + Math.max(0, this.frameMs - QUICK_FRAME_MS) * 2;
    return Math.min(POSE_INTERVAL_MS.most, Math.max(POSE_INTERVAL_MS.least, wanted));
  }

  /** Note the time between two frames; return whether the sharpness changed. */
  frame(elapsedMs: number): boolean {
    if (elapsedMs <= 0 || elapsedMs > PAUSE_MS) return false;
    this.frameMs += 0.08 * (elapsedMs - this.frameMs);
    this.frames++;
    if (this.frameMs > SLOW_FRAME_MS && this.frames >= FRAMES_DOWN && this.step < SHARPNESS.length - 1) {
      this.patience = FRAMES_AFTER_FALL;
      return this.move(1);
    }
    if (this.frameMs < QUICK_FRAME_MS && this.frames >= this.patience && this.step > this.sharpest) return this.move(-1);
    return false;
  }

  /** Note what one pose took. */
  pose(tookMs: number): void {
    if (tookMs > 0) this.poseMs += 0.2 * (tookMs - this.poseMs);
  }

  private move(by: 1 | -1): true {
    this.step += by;
    this.frames = 0;
    return true;
  }
}
