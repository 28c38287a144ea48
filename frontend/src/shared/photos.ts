/*
 * A photo's record: the API prepares a photo as soon as it is told of the upload, and the record says what it found.
 *
 * None of this is needed for a try-on, since a submit prepares whatever is missing: a refusal is an absence here, never a failure.
 */
import { type ApiClient, done, type Kind, type Schemas } from "@proteus/client";

export type Category = Schemas["Category"];
export type CategoryScore = Schemas["CategoryScore"];
export type Warning = Schemas["PictureWarning"];
export type Photo = Schemas["ImageBody"];

const ASK_MS = 1_500;
const QUESTIONS = 40;

/** Have an uploaded photo prepared; return its record, or null where that was refused. */
export function announce(api: ApiClient, id: string, kind: Kind, category: Category, signal: AbortSignal): Promise<Photo | null> {
  const body = kind === "garment" ? { body: { category } } : {};
  return done(api.POST("/v1/images/{image_id}/uploaded", { params: { path: { image_id: id } }, ...body, signal })).catch(() => null);
}

/** Return a photo's record, or null where it could not be read. */
export function recordOf(api: ApiClient, id: string, signal: AbortSignal): Promise<Photo | null> {
  return done(api.GET("/v1/images/{image_id}", { params: { path: { image_id: id } }, signal })).catch(() => null);
}

/** Keep what a garment is; return its record, or null where that was refused. */
export function correct(api: ApiClient, id: string, category: Category, signal: AbortSignal): Promise<Photo | null> {
  return done(api.PATCH("/v1/images/{image_id}", { params: { path: { image_id: id } }, body: { category }, signal })).catch(() => null);
}

/** Read a photo's record until its preparation has ended; null where nothing prepares it or nobody knows. */
export async function prepared(api: ApiClient, id: string, signal: AbortSignal, everyMs = ASK_MS): Promise<Photo | null> {
  for (let question = 0; question < QUESTIONS && !signal.aborted; question++) {
    const record = await recordOf(api, id, signal);
    const status = record?.preparation?.status ?? "none";
    if (!record || status === "none") return null;
    if (status !== "queued" && status !== "running") return record;
    await new Promise((resume) => setTimeout(resume, everyMs));
  }
  return null;
}

/** Every warning of a garment once: those of the photo and those of its cut-out. */
export function warningsOf(photo: Photo | null, cut: Warning[] = []): Warning[] {
  const all = [...(photo?.preparation?.warnings ?? []), ...(photo?.preparation?.cut?.warnings ?? []), ...cut];
  return [...new Map(all.map((warning) => [`${warning.subject}/${warning.code}`, warning])).values()];
}
