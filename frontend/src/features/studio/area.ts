/* What a garment may change of the person, as a picture to lay over the photo. */
import { done } from "@proteus/client";
import { useBlobUrl, useFound } from "../../shared/blobs.ts";
import type { Cut, Slot } from "../../shared/draft.ts";
import { api } from "../../shared/session.ts";
import { tint } from "./tint.ts";

const CATEGORIES = ["upper", "lower", "dress", "overall", "outer", "inner"] as const;
export type AreaCategory = (typeof CATEGORIES)[number];

/** Return what the garment counts as; null: nobody has said yet. */
export function areaCategory(cut: Cut | null): AreaCategory | null {
  const said = cut ? (cut.wanted === "auto" ? cut.category : cut.wanted) : null;
  return CATEGORIES.find((one) => one === said) ?? null;
}

/** Where the picture of the area can be shown from; null until the photo is parsed and the garment known. */
export function useArea(person: Slot, category: AreaCategory | null): string | null {
  const chosen = person.personIndex ?? person.usualPerson;
  const id = person.people !== null && chosen === person.usualPerson ? (person.image?.id ?? null) : null;
  const found = useFound(() => (id && category ? areaOf(id, category) : Promise.resolve(null)), `${id}/${category}`);
  return useBlobUrl(found);
}

async function areaOf(imageId: string, category: AreaCategory): Promise<Blob | null> {
  const ticket = await done(api.GET("/v1/images/{image_id}/area", { params: { path: { image_id: imageId }, query: { category } } }));
  const answer = await fetch(ticket.download_url);
  if (!answer.ok) return null;
  const mask = await createImageBitmap(await answer.blob());
  const canvas = document.createElement("canvas");
  canvas.width = mask.width;
  canvas.height = mask.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(mask, 0, 0);
  mask.close();
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  tint(picture.data, canvas.width);
  context.putImageData(picture, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
