/* One's own garments: those that this browser used before, and new ones that the gateway cuts out. */
import { useCallback, useEffect, useState } from "react";
import { all, get } from "../../shared/db.ts";
import { choose, slots } from "../../shared/draft.ts";
import type { Category } from "./anatomy.ts";
import { type Garment, samples } from "./garments.ts";
import { hasAlpha } from "./texture.ts";

export interface Own {
  id: string;
  thumbnail: string;
}

const MOST = 12;

/** As Studio names the samples that both pages have. */
const SAMPLES = new Set(samples.map(({ id }) => id.replaceAll("-", " ")));

/** Return the garments of this browser, the newest first, and the way to put one on. */
export function useOwnGarments(): { own: readonly Own[]; load: (id: string) => Promise<Garment> } {
  const [own, setOwn] = useState<readonly Own[]>([]);
  useEffect(() => {
    let current = true;
    let shown: readonly Own[] = [];
    const read = async () => {
      const newest = (await all("garments")).filter(({ name }) => !SAMPLES.has(name)).toSorted((a, b) => b.usedAt - a.usedAt).slice(0, MOST);
      if (!current) return;
      shown = newest.map(({ id, thumb }) => ({ id, thumbnail: URL.createObjectURL(thumb) }));
      setOwn(shown);
    };
    void read();
    return () => {
      current = false;
      for (const { thumbnail } of shown) URL.revokeObjectURL(thumbnail);
    };
  }, []);
  const load = useCallback(async (id: string) => {
    const kept = await get("garments", id);
    if (!kept) throw new Error("it is not kept any more");
    return { ...(await addGarment(kept.blob, kept.name)), id };
  }, []);
  return { own, load };
}

/** Have a photo cut out, unless it is a cut-out already, and return it as a garment of the Mirror. */
export async function addGarment(picture: Blob, name = "garment"): Promise<Garment> {
  if (await hasAlpha(picture)) return made("upper", picture);
  await choose("garment", picture, name);
  const { problem, cut } = slots.garment.get();
  if (problem) throw problem;
  if (!cut || cut.problem || !cut.preview) throw cut?.problem ?? new Error("no cut-out came");
  return made(categoryOf(cut.category), cut.preview);
}

function made(category: Category, cutOut: Blob | string): Garment {
  return { id: crypto.randomUUID(), name: null, category, cutOut };
}

function categoryOf(found: string | null): Category {
  if (found === "lower" || found === "dress") return found;
  return found === "overall" ? "dress" : "upper";
}
