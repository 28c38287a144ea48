/*
 * The garments of the carousel: samples that come with the pages, and those that this person's photos were cut from.
 *
 * `cutOut` is a picture with alpha, or its address: what the Mirror shows, and what a Snap sends.
 */
import type { Category } from "./anatomy.ts";

export interface Garment {
  id: string;
  /** A sample's name in the catalogue; null: one's own. */
  name: SampleName | null;
  category: Category;
  cutOut: Blob | string;
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

export const samples: readonly (Garment & { cutOut: string })[] = SAMPLES.map(([name, category]) => ({
  id: name,
  name,
  category,
  cutOut: files[`./samples/${name}.webp`] ?? "",
}));

/** Return the bytes of a garment's cut-out. The pages' policy lets no `blob:` address be fetched, so one's own are blobs. */
export async function cutOutOf({ cutOut }: Garment): Promise<Blob> {
  if (cutOut instanceof Blob) return cutOut;
  const answer = await fetch(cutOut);
  if (!answer.ok) throw new Error(`the cut-out is not there: ${answer.status}`);
  return await answer.blob();
}
