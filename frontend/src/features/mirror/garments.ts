/*
 * The garments of the carousel: samples that come with the pages, and those that this person's photos were cut from.
 *
 * `picture` is the address of a cut-out with alpha: what the Mirror shows, and what a Snap sends.
 */
import type { Category } from "./anatomy.ts";

export interface Garment {
  id: string;
  /** A sample's name in the catalogue; null: one's own. */
  name: SampleName | null;
  category: Category;
  picture: string;
}

const files = import.meta.glob<string>("./samples/*.webp", { query: "?url", import: "default", eager: true });

const SAMPLES = [
  ["tee-proteus", "upper"],
  ["long-breton", "upper"],
  ["jumper-red", "upper"],
  ["polo-green", "upper"],
  ["shirt-checks", "upper"],
  ["tank-tie-dye", "upper"],
  ["dress-chevrons", "dress"],
  ["jeans-blue", "lower"],
] as const satisfies readonly (readonly [string, Category])[];
export type SampleName = (typeof SAMPLES)[number][0];

export const samples: readonly Garment[] = SAMPLES.map(([name, category]) => ({
  id: name,
  name,
  category,
  picture: files[`./samples/${name}.webp`] ?? "",
}));
