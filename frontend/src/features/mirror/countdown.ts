/* The countdown before a picture. Pure: the moments are arguments. */

export const DELAYS = [0, 3, 10] as const;
export type Delay = (typeof DELAYS)[number];

/** Return the number that is shown `nowMs`, 0 when the moment has come. */
export function remaining({ startedMs, seconds }: { startedMs: number; seconds: number }, nowMs: number): number {
  return Math.max(0, Math.ceil(seconds - (nowMs - startedMs) / 1000));
}

/** Return in how many milliseconds the shown number changes next. */
export function untilNext({ startedMs, seconds }: { startedMs: number; seconds: number }, nowMs: number): number {
  const left = seconds * 1000 - (nowMs - startedMs);
  return left <= 0 ? 0 : left - (Math.ceil(left / 1000) - 1) * 1000;
}
