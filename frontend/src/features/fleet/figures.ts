/* What the Fleet page computes from the API's figures. Pure. */
import type { Schemas } from "@proteus/client";

export type Overview = Schemas["QueueBody"];
export type Worker = Schemas["WorkerBody"];
export type Figures = Schemas["FiguresBody"];
export type Job = Schemas["QueueJob"];
export type Moment = Schemas["MomentBody"];

export const PARTS = ["prepare", "wait", "fetch", "infer", "store", "total"] as const;
export const PRIORITIES = [2, 1, 0] as const;
export const PICTURES = "queue:jobs";

/** The last values of a series that count: the running minute is not over, so its counts are too small. */
export function latest(values: readonly (number | null)[], { whole }: { whole: boolean }): number | null {
  const end = whole ? values.length - 1 : values.length;
  for (let index = end - 1; index >= Math.max(0, end - 2); index--) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/** Return a round number that is at least as large as every value: 1, 2 or 5 times a power of ten. */
export function ceiling(values: readonly (number | null)[]): number {
  const most = Math.max(0, ...values.filter((value): value is number => value !== null));
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) * power;
}

/** Return an SVG path through values from 0 to `most` on a ground of 100 x 100; a gap where nothing is known. */
export function pathOf(values: readonly (number | null)[], most: number): string {
  const step = values.length > 1 ? 100 / (values.length - 1) : 0;
  let path = "";
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    path += `${pen ? "L" : "M"}${round(index * step)} ${round(100 - (100 * Math.min(value, most)) / most)}`;
    pen = true;
  });
  return path;
}

/** Return how many times faster than one by one a batch makes its pictures: t(1) n / t(n). */
export function speedUps(seconds: Readonly<Record<string, number>>): { size: number; seconds: number; speedUp: number }[] {
  const single = seconds["1"];
  if (!single) return [];
  return Object.entries(seconds)
    .map(([size, batch]) => ({ size: Number(size), seconds: batch, speedUp: (single * Number(size)) / batch }))
    .filter((one) => Number.isFinite(one.speedUp))
    .toSorted((a, b) => a.size - b.size);
}

/** Return the batches by size, smallest first, each with its share of the most frequent. */
export function histogram(batches: Readonly<Record<string, number>>): { size: number; many: number; share: number }[] {
  const most = Math.max(1, ...Object.values(batches));
  return Object.entries(batches)
    .map(([size, many]) => ({ size: Number(size), many, share: many / most }))
    .toSorted((a, b) => a.size - b.size);
}

/** Return the mean number of pictures in a batch; null: there was none. */
export function meanBatch(batches: Readonly<Record<string, number>>): number | null {
  const entries = Object.entries(batches);
  const many = entries.reduce((sum, [, count]) => sum + count, 0);
  return many ? entries.reduce((sum, [size, count]) => sum + Number(size) * count, 0) / many : null;
}

export interface DepthRow {
  kind: string;
  engine: string;
  /** Waiting jobs by priority: high, normal, low. */
  waiting: [number, number, number];
  held: number;
  preparing: number;
  running: number;
}

/** Return the unfinished jobs by engine: what waits by priority, and what is elsewhere. */
export function depthsOf(unfinished: Overview["unfinished"]): DepthRow[] {
  const rows = new Map<string, DepthRow>();
  for (const one of unfinished) {
    const name = `${one.kind}/${one.engine}`;
    const row = rows.get(name) ?? { kind: one.kind, engine: one.engine, waiting: [0, 0, 0], held: 0, preparing: 0, running: 0 };
    rows.set(name, row);
    if (one.status === "running") row.running += one.jobs;
    else if (one.stage === "held") row.held += one.jobs;
    else if (one.stage === "preparing") row.preparing += one.jobs;
    else row.waiting[PRIORITIES.findIndex((priority) => priority === Math.min(2, Math.max(0, one.priority)))]! += one.jobs;
  }
  // Pictures first: they are what people wait for.
  return [...rows.values()].toSorted((a, b) => Number(b.kind === "tryon") - Number(a.kind === "tryon") || a.engine.localeCompare(b.engine));
}

/** Return the milliseconds between each moment and the one before it. */
export function steps(moments: readonly Moment[]): (number | null)[] {
  return moments.map((one, index) => {
    const before = moments[index - 1];
    return before ? Date.parse(one.at) - Date.parse(before.at) : null;
  });
}

/** Return a filter without its empty fields, as the API takes it. */
export function given<T extends Record<string, string>>(filter: T): Partial<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value.trim() !== "")) as Partial<T>;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
