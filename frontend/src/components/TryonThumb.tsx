/* A try-on as a small picture: from this browser's store, else made once from the result. */
import { useBlobUrl, useFound } from "../shared/blobs.ts";
import { get, keep } from "../shared/db.ts";
import { signedTicket } from "../shared/signed.ts";
import type { Status } from "../shared/job.ts";
import { thumbnail } from "../shared/pictures/normalise.ts";
import { moment } from "../shared/times.ts";
import { useLanguage, useStrings } from "../strings/index.ts";
import { Icon } from "./Icon.tsx";

export function TryonThumb({ job }: { job: Status }) {
  const { history } = useStrings();
  const language = useLanguage();
  const blob = useFound(() => thumbOf(job), `${job.job_id}:${job.status}`);
  const url = useBlobUrl(blob);
  const name = history.tryon(moment(job.created_at, language));
  const isDone = job.status === "completed";
  return (
    <span className={`thumb ${job.status}`}>
      {url ? <img src={url} alt="" /> : <Icon name={isDone ? "after" : job.status === "failed" || job.status === "expired" ? "warn" : "spark"} />}
      {!isDone && <span className="thumb-status">{history.statuses[job.status] ?? job.status}</span>}
      <span className="unseen">
        {name}, {history.statuses[job.status] ?? job.status}
      </span>
    </span>
  );
}

/** Return what there is to see: the result, else the person it is of. */
async function thumbOf(job: Status): Promise<Blob | null> {
  const kept = await get("tryons", job.job_id);
  if (kept?.result) return kept.result;
  const url = job.results?.find((one) => one.status === "completed")?.url;
  if (!url) return kept?.person ?? null;
  const ticket = await signedTicket(url);
  const answer = await fetch(ticket.download_url);
  if (!answer.ok) return kept?.person ?? null;
  const result = await thumbnail(await answer.blob());
  await keep(job.job_id, { result, createdAt: Date.parse(job.created_at) });
  return result;
}
