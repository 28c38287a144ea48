/* A try-on on its way: where it stands, how long it may take, and the way out. */
import { done } from "@proteus/client";
import { useCallback, useEffect } from "react";
import { Icon } from "../../components/Icon.tsx";
import { slots } from "../../shared/draft.ts";
import { type Job, MILESTONES, milestoneOf, secondsLeft, shareOf } from "../../shared/job.ts";
import { ask } from "../../shared/jobs.ts";
import { asProblem } from "../../shared/problems.ts";
import { api } from "../../shared/session.ts";
import { useSignal } from "../../shared/signal.ts";
import { announceCancel, canceling } from "../../shared/tabs.ts";
import { duration } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { useBefore, useNow, usePreview } from "./hooks.ts";

export function Working({ job }: { job: Job }) {
  const { studio } = useStrings();
  const language = useLanguage();
  const now = useNow(250);
  const before = useBefore(job);
  const preview = usePreview(job.job_id);
  const picture = preview === undefined ? null : (preview ?? before);
  const garment = useSignal(slots.garment);
  const stopping = useSignal(canceling) === job.job_id;
  const share = shareOf(job);
  const at = milestoneOf(job);
  const left = secondsLeft(job, now);
  const elapsed = Math.max(0, (now - Date.parse(job.created_at)) / 1000);

  const jobId = job.job_id;
  const cancel = useCallback(async () => {
    announceCancel(jobId);
    try {
      await done(api.POST("/v1/tryons/{job_id}/cancel", { params: { path: { job_id: jobId } } }));
    } catch (error) {
      // It may be tried again, unless it was too late; what is true of the job is asked for below.
      if (asProblem(error).retryable) canceling.set(null);
    }
    void ask(jobId);
  }, [jobId]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      void cancel();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [cancel]);

  useEffect(() => {
    document.title = `${Math.round(share * 100)} % · Proteus`;
    return () => {
      document.title = "Proteus Studio";
    };
  }, [share]);

  const words = studio.now[job.stage ?? ""] ?? studio.now.sent;
  const place = job.stage === "waiting" && typeof job.position === "number" ? studio.ahead(job.position, job.position_is_least ?? false) : "";
  const step = job.progress && job.progress.steps > 1 ? studio.step(job.progress.step, job.progress.steps) : "";
  return (
    <div className="stage-card card working" data-stage={job.stage ?? ""} data-job={job.job_id}>
      <div className="working-picture" aria-hidden="true">
        {picture && <img src={picture} alt="" data-preview={preview !== null} />}
        {garment.shown && preview === null && <img className="inset" src={garment.cut?.preview ?? garment.shown} alt="" />}
      </div>
      <div className="working-panel">
        <ol className="milestones" aria-label={words}>
          {MILESTONES.map((one) => {
            const state = MILESTONES.indexOf(one) < MILESTONES.indexOf(at === "done" ? "storing" : at) ? "done" : one === at ? "now" : "later";
            return (
              <li key={one} className={state} aria-current={state === "now" ? "step" : undefined}>
                <span>{state === "done" && <Icon name="check" />}</span>
                {studio.stages[one]}
              </li>
            );
          })}
        </ol>
        <p className="working-words" role="status">
          <strong>{words}</strong>
          {[place, step].filter(Boolean).map((one) => (
            <span key={one}>{one}</span>
          ))}
        </p>
        <div className="bar-track" role="progressbar" aria-label={words} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
          <span style={{ transform: `scaleX(${share})` }} />
        </div>
        <div className="working-foot">
          <span className="small soft">
            {duration(elapsed, language)} {studio.elapsed}
            {left && (
              <>
                {" · "}
                <span title={studio.latest(duration(left.latest, language))}>{left.likely < 0.5 ? studio.soon : studio.left(duration(left.likely, language))}</span>
              </>
            )}
          </span>
          <button type="button" className="button danger" disabled={stopping} onClick={() => void cancel()}>
            {stopping ? studio.canceling : studio.cancel}
            {!stopping && <kbd>Esc</kbd>}
          </button>
        </div>
      </div>
    </div>
  );
}
