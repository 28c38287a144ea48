/* Sizes of pictures, and what may be wrong with one before it is sent. Pure. */

export const LONGEST_PIXELS = 2048;
export const LEAST_PIXELS = 256;
const DARK = 0.16;
const BRIGHT = 0.93;
const FLAT = 0.045;

export interface Size {
  width: number;
  height: number;
}

/** Return the size that fits into a square, with the same shape; a smaller picture stays as it is. */
export function fitted({ width, height }: Size, longest = LONGEST_PIXELS): Size {
  const scale = Math.min(1, longest / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export type Advice = "small" | "dark" | "bright" | "flat";

/**
 * Return what a person should know of a picture before it is sent.
 *
 * @param pixels RGBA, 8 bits, of a small copy.
 * @param size Of the picture itself.
 */
export function adviceFor(pixels: Uint8ClampedArray, size: Size): Advice[] {
  const advice: Advice[] = [];
  if (Math.min(size.width, size.height) < LEAST_PIXELS) advice.push("small");
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let at = 0; at + 3 < pixels.length; at += 4) {
    if ((pixels[at + 3] ?? 0) < 128) continue; // A cut-out's nothing has no light.
    const light = (0.2126 * (pixels[at] ?? 0) + 0.7152 * (pixels[at + 1] ?? 0) + 0.0722 * (pixels[at + 2] ?? 0)) / 255;
    sum += light;
    squares += light * light;
    count += 1;
  }
  if (4 * count < pixels.length) return advice; // A cut-out's light is its cloth's: black, white or plain is no fault.
  const mean = sum / count;
  const spread = Math.sqrt(Math.max(0, squares / count - mean * mean));
  if (mean < DARK) advice.push("dark");
  else if (mean > BRIGHT && spread < FLAT) advice.push("bright");
  else if (spread < FLAT) advice.push("flat");
  return advice;
}
