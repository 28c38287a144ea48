/*
 * The next try-on: a person, a garment and the options, from chosen files to a submitted job.
 *
 *     file ─▶ normalise ─▶ upload ─▶ (garment: cut out) ─▶ ready          each place by itself, as soon as it is filled
 *     both ready ─▶ submit, once, under one key ─▶ the job's id
 *
 * It lives outside the components: uploads go on while a person looks at another page, and what was put in is there again
 * after a reload. A submit whose answer was lost is repeated under its key, after a reload as well.
 */
import { done, type Kind, noAnswer, Problem, type Schemas, upload, type Uploaded } from "@proteus/client";
import { release } from "./blobs.ts";
import { get, keep, type KeptCut, put, remove } from "./db.ts";
import { ask, ended, follow, learn } from "./jobs.ts";
import { kept } from "./kept.ts";
import { announce, type Category, type CategoryScore, correct, prepared, recordOf, type Warning, warningsOf } from "./photos.ts";
import { normalise, thumbnail, Unreadable } from "./pictures/normalise.ts";
import type { Advice } from "./pictures/sizes.ts";
import { api } from "./session.ts";
import { Signal } from "./signal.ts";

export type { Category } from "./photos.ts";
export type Phase = "empty" | "reading" | "sending" | "ready" | "failed";

export interface Cut {
  phase: "cutting" | "ready" | "failed";
  /** What was asked for; `auto` lets the tailor say. */
  wanted: Category;
  url: string | null;
  category: string | null;
  /** What it may be, the likeliest first. */
  categories: CategoryScore[];
  confidence: number | null;
  /** Where the cut-out can be shown from. */
  preview: string | null;
  problem: Problem | null;
}

export interface Slot {
  kind: Kind;
  phase: Phase;
  name: string;
  blob: Blob | null;
  /** Where the picture can be shown from. */
  shown: string | null;
  advice: Advice[];
  /** The share that is sent, 0 to 1. */
  share: number;
  image: Uploaded | null;
  /** What may be wrong with the photo, known before the submit. */
  warnings: Warning[];
  problem: Problem | Unreadable | null;
  cut: Cut | null;
}

export interface Options {
  engine: string | null;
  quality: "fast" | "balanced" | "best";
  samples: number;
  seed: number | null;
  format: "webp" | "png" | "jpeg" | null;
  expiresIn: number | null;
}

export const DEFAULTS: Options = { engine: null, quality: "balanced", samples: 1, seed: null, format: null, expiresIn: null };
const TRIES = 4;
const PAUSE_MS = 1_000;
const PAUSE_MOST_MS = 15_000;

const empty = (kind: Kind): Slot => ({
  kind, phase: "empty", name: "", blob: null, shown: null, advice: [], share: 0, image: null, warnings: [], problem: null, cut: null,
});

export const slots = { person: new Signal(empty("person")), garment: new Signal(empty("garment")) };
export const options = new Signal<Options>(readOptions());
export const submitting = new Signal(false);
export const submitProblem = new Signal<Problem | null>(null);
/** Grows whenever a garment came into the wardrobe. */
export const wardrobeChanged = new Signal(0);

const controllers: Record<Kind, AbortController> = { person: new AbortController(), garment: new AbortController() };
const pending = kept("pending");
const keptOptions = kept("options");

function change(kind: Kind, more: Partial<Slot>): void {
  slots[kind].update((slot) => ({ ...slot, ...more }));
}

function changeCut(more: Partial<Cut>): void {
  slots.garment.update((slot) => (slot.cut ? { ...slot, cut: { ...slot.cut, ...more } } : slot));
}

/** Change the options; they are kept. */
export function setOptions(more: Partial<Options>): void {
  options.update((before) => ({ ...before, ...more }));
  keptOptions.write(JSON.stringify({ ...options.get(), seed: null }));
}

function readOptions(): Options {
  try {
    const read: unknown = JSON.parse(kept("options").read() ?? "{}");
    return { ...DEFAULTS, ...(typeof read === "object" ? read : {}), seed: null };
  } catch {
    return DEFAULTS;
  }
}

/** Put a picture into its place; what was there is forgotten, and its upload stopped. */
export async function choose(kind: Kind, file: Blob, name: string, category: Category = "auto"): Promise<void> {
  const { signal } = restart(kind);
  const before = slots[kind].get().shown;
  slots[kind].set({ ...empty(kind), phase: "reading", name, shown: URL.createObjectURL(file) });
  release(before);
  try {
    const picture = await normalise(file);
    if (signal.aborted) return;
    const reading = slots[kind].get().shown;
    change(kind, { blob: picture.blob, advice: picture.advice, shown: URL.createObjectURL(picture.blob) });
    release(reading);
    void put("slots", { kind, blob: picture.blob, name });
    await send(kind, category, signal);
  } catch (error) {
    if (signal.aborted) return;
    change(kind, { phase: "failed", problem: error instanceof Unreadable ? error : asProblem(error) });
  }
}

/** Empty a place. */
export function clear(kind: Kind): void {
  restart(kind);
  release(slots[kind].get().shown);
  slots[kind].set(empty(kind));
  void remove("slots", kind);
}

/** Stop an upload; the picture stays, and can be sent again. */
export function stopSending(kind: Kind): void {
  restart(kind);
  const problem = new Problem({ message: "stopped", code: "stopped", status: 0, retryable: true });
  change(kind, { phase: "failed", problem, share: 0 });
}

/** Send a picture again, or cut it out again, where that failed. */
export async function retry(kind: Kind): Promise<void> {
  const slot = slots[kind].get();
  if (!slot.blob) return;
  const { signal } = restart(kind);
  if (slot.phase === "failed") await send(kind, slot.cut?.wanted ?? "auto", signal);
  else if (kind === "garment") await cutOut(slot.cut?.wanted ?? "auto", signal);
}

/** Say what a garment is: the photo's record keeps it. A cut-out that is there stays; else it is cut out as that. */
export async function setCategory(category: Category): Promise<void> {
  const { image, cut } = slots.garment.get();
  if (!image) return;
  const { signal } = restart("garment");
  changeCut({ wanted: category });
  await correct(api, image.id, category, signal);
  if (signal.aborted) return;
  if (cut?.phase === "ready") keepCut();
  else await cutOut(category, signal);
}

/** Bring back what was in the places before a reload. */
export async function restore(): Promise<void> {
  for (const kind of ["person", "garment"] as const) {
    const found = await get("slots", kind);
    if (!found || slots[kind].get().phase !== "empty") continue;
    const { signal } = restart(kind);
    const image = found.imageUrl && found.imageId ? { url: found.imageUrl, id: found.imageId } : null;
    change(kind, {
      phase: image ? "ready" : "sending", name: found.name, blob: found.blob, shown: URL.createObjectURL(found.blob), image, share: image ? 1 : 0,
    });
    const wanted = (found.cut?.category ?? "auto") as Category;
    if (!image) void send(kind, "auto", signal).catch(() => undefined);
    else if (kind === "garment") void cutOut(wanted, signal, { known: found.cut });
    else void warn(image.id, signal);
  }
}

function restart(kind: Kind): AbortController {
  controllers[kind].abort();
  controllers[kind] = new AbortController();
  return controllers[kind];
}

async function send(kind: Kind, category: Category, signal: AbortSignal): Promise<void> {
  const { blob, name } = slots[kind].get();
  if (!blob) return;
  change(kind, { phase: "sending", share: 0, problem: null });
  let begun: string | null;
  try {
    const image = await upload(api, blob, kind, { signal, onProgress: (share) => change(kind, { share }) });
    if (signal.aborted) return;
    change(kind, { phase: "ready", share: 1, image });
    void put("slots", { kind, blob, name, imageUrl: image.url, imageId: image.id });
    const photo = await announce(api, image.id, kind, category, signal);
    if (signal.aborted) return;
    begun = photo?.preparation?.job_id ?? null;
    if (kind === "person") void warn(image.id, signal);
  } catch (error) {
    if (!signal.aborted) change(kind, { phase: "failed", problem: asProblem(error) });
    return;
  }
  if (kind === "garment") await cutOut(category, signal, { begun });
}

/** Show what may be wrong with the person's photo, once it is prepared. */
async function warn(id: string, signal: AbortSignal): Promise<void> {
  const photo = await prepared(api, id, signal);
  if (photo && !signal.aborted) change("person", { warnings: warningsOf(photo) });
}

/**
 * Have the garment cut out, and show it; a failure leaves the photo usable, since a submit cuts as well.
 *
 * `begun` is the job that the upload has started, where it has; `known` is what an earlier visit learnt.
 */
async function cutOut(wanted: Category, signal: AbortSignal, { begun, known }: { begun?: string | null; known?: KeptCut | undefined } = {}): Promise<void> {
  const { image, blob } = slots.garment.get();
  if (!image || !blob) return;
  const cut: Cut = { phase: "cutting", wanted, url: null, category: null, categories: [], confidence: null, preview: null, problem: null };
  change("garment", { cut });
  try {
    follow();
    const job = await ended(begun ?? (await askForCut(image.url, wanted, signal)), { signal });
    const result = job.results?.[0];
    if (job.status !== "completed" || !result) {
      const why = job.error ?? { message: `The job was ${job.status}.`, code: job.status, retryable: true };
      changeCut({ phase: "failed", problem: new Problem({ ...why, status: 0, retryable: why.retryable ?? false }) });
      return;
    }
    const url = job.cloth_clean_url ?? result.cloth_clean_url ?? null;
    const category = result.category ?? known?.category ?? null;
    const confidence = result.confidence ?? known?.confidence ?? null;
    const photo = await recordOf(api, image.id, signal);
    if (signal.aborted) return;
    const categories = photo?.preparation?.cut?.categories ?? result.categories ?? [];
    changeCut({ phase: "ready", wanted: photo?.category ?? wanted, url, category, categories, confidence });
    change("garment", { warnings: warningsOf(photo, result.warnings) });
    keepCut();
    if (!result.url) return;
    const preview = await signedAddress(result.url);
    if (!signal.aborted || slots.garment.get().image?.id === image.id) changeCut({ preview });
  } catch (error) {
    if (!signal.aborted) changeCut({ phase: "failed", problem: asProblem(error) });
  }
}

async function askForCut(imageUrl: string, category: Category, signal: AbortSignal): Promise<string> {
  const asked = await done(api.POST("/v1/segmentations", { body: { image_url: imageUrl, category }, signal }));
  learn(asked);
  return asked.job_id;
}

/** Keep the cut-out for the next visit. */
function keepCut(): void {
  const { image, blob, name, cut } = slots.garment.get();
  if (!image || !blob || !cut?.url || !cut.category) return;
  const { url, wanted, confidence } = cut;
  void put("slots", { kind: "garment", blob, name, imageUrl: image.url, imageId: image.id, cut: { url, category: wanted, confidence } });
}

/** Return the signed address behind one of a result. */
export async function signedAddress(resultUrl: string): Promise<string> {
  return (await signedTicket(resultUrl)).download_url;
}

/** Return the signed address behind one of a result, and when it ends. */
export async function signedTicket(resultUrl: string, download = false): Promise<Schemas["DownloadTicket"]> {
  const [, jobId = "", n = "1"] = /\/v1\/results\/([^/]+)\/(\d+)/.exec(resultUrl) ?? [];
  const ticket = await done(
    api.GET("/v1/results/{job_id}/{n}", {
      params: { path: { job_id: decodeURIComponent(jobId), n: Number(n) }, query: download ? { download: true } : {} },
      headers: { Accept: "application/json" },
    }),
  );
  return ticket as Schemas["DownloadTicket"];
}

/** Whether the button may be pressed: both places hold a picture that is there or on its way. */
export function isComplete(person: Slot, garment: Slot): boolean {
  return [person, garment].every((slot) => slot.phase === "ready" || slot.phase === "sending" || slot.phase === "reading");
}

/**
 * Submit the try-on; return its id, or null where it could not be.
 *
 * A second call while one is on its way does nothing. Pictures on their way are waited for.
 */
export async function submit(): Promise<string | null> {
  if (submitting.get()) return null;
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

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const other = noAnswer(error);
  return other instanceof Problem ? other : new Problem({ message: String(error), code: "client", status: 0, retryable: true, cause: error });
}
