/* A finished try-on: before and after, every sample, and what can be done with it. */
import { done, type Schemas } from "@proteus/client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Compare } from "../../components/compare/Compare.tsx";
import { Icon } from "../../components/Icon.tsx";
import { useBlobUrl, useFound } from "../../shared/blobs.ts";
import { keep, remove } from "../../shared/db.ts";
import { options, setOptions } from "../../shared/draft.ts";
import { signedTicket } from "../../shared/signed.ts";
import type { Job, Result as Picture } from "../../shared/job.ts";
import { thumbnail } from "../../shared/pictures/normalise.ts";
import { addressOf, navigate } from "../../shared/routes.ts";
import { api } from "../../shared/session.ts";
import { useSignal } from "../../shared/signal.ts";
import { canceling } from "../../shared/tabs.ts";
import { away, duration } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { CodeDialog, DeleteDialog, ShareDialog } from "./dialogs.tsx";
import { useBefore, useNow } from "./hooks.ts";
import { LicenceChip } from "./LicenceChip.tsx";

type Open = "share" | "code" | "delete" | null;

export function Result({ job }: { job: Job }) {
  const strings = useStrings();
  const { studio } = strings;
  const language = useLanguage();
  const now = useNow(30_000);
  const before = useBefore(job);
  const chosen = useSignal(options);
  const tooLate = useSignal(canceling) === job.job_id;
  const pictures = (job.results ?? []).filter((one) => one.status === "completed" && one.url);
  const [n, setN] = useState(pictures[0]?.n ?? 1);
  const [open, setOpen] = useState<Open>(null);
  const shown = pictures.find((one) => one.n === n) ?? pictures[0];
  const blob = useFound(() => (shown?.url ? pictureOf(shown.url) : Promise.resolve(null)), `${job.job_id}/${shown?.n ?? 0}`);
  const url = useBlobUrl(blob);
  const models = useQuery({ queryKey: ["models"], queryFn: () => done(api.GET("/v1/models")) });
  const model = models.data?.items.find((one) => one.engine === shown?.engine);

  useEffect(() => {
    if (blob && shown?.n === pictures[0]?.n) {
      void thumbnail(blob).then(
        (result) => keep(job.job_id, { result, createdAt: Date.parse(job.created_at) }),
        () => undefined,
      );
    }
    // A thumbnail is made once, when the first picture is there.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [blob, job.job_id]);

  const download = () => {
    if (!blob || !url) return;
    const link = document.createElement("a");
    link.href = url;
    link.download = `try-on-${job.job_id.slice(-8)}${pictures.length > 1 ? `-${n}` : ""}.${extensionOf(shown)}`;
    link.click();
  };
  const discard = async () => {
    await done(api.DELETE("/v1/tryons/{job_id}", { params: { path: { job_id: job.job_id } } }));
    await remove("tryons", job.job_id);
    navigate(addressOf({}));
  };
  const seed = shown?.seed ?? null;
  const total = job.timings?.total_seconds;
  const seconds = typeof total === "number" ? total : (Date.parse(job.finished_at ?? job.created_at) - Date.parse(job.created_at)) / 1000;
  return (
    <div className="stage-card card result" data-job={job.job_id} data-shown={url ? "yes" : "no"}>
      {url ? (
        <Compare
          before={before ? { url: before, alt: studio.beforeAlt, label: studio.before } : null}
          after={{ url, alt: studio.afterAlt, label: studio.after }}
        />
      ) : (
        <div className="result-loading" aria-busy="true" />
      )}
      {pictures.length > 1 && (
        <ul className="samples" aria-label={studio.samplesOf(pictures.length)}>
          {pictures.map((one) => (
            <li key={one.n}>
              <Sample job={job} picture={one} current={one.n === shown?.n} onChoose={() => setN(one.n)} />
            </li>
          ))}
        </ul>
      )}
      <div className="result-foot">
        <p className="facts small">
          {shown?.engine && <span>{studio.madeBy(shown.engine, duration(seconds, language))}</span>}
          {model && <LicenceChip model={model} />}
          {shown?.degraded && <span className="chip warm">{studio.degraded}</span>}
          {shown?.width && shown.height && <span className="soft">{studio.pixels(shown.width, shown.height)}</span>}
          {typeof shown?.quality_score === "number" && (
            <span className={shown.quality_score < 0.5 ? "chip warm" : "chip good"}>{studio.qualityScore(Math.round(shown.quality_score * 100))}</span>
          )}
          {seed !== null && <span className="soft">{studio.seedIs(seed)}</span>}
          {job.expires_at && <span className="soft">{studio.expiresAt(away(job.expires_at, now, language))}</span>}
        </p>
        {tooLate && (
          <p role="status" className="note">
            {studio.tooLateToCancel}
          </p>
        )}
        {shown?.warnings?.map((warning) => (
          <p key={warning.code} className="note warm">
            <Icon name="warn" />
            {warning.message} {warning.hint}
          </p>
        ))}
        <div className="row tools">
          <button type="button" className="button primary" disabled={!url} onClick={download}>
            <Icon name="download" />
            {studio.download}
          </button>
          <button type="button" className="button" onClick={() => setOpen("share")}>
            <Icon name="share" />
            {studio.share}
          </button>
          {seed !== null && (
            <button type="button" className="button" aria-pressed={chosen.seed === seed} onClick={() => setOptions({ seed: chosen.seed === seed ? null : seed })}>
              <Icon name="lock" />
              {studio.keepSeed}
            </button>
          )}
          <button type="button" className="button" onClick={() => setOpen("code")}>
            <Icon name="code" />
            {studio.copy}
          </button>
          <button type="button" className="button danger" onClick={() => setOpen("delete")}>
            <Icon name="trash" />
            {studio.remove1}
          </button>
        </div>
        <p role="status" className="small soft">
          {chosen.seed === seed && seed !== null ? studio.seedKept : ""}
        </p>
      </div>
      {open === "share" && shown?.url && <ShareDialog resultUrl={shown.url} onClose={() => setOpen(null)} />}
      {open === "code" && <CodeDialog job={job} onClose={() => setOpen(null)} />}
      {open === "delete" && <DeleteDialog question={studio.removeSure} onClose={() => setOpen(null)} onDelete={discard} />}
    </div>
  );
}

function Sample(of: { job: Job; picture: Picture; current: boolean; onChoose: () => void }) {
  const { studio } = useStrings();
  const blob = useFound(() => (of.picture.url ? pictureOf(of.picture.url) : Promise.resolve(null)), `${of.job.job_id}/${of.picture.n}`);
  const url = useBlobUrl(blob);
  return (
    <button type="button" aria-pressed={of.current} onClick={of.onChoose}>
      {url && <img src={url} alt="" />}
      <span className="unseen">{studio.sampleNo(of.picture.n)}</span>
    </button>
  );
}

const loaded = new Map<string, Promise<Blob | null>>();
const LOADED_MOST = 12;

/** Return a result's picture; the last few are kept, so looking back and forth loads nothing again. */
function pictureOf(resultUrl: string): Promise<Blob | null> {
  const known = loaded.get(resultUrl);
  if (known) return known;
  const loading = signedTicket(resultUrl).then(async (ticket: Schemas["DownloadTicket"]) => {
    const answer = await fetch(ticket.download_url);
    return answer.ok ? answer.blob() : null;
  });
  loading.catch(() => loaded.delete(resultUrl));
  loaded.set(resultUrl, loading);
  const [oldest] = loaded.keys();
  if (loaded.size > LOADED_MOST && oldest) loaded.delete(oldest);
  return loading;
}

function extensionOf(picture: Picture | undefined): string {
  return picture?.content_type?.split("/")[1]?.replace("jpeg", "jpg") ?? "png";
}
