/* A mask as stripes over a photo. Pure. */

/** The accent's hue, seen on light and dark clothes alike. */
const TINT = [30, 210, 190] as const;
const STRIPE_PIXELS = 14;

/** Turn a mask (white: may change) into stripes that let the photo through, in place: RGBA, 8 bits. */
export function tint(pixels: Uint8ClampedArray, width: number): void {
  for (let at = 0, n = 0; at < pixels.length; at += 4, n++) {
    const inside = pixels[at] ?? 0;
    const striped = Math.floor(((n % width) + Math.floor(n / width)) / STRIPE_PIXELS) % 2 === 0;
    pixels.set(TINT, at);
    pixels[at + 3] = inside * (striped ? 0.55 : 0.28);
  }
}
