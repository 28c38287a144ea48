/*
 * The neck opening of a cut-out: the inside of the back, which a worn garment's neck hides. Pure.
 *
 * A product photo shows it as a patch of one colour at the top middle. The Mirror makes it transparent, so the person's own neck
 * is seen there.
 */

/** RGBA, row by row, not premultiplied. */
export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** Where the patch is looked for below the top middle, as shares of the height: under the collar's back. */
const DEPTHS = [0.012, 0.03, 0.05, 0.08] as const;
const CHEST = 0.3;
/** Of lightness and of the two colour differences, out of 255. */
const LIGHTNESS = 24;
const COLOUR = 14;
/** Of the cut-out's cloth: a smaller patch is a seam, a larger one the garment itself. */
const SHARE = { least: 0.004, most: 0.08 } as const;
const REACH = { least: 0.15, most: 0.8 } as const;

/** Return which pixels are the opening and the collar's back above it, or null where there is none. */
export function openingOf(picture: Pixels, left: number, right: number): Uint8Array | null {
  const { data, width, height } = picture;
  const chest = Math.round(CHEST * height);
  const middle = Math.round((left + right) / 2);
  const solid = (at: number) => (data[4 * at + 3] as number) > 127;
  let cloth = 0;
  for (let at = 0; at < width * height; at++) if (solid(at)) cloth++;
  let top = 0;
  while (top < chest && !solid(top * width + middle)) top++;
  for (const depth of DEPTHS) {
    const row = top + Math.max(2, Math.round(depth * height));
    if (row >= chest || !solid(row * width + middle)) break;
    const patch = flood(picture, row * width + middle, middle, 0.42 * (right - left), chest);
    if (!patch) continue;
    const reach = patch.columns / Math.max(right - left, 1);
    const share = patch.size / Math.max(cloth, 1);
    if (share >= SHARE.least && share <= SHARE.most && reach >= REACH.least && reach <= REACH.most) {
      return withWhatIsAbove(patch.found, picture, solid);
    }
  }
  return null;
}

/** Make the opening transparent, with a soft edge of one pixel; return whether there was one. */
export function open(picture: Pixels, left: number, right: number): boolean {
  const found = openingOf(picture, left, right);
  if (!found) return false;
  const { data, width } = picture;
  for (let at = 0; at < found.length; at++) {
    if (found[at]) data[4 * at + 3] = 0;
    else if (found[at - 1] || found[at + 1] || found[at - width] || found[at + width]) data[4 * at + 3] = (data[4 * at + 3] as number) / 2;
  }
  return true;
}

/** What has the seed's colour and hangs together with it; null where it runs into the chest. */
function flood({ data, width }: Pixels, seed: number, middle: number, half: number, chest: number) {
  const found = new Uint8Array(data.length / 4);
  const columns = new Uint8Array(width);
  const stack = [seed];
  const first = colour(data, seed);
  found[seed] = 1;
  let size = 0;
  while (stack.length) {
    const at = stack.pop() as number;
    const x = at % width;
    size++;
    columns[x] = 1;
    if (at / width >= chest - 2) return null;
    for (const next of [at - 1, at + 1, at - width, at + width]) {
      if (next < 0 || found[next] || (data[4 * next + 3] as number) <= 127) continue;
      if (Math.abs((next % width) - middle) > half || Math.abs((next % width) - x) > 1) continue;
      const here = colour(data, next);
      if (Math.abs(here[0] - first[0]) > LIGHTNESS || Math.abs(here[1] - first[1]) > COLOUR || Math.abs(here[2] - first[2]) > COLOUR) continue;
      found[next] = 1;
      stack.push(next);
    }
  }
  return { found, size, columns: columns.reduce((sum, one) => sum + one, 0) };
}

/** Lightness and two colour differences. */
function colour(data: Uint8ClampedArray, at: number): [number, number, number] {
  const r = data[4 * at] as number;
  const g = data[4 * at + 1] as number;
  const b = data[4 * at + 2] as number;
  const light = 0.299 * r + 0.587 * g + 0.114 * b;
  return [light, (r - light) * 0.71, (b - light) * 0.56];
}

function withWhatIsAbove(found: Uint8Array, { width, height }: Pixels, solid: (at: number) => boolean): Uint8Array {
  for (let x = 0; x < width; x++) {
    let below = false;
    for (let y = height - 1; y >= 0; y--) {
      const at = y * width + x;
      if (found[at]) below = true;
      else if (below && solid(at)) found[at] = 1;
    }
  }
  return found;
}
