/*
 * Where a cut-out's trunk, shoulders, hem and sleeves are, read from its outline. Pure.
 *
 * The corners of the picture are no corners of the garment: a T-shirt's cuffs reach beyond its shoulders. All places are shares
 * of the picture, 0, 0 = top left.
 */
import { SIDE } from "./mesh.ts";

export type Category = "upper" | "lower" | "dress";

export interface Sleeve {
  /** The upper end of the seam: the sleeve turns about this point. */
  joint: readonly [number, number];
  /** The middle of the far end. */
  cuff: readonly [number, number];
  /** The lowest row of the sleeve. */
  bottom: number;
}

export interface Anatomy {
  category: Category;
  /** Height over width of the picture. */
  tallness: number;
  left: number;
  right: number;
  /** The row of the shoulders' seams, or of the waistband. */
  top: number;
  hem: number;
  /** Left and right in the picture. */
  sleeves: readonly [Sleeve | null, Sleeve | null];
  /** The mesh's columns and rows in the picture. */
  columns: readonly number[];
  rows: readonly number[];
}

/** An alpha channel, row by row, 0 to 255. */
export interface Alpha {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

const SOLID = 127;
/** The rows, as shares of the height, in which the trunk's sides are read: below short sleeves, above a skirt. */
const SIDES: Record<Category, readonly [number, number]> = { upper: [0.5, 0.8], dress: [0.24, 0.42], lower: [0.02, 0.08] };
/** Shoulders lie at most this far below the highest point of the garment; farther down there are straps only. */
const LOW_TOP = 0.22;
/** A sleeve reaches out at least so far, as a share of the trunk's width. */
const LEAST_SLEEVE = 0.12;
/** In heights: how far below the seam a sleeve may leave the trunk, and how steeply its upper edge may fall from column to column. */
const BEGINS_ABOVE = 0.2;
const FALLS_BY = 0.15;
/** Columns of the mesh that belong to a sleeve. */
export const SLEEVE_COLUMNS = 3;
/** Rows of the mesh down to the cuffs: sleeves bend, the trunk does not. */
const SLEEVE_ROWS = 6;

/** Read a garment of a category. */
export function readAnatomy(alpha: Alpha, category: Category): Anatomy {
  const { width, height } = alpha;
  const solid = (x: number, y: number) => (alpha.data[y * width + x] as number) > SOLID;
  const bottom = lastRow(alpha, solid);
  const [left, right] = sides(alpha, solid, ...SIDES[category]);
  const first = { left: topAt(alpha, solid, left), right: topAt(alpha, solid, right) };
  const highest = highestBetween(alpha, solid, left, right);
  const low = (top: number) => (top - highest > LOW_TOP * height ? highest + 0.03 * height : top);
  const top = category === "lower" ? highest : (low(first.left) + low(first.right)) / 2;
  const hem = lastIn(alpha, solid, Math.round((left + right) / 2)) ?? bottom;
  const sleeves: [Sleeve | null, Sleeve | null] =
    category === "lower" ? [null, null] : [sleeve(alpha, solid, left, right, top, false), sleeve(alpha, solid, left, right, top, true)];
  const body = { left: left / width, right: right / width };
  return {
    category,
    tallness: height / width,
    ...body,
    top: top / height,
    hem: Math.max(hem / height, top / height + 0.1),
    sleeves,
    columns: sleeves[0] || sleeves[1] ? columnsBetween(body.left, body.right) : even(),
    rows: sleeves[0] || sleeves[1] ? rowsTo(Math.max(sleeves[0]?.bottom ?? 0, sleeves[1]?.bottom ?? 0)) : even(),
  };
}

type Solid = (x: number, y: number) => boolean;

function even(): number[] {
  return Array.from({ length: SIDE }, (_, i) => i / (SIDE - 1));
}

/** Three columns for each sleeve, the others between the trunk's sides. */
function columnsBetween(left: number, right: number): number[] {
  const inner = SIDE - 1 - 2 * SLEEVE_COLUMNS;
  return Array.from({ length: SIDE }, (_, i) => {
    if (i < SLEEVE_COLUMNS) return (left * i) / SLEEVE_COLUMNS;
    if (i > SIDE - 1 - SLEEVE_COLUMNS) return 1 - ((1 - right) * (SIDE - 1 - i)) / SLEEVE_COLUMNS;
    return left + ((right - left) * (i - SLEEVE_COLUMNS)) / inner;
  });
}

function rowsTo(cuffs: number): number[] {
  const bend = Math.min(Math.max(cuffs, 0.2), 0.9);
  return Array.from({ length: SIDE }, (_, i) =>
    i <= SLEEVE_ROWS ? (bend * i) / SLEEVE_ROWS : bend + ((1 - bend) * (i - SLEEVE_ROWS)) / (SIDE - 1 - SLEEVE_ROWS),
  );
}

/** The median left and right edge of the middle piece in these rows. */
function sides({ width, height }: Alpha, solid: Solid, from: number, to: number): [number, number] {
  const lefts: number[] = [];
  const rights: number[] = [];
  const end = Math.max(Math.round(to * height), Math.round(from * height) + 1);
  let weight = 0;
  let sum = 0;
  for (let y = Math.round(from * height); y < end; y++) {
    for (let x = 0; x < width; x++) {
      if (!solid(x, y)) continue;
      weight++;
      sum += x;
    }
  }
  const middle = weight ? Math.round(sum / weight) : Math.round(width / 2);
  for (let y = Math.round(from * height); y < end; y++) {
    if (!solid(middle, y)) continue;
    let left = middle;
    let right = middle;
    while (left > 0 && solid(left - 1, y)) left--;
    while (right < width - 1 && solid(right + 1, y)) right++;
    lefts.push(left);
    rights.push(right + 1);
  }
  return lefts.length ? [median(lefts), median(rights)] : [0, width];
}

function median(numbers: number[]): number {
  numbers.sort((a, b) => a - b);
  return numbers[Math.floor(numbers.length / 2)] as number;
}

function firstIn({ height }: Alpha, solid: Solid, x: number): number | null {
  for (let y = 0; y < height; y++) if (solid(x, y)) return y;
  return null;
}

function lastIn({ height }: Alpha, solid: Solid, x: number): number | null {
  for (let y = height - 1; y >= 0; y--) if (solid(x, y)) return y + 1;
  return null;
}

function lastRow(alpha: Alpha, solid: Solid): number {
  for (let y = alpha.height - 1; y >= 0; y--) for (let x = 0; x < alpha.width; x++) if (solid(x, y)) return y + 1;
  return alpha.height;
}

/** The median top of the outline about a column. */
function topAt(alpha: Alpha, solid: Solid, x: number): number {
  const strap = Math.max(1, Math.round(0.02 * alpha.width));
  const tops: number[] = [];
  for (let at = Math.round(x) - strap; at <= Math.round(x) + strap; at++) {
    if (at >= 0 && at < alpha.width) tops.push(firstIn(alpha, solid, at) ?? alpha.height);
  }
  return median(tops);
}

function highestBetween(alpha: Alpha, solid: Solid, left: number, right: number): number {
  let highest = alpha.height;
  for (let x = Math.round(left); x < Math.min(Math.round(right), alpha.width); x++) {
    highest = Math.min(highest, firstIn(alpha, solid, x) ?? alpha.height);
  }
  return highest === alpha.height ? 0 : highest;
}

/** Read one sleeve: what lies beyond a side of the trunk and begins above the middle of the garment. */
function sleeve(alpha: Alpha, solid: Solid, left: number, right: number, top: number, mirrored: boolean): Sleeve | null {
  const { width, height } = alpha;
  const column = (outward: number) => (mirrored ? Math.round(right) + outward : Math.round(left) - 1 - outward);
  const room = mirrored ? width - Math.round(right) : Math.round(left);
  if (room < LEAST_SLEEVE * (right - left)) return null;
  // Follow the cloth outward, column by column, from where it leaves the trunk: a hem's flare is not reached from there.
  const bottoms: number[] = [];
  let upper = Math.round(top);
  for (let outward = 0; outward < room; outward++) {
    const x = column(outward);
    let y = firstIn(alpha, solid, x);
    if (y === null || y > upper + (outward === 0 ? BEGINS_ABOVE : FALLS_BY) * height) break;
    upper = y;
    while (y < height && solid(x, y)) y++;
    bottoms.push(y);
  }
  if (bottoms.length < LEAST_SLEEVE * (right - left)) return null;
  const reach = bottoms.length;
  const far = column(Math.round(0.85 * (reach - 1)));
  const farTop = firstIn(alpha, solid, far) as number;
  const farBottom = bottoms[Math.round(0.85 * (reach - 1))] as number;
  const lowest = bottoms.slice(Math.floor(reach / 3)).reduce((most, y) => Math.max(most, y), 0);
  return {
    joint: [(mirrored ? right : left) / width, top / height],
    cuff: [(far + 0.5) / width, (farTop * 0.25 + farBottom * 0.75) / height],
    bottom: lowest / height,
  };
}
