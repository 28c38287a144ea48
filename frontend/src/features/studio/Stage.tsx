/* The large place: what to do, what is happening, or what came of it. */
import { Problem } from "@proteus/client";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Icon } from "../../components/Icon.tsx";
import { get } from "../../shared/db.ts";
import { choose, slots } from "../../shared/draft.ts";
import { submitProblem } from "../../shared/order.ts";
import { type Job, hasEnded } from "../../shared/job.ts";
import { useJob } from "../../shared/jobs.ts";
import { addressOf, navigate } from "../../shared/routes.ts";
import { useSignal } from "../../shared/signal.ts";
import { useStrings } from "../../strings/index.ts";
import { problemWords } from "./problemWords.ts";
import { Result } from "./Result.tsx";
import { blobOf, GARMENT_SAMPLES, PERSON_SAMPLE } from "./samples.ts";
import { Working } from "./Working.tsx";

export function Stage({ jobId, onSubmit }: { jobId: string | null; onSubmit: () => void }) {
  const { job, trouble } = useJob(jobId);
  const refusal = useSignal(submitProblem);
  if (refusal) return <Failure title={null} problem={refusal} onRetry={onSubmit} />;
  if (!jobId) return <Empty onSubmit={onSubmit} />;
  if (!job && trouble && (trouble.status === 404 || trouble.status === 401)) return <Missing />;
  if (!job && trouble) return <Failure title={null} problem={trouble} onRetry={null} />;
  if (!job) return <div className="stage-card card waiting" aria-busy="true" />;
  if (!hasEnded(job)) return <Working key={job.job_id} job={job} />;
  if (job.status === "completed") return <Result key={job.job_id} job={job} />;
  return <Ended job={job} onSubmit={onSubmit} />;
}

function Empty({ onSubmit }: { onSubmit: () => void }) {
  const { studio } = useStrings();
  const person = useSignal(slots.person);
  const garment = useSignal(slots.garment);
  if (person.shown || garment.shown) {
    return (
      <div className="stage-card card preview">
        {person.shown ? <img src={person.shown} alt={studio.slots.person.alt} /> : <Icon name="person" />}
        {garment.shown && <img className="inset" src={garment.cut?.preview ?? garment.shown} alt={studio.slots.garment.alt} />}
        {person.shown && garment.shown && <p className="stage-hint">{studio.ready}</p>}
      </div>
    );
  }
  const demonstrate = async () => {
    const garmentSample = GARMENT_SAMPLES.find((one) => one.id === "long-breton") ?? GARMENT_SAMPLES[0];
    if (!PERSON_SAMPLE || !garmentSample) return;
    const [personBlob, garmentBlob] = await Promise.all([blobOf(PERSON_SAMPLE), blobOf(garmentSample)]);
    void choose("person", personBlob, PERSON_SAMPLE.name);
    void choose("garment", garmentBlob, garmentSample.name);
    onSubmit();
  };
  return (
    <div className="stage-card card empty">
      <div className="empty-art" aria-hidden="true">
        <Icon name="person" />
        <Icon name="plus" />
        <Icon name="garment" />
      </div>
      <h2>{studio.emptyTitle}</h2>
      <ol>
        {studio.emptySteps.map((step, n) => (
          <li key={step}>
            <span>{n + 1}</span>
            {step}
          </li>
        ))}
      </ol>
      <button type="button" className="button" onClick={() => void demonstrate()}>
        <Icon name="spark" />
        {studio.showMe}
      </button>
    </div>
  );
}

function Missing() {
  const { studio } = useStrings();
  return (
    <div className="stage-card card failure">
      <Icon name="warn" />
      <h2>{studio.notFound}</h2>
      <p>{studio.notFoundWhy}</p>
      <button type="button" className="button primary" onClick={() => navigate(addressOf({}))}>
        {studio.fresh}
      </button>
    </div>
  );
}

/** A try-on that ended without a picture. */
function Ended({ job, onSubmit }: { job: Job; onSubmit: () => void }) {
  const { studio } = useStrings();
  if (job.status === "canceled") {
    const at = job.lastStep && job.lastStep.step > 0 ? studio.canceledAt(job.lastStep.step, job.lastStep.steps) : studio.canceledQueued;
    return (
      <div className="stage-card card failure calm">
        <Icon name="close" />
        <h2>{studio.canceled}</h2>
        <p>
          {at} {studio.canceledWhy}
        </p>
        <Again job={job} onSubmit={onSubmit} />
      </div>
    );
  }
  const error = job.error ?? { code: job.status, message: job.status, retryable: true };
  const problem = new Problem({ ...error, status: 0, retryable: error.retryable ?? false });
  return <Failure title={job.status === "expired" ? studio.expiredTitle : null} problem={problem} job={job} onRetry={onSubmit} />;
}

/** What happened, why, what to do; then a way on, and what support needs to know. */
function Failure(of: { title: string | null; problem: Problem; job?: Job; onRetry: (() => void) | null }) {
  const strings = useStrings();
  const { studio } = strings;
  const words = problemWords(of.problem, strings);
  const ids = [
    of.job ? `${studio.jobId} ${of.job.job_id}` : "",
    of.problem.requestId ? `${studio.requestId} ${of.problem.requestId}` : "",
    of.problem.code,
  ].filter(Boolean);
  return (
    <div className="stage-card card failure" role="alert">
      <Icon name="warn" />
      <h2>{of.title ?? studio.failed}</h2>
      <p className="what">{words.what}</p>
      <p className="soft">{words.todo}</p>
      {words.original && words.original !== words.what && (
        <details className="small soft">
          <summary>{studio.details}</summary>
          <p>{words.original}</p>
        </details>
      )}
      {of.onRetry && (of.job ? <Again job={of.job} onSubmit={of.onRetry} /> : <Retry onSubmit={of.onRetry} />)}
      <p className="ids small soft">
        <code>{ids.join(" · ")}</code>
        <CopyButton text={ids.join(" · ")} label={studio.copyIds} className="button quiet small" />
      </p>
    </div>
  );
}

function Retry({ onSubmit }: { onSubmit: () => void }) {
  const { studio } = useStrings();
  return (
    <button type="button" className="button primary" onClick={onSubmit}>
      {studio.again}
    </button>
  );
}

/** Try the same again: with what is in the places, else with the small copies that this browser kept. */
function Again({ job, onSubmit }: { job: Job; onSubmit: () => void }) {
  const { studio } = useStrings();
  const again = async () => {
    const found = await get("tryons", job.job_id);
    if (slots.person.get().phase === "empty" && found?.person) void choose("person", found.person, "");
    if (slots.garment.get().phase === "empty" && found?.garment) void choose("garment", found.garment, "");
    onSubmit();
  };
  return (
    <div className="row">
      <button type="button" className="button primary" onClick={() => void again()}>
        {studio.again}
      </button>
      <button type="button" className="button" onClick={() => (submitProblem.set(null), navigate(addressOf({})))}>
        {studio.fresh}
      </button>
    </div>
  );
}
