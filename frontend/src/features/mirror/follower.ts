/*
 * What moves: the newest pose, what is drawn of it now, and the numbers that the graphics card reads. All arrays live as long as
 * the page; a frame and a pose allocate nothing.
 */
import { POSE_LENGTH } from "../../pose/landmarks.ts";
import { OneEuro } from "../../pose/oneEuro.ts";
import type { Anatomy } from "./anatomy.ts";
import { writeCorners } from "./corners.ts";
import { AS_MEASURED, type Fit } from "./fit.ts";
import { VERTICES, writeMesh } from "./mesh.ts";
import { OCCLUDER_VERTICES, writeOccluders } from "./occlusion.ts";
import { across, bendSleeves, down, isLongSleeved } from "./sleeves.ts";

/** Between poses the drawn pose goes towards the newest one, by half in 20 ms: poses come at 5 to 30 Hz, frames at 60. */
const FOLLOW_PER_MS = Math.LN2 / 20;
/** A person who is lost for a moment (a hand before the face) keeps the garment; it fades in and out in a third of a second. */
const KEEP_MS = 350;
/** Without any answer of the worker for so long, nothing is known of the person. A slow device answers four times a second. */
const SILENT_MS = 3000;
const FADE_PER_MS = 1 / 300;

export class Follower {
  readonly positions = new Float32Array(3 * VERTICES);
  readonly occluders = new Float32Array(3 * OCCLUDER_VERTICES);
  readonly strengths = new Float32Array(OCCLUDER_VERTICES);
  readonly corners = new Float32Array(8);
  /** How much of the garment is seen, 0 to 1. */
  opacity = 0;
  /** The shoulder width, as a share of the frame's height. */
  unit = 0.3;

  private fit: Fit = AS_MEASURED;
  private readonly newest = new Float32Array(POSE_LENGTH);
  private readonly drawn = new Float32Array(POSE_LENGTH);
  private readonly filter = new OneEuro(POSE_LENGTH);
  private readonly us = new Float32Array(10);
  private readonly vs = new Float32Array(10);
  private garment: Anatomy | null = null;
  private longSleeved = false;
  private lastAnswerMs = Number.NEGATIVE_INFINITY;
  private lastSeenMs = Number.NEGATIVE_INFINITY;
  private fresh = true;

  wear(garment: Anatomy | null): void {
    this.garment = garment;
    if (!garment) return;
    this.longSleeved = isLongSleeved(garment);
    for (let i = 0; i < 10; i++) {
      this.us[i] = across(garment, garment.columns[i] as number);
      this.vs[i] = down(garment, garment.rows[i] as number);
    }
  }

  /** Hang the garment as a person moved and sized it. */
  adjust(fit: Fit): void {
    this.fit = fit;
  }

  /** Take a pose; `shows` is whether a garment belongs on it. */
  see(pose: Float32Array, takenMs: number, shows: boolean): void {
    this.lastAnswerMs = takenMs;
    if (!shows) return;
    for (let i = 0; i < POSE_LENGTH; i++) this.newest[i] = pose[i] as number;
    this.filter.smooth(this.newest, takenMs);
    if (this.opacity === 0) this.fresh = true;
    this.lastSeenMs = takenMs;
  }

  /** Move everything to `nowMs`, `elapsedMs` after the last frame. */
  draw(nowMs: number, elapsedMs: number, aspect: number): void {
    const shows = this.lastAnswerMs - this.lastSeenMs <= KEEP_MS && nowMs - this.lastAnswerMs < SILENT_MS;
    const change = Math.min(elapsedMs, 100) * FADE_PER_MS;
    this.opacity = Math.min(1, Math.max(0, this.opacity + (shows ? change : -change)));
    if (this.opacity === 0 || !this.garment) return;
    const share = this.fresh ? 1 : 1 - Math.exp(-elapsedMs * FOLLOW_PER_MS);
    this.fresh = false;
    for (let i = 0; i < POSE_LENGTH; i++) {
      this.drawn[i] = (this.drawn[i] as number) + share * ((this.newest[i] as number) - (this.drawn[i] as number));
    }
    this.unit = writeCorners(this.corners, this.drawn, aspect, this.garment, this.fit);
    writeMesh(this.positions, this.corners, this.us, this.vs);
    bendSleeves(this.positions, this.corners, this.garment, this.drawn, aspect);
    writeOccluders(this.occluders, this.strengths, this.drawn, aspect, this.unit, this.longSleeved);
  }
}
