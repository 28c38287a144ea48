/*
 * The One-Euro filter (Casiez, Roussel, Vogel 2012): it holds still what stands still and follows what moves.
 *
 * Its cut-off frequency grows with the speed of the value, so that rest has no tremor and motion has no lag. One filter smooths
 * all numbers of a pose and allocates nothing after its construction.
 */

/** In Hz: the tremor of a resting landmark is faster than this. */
export const MIN_CUTOFF_HZ = 1.2;
/** Hz per (frame width / s). A quick gesture crosses about one frame width a second; it then gets a cut-off near 13 Hz. */
export const BETA = 12;
const DERIVATIVE_CUTOFF_HZ = 1;
/** After so long without a pose the old values are no neighbours of the new ones. */
export const RESET_AFTER_MS = 700;

export class OneEuro {
  private readonly values: Float32Array;
  private readonly speeds: Float32Array;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(size: number) {
    this.values = new Float32Array(size);
    this.speeds = new Float32Array(size);
  }

  /** Smooth `samples`, taken at `nowMs`, in place. */
  smooth(samples: Float32Array, nowMs: number): void {
    const elapsed = (nowMs - this.lastMs) / 1000;
    if (elapsed <= 0) {
      samples.set(this.values);
      return;
    }
    this.lastMs = nowMs;
    if (elapsed > RESET_AFTER_MS / 1000) {
      this.values.set(samples);
      this.speeds.fill(0);
      return;
    }
    const ofSpeed = share(DERIVATIVE_CUTOFF_HZ, elapsed);
    for (let i = 0; i < this.values.length; i++) {
      const before = this.values[i] as number;
      const sample = samples[i] as number;
      const speed = (this.speeds[i] as number) + ofSpeed * ((sample - before) / elapsed - (this.speeds[i] as number));
      const after = before + share(MIN_CUTOFF_HZ + BETA * Math.abs(speed), elapsed) * (sample - before);
      this.speeds[i] = speed;
      this.values[i] = after;
      samples[i] = after;
    }
  }

  /** Forget everything: the next sample passes unchanged. */
  reset(): void {
    this.lastMs = Number.NEGATIVE_INFINITY;
  }
}

/** The weight of a new sample for a low-pass of this cut-off. */
function share(cutoffHz: number, elapsedSeconds: number): number {
  const rate = 2 * Math.PI * cutoffHz * elapsedSeconds;
  return rate / (rate + 1);
}
