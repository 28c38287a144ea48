/* What several parts of Studio follow: the time, and the photo before. */
import { done } from "@proteus/client";
import { useEffect, useState } from "react";
import { useBlobUrl, useFound } from "../../shared/blobs.ts";
import { get } from "../../shared/db.ts";
import { slots } from "../../shared/draft.ts";
import type { Job } from "../../shared/job.ts";
import { api } from "../../shared/session.ts";
import { useSignal } from "../../shared/signal.ts";

/** The time, once in a while, for what counts. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Where the photo before can be shown from: the place of this page, else the store, else this browser's small copy. */
export function useBefore(job: Job): string | null {
  const person = useSignal(slots.person);
  const personId = job.metadata?.["studio.person"];
  const isHere = Boolean(person.shown && person.image && personId === person.image.id);
  const stored = useFound(() => (isHere ? Promise.resolve(null) : photoOf(job)), `${job.job_id}:${isHere}:${personId ?? ""}`);
  const url = useBlobUrl(stored);
  return isHere ? person.shown : url;
}

/** Where the first preview of a try-on from the Mirror can be shown from: what the mirror showed at that moment. Undefined: it is looked for. */
export function usePreview(jobId: string): string | null | undefined {
  const stored = useFound(async () => ({ blob: (await get("tryons", jobId))?.preview ?? null }), jobId);
  const url = useBlobUrl(stored?.blob);
  return stored === null || (stored.blob !== null && url === null) ? undefined : url;
}

async function photoOf(job: Job): Promise<Blob | null> {
  const imageId = job.metadata?.["studio.person"];
  if (typeof imageId === "string") {
    try {
      const ticket = await done(api.GET("/images/presignedDownloadUrl", { params: { query: { image_id: imageId } } }));
      const answer = await fetch(ticket.download_url);
      if (answer.ok) return await answer.blob();
    } catch {
      // The photo may be deleted; the small copy does for looking.
    }
  }
  return (await get("tryons", job.job_id))?.person ?? null;
}
