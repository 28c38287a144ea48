/*
 * A submit: the draft's two pictures and its options, once, under one key; then the job's id.
 *
 *     both ready ─▶ submit ─▶ kept in the browser ─▶ POST, repeated under its key ─▶ history, wardrobe
 *
 * A submit whose answer was lost is repeated under its key, after a reload as well.
 */
import { done, type Kind, Problem, type Schemas, type Uploaded } from "@proteus/client";
import { keep, put } from "./db.ts";
import { options, slots } from "./draft.ts";
import { ask, learn } from "./jobs.ts";
import { kept } from "./kept.ts";
import type { Category } from "./photos.ts";
import { thumbnail } from "./pictures/normalise.ts";
import { asProblem } from "./problems.ts";
import { api } from "./session.ts";
import { Signal } from "./signal.ts";
import { alone, announceJob, submittingElsewhere, TAKEN, theOtherTabsJob } from "./tabs.ts";

const TRIES = 4;
const PAUSE_MS = 1_000;
const PAUSE_MOST_MS = 15_000;

export const submitting = new Signal(false);
export const submitProblem = new Signal<Problem | null>(null);
/** Grows whenever a garment came into the wardrobe. */
export const wardrobeChanged = new Signal(0);

const pending = kept("pending");

/**
 * Submit the try-on; return its id, or null where it could not be.
 *
 * A second call while one is on its way does nothing, in whatever tab. Pictures on their way are waited for.
 */
export async function submit(): Promise<string | null> {
  if (submitting.get() || submittingElsewhere.get()) return null;
  const id = await alone(place);
  if (id === TAKEN) return theOtherTabsJob();
  if (id) announceJob(id);
  return id;
}

async function place(): Promise<string | null> {
  submitting.set(true);
  submitProblem.set(null);
  try {
    const [person, garment] = await Promise.all([settled("person"), settled("garment")]);
    const asked = options.get();
    const body: Schemas["SnapRequest"] = {
      user_photo_url: person.url,
      cloth_clean_url: slots.garment.get().cut?.url ?? garment.url,
      category: (slots.garment.get().cut?.wanted ?? "auto") as Category,
      model: asked.engine,
      quality: asked.quality,
      num_samples: asked.samples,
      priority: "normal",
      metadata: { "studio.person": person.id, "studio.garment": garment.id },
      ...(slots.person.get().personIndex === null ? {} : { person_index: slots.person.get().personIndex }),
      ...(asked.seed === null ? {} : { seed: asked.seed }),
      ...(asked.format === null ? {} : { output_format: asked.format }),
      ...(asked.expiresIn === null ? {} : { expires_in: asked.expiresIn }),
    };
    const key = newKey();
    pending.write(JSON.stringify({ key, body }));
    return await sendOrder(key, body);
  } catch (error) {
    submitProblem.set(asProblem(error));
    return null;
  } finally {
    submitting.set(false);
  }
}

/** Finish a submit whose answer a reload swallowed; return its id. */
export async function finishPending(): Promise<string | null> {
  const id = await alone(repeat);
  return id === TAKEN ? null : id;
}

async function repeat(): Promise<string | null> {
  const text = pending.read();
  if (!text || submitting.get()) return null;
  submitting.set(true);
  try {
    const { key, body } = JSON.parse(text) as { key: string; body: Schemas["SnapRequest"] };
    return await sendOrder(key, body);
  } catch {
    return null;
  } finally {
    submitting.set(false);
  }
}

/** A key that no other submit has; `randomUUID` is missing on plain HTTP. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sendOrder(key: string, body: Schemas["SnapRequest"]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const job = await done(api.POST("/v1/tryons", { body, params: { header: { "Idempotency-Key": key } } }));
      pending.write(null);
      learn(job);
      await remember(job.job_id);
      void ask(job.job_id);
      return job.job_id;
    } catch (error) {
      const problem = asProblem(error);
      const pause = problem.retryAfterSeconds === null ? PAUSE_MS * 2 ** (attempt - 1) : problem.retryAfterSeconds * 1000;
      const passing = problem.status === 0 || problem.status >= 500;
      if (!passing || !problem.retryable || attempt === TRIES || pause > PAUSE_MOST_MS) {
        pending.write(null);
        throw problem;
      }
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}

/** Keep small copies of what a try-on is made from, for the history, and the garment for the wardrobe. */
async function remember(jobId: string): Promise<void> {
  const garment = slots.garment.get();
  const [person, thumb] = await Promise.all([small(slots.person.get().blob), small(garment.blob)]);
  await keep(jobId, { ...(person ? { person } : {}), ...(thumb ? { garment: thumb } : {}), createdAt: Date.now() });
  if (!garment.blob || !garment.image || !thumb) return;
  const id = await fingerprint(garment.blob);
  await put("garments", { id, blob: garment.blob, thumb, name: garment.name, imageUrl: garment.image.url, usedAt: Date.now() });
  wardrobeChanged.update((n) => n + 1);
}

/** Return a small copy, where there is a picture and it can be read. */
async function small(blob: Blob | null): Promise<Blob | undefined> {
  return blob ? thumbnail(blob).catch(() => undefined) : undefined;
}

/** Name a picture by its content, so that the same garment stands in the wardrobe once; plain HTTP has no hashes. */
async function fingerprint(blob: Blob): Promise<string> {
  if (!crypto.subtle) return `${blob.size}-${blob.type}`;
  const hash = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(hash).subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Wait until a place's picture is in the store. */
function settled(kind: Kind): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const slot = slots[kind].get();
      if (slot.phase === "reading" || slot.phase === "sending") return;
      stop();
      if (slot.image && slot.phase === "ready") resolve(slot.image);
      else reject(slot.problem instanceof Problem ? slot.problem : new Problem({ message: `The ${kind}’s picture is missing.`, code: "missing", status: 400, retryable: false }));
    };
    const stop = slots[kind].subscribe(look);
    look();
  });
}
