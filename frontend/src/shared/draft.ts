/*
 * The next try-on before it is submitted (`order.ts`): a person, a garment and the options.
 *
 *     file ─▶ normalise ─▶ upload ─▶ (garment: cut out) ─▶ ready          each place by itself, as soon as it is filled
 *
 * It lives outside the components: uploads go on while a person looks at another page, and what was put in is there again
 * after a reload.
 */
import { done, type Kind, Problem, upload, type Uploaded } from "@proteus/client";
import { release } from "./blobs.ts";
import { agreed } from "./consent.ts";
import { get, type KeptCut, put, remove } from "./db.ts";
import { ended, follow, learn } from "./jobs.ts";
import { kept } from "./kept.ts";
import { announce, type Category, type CategoryScore, correct, prepared, recordOf, type Warning, warningsOf } from "./photos.ts";
import type { PoseAdvice } from "../pose/quality.ts";
import { normalise, Unreadable } from "./pictures/normalise.ts";
import type { Advice } from "./pictures/sizes.ts";
import { asProblem } from "./problems.ts";
import { api } from "./session.ts";
import { Signal } from "./signal.ts";
import { signedAddress } from "./signed.ts";

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
  /** How the person stands, as this browser sees it; nobody waits for it. */
  pose: PoseAdvice[];
  /** How many people the photo shows, as the gateway sees it; null: nobody has said yet. */
  people: number | null;
  /** Who wears the garment, from the left; null: whom the gateway takes. */
  personIndex: number | null;
  /** Whom the gateway takes. */
  usualPerson: number | null;
  /** What may be wrong with the photo, known before the submit. */
  warnings: Warning[];
  problem: Problem | Unreadable | null;
  cut: Cut | null;
}

export interface Options {
  engine: string | null;
  quality: "fast" | "balanced" | "best" | "approximate";
  samples: number;
  seed: number | null;
  format: "webp" | "png" | "jpeg" | null;
  expiresIn: number | null;
}

export const DEFAULTS: Options = { engine: null, quality: "balanced", samples: 1, seed: null, format: null, expiresIn: null };

const empty = (kind: Kind): Slot => ({
  kind, phase: "empty", name: "", blob: null, shown: null, advice: [], pose: [], people: null, personIndex: null,
  usualPerson: null, share: 0, image: null, warnings: [], problem: null, cut: null,
});

export const slots = { person: new Signal(empty("person")), garment: new Signal(empty("garment")) };
export const options = new Signal<Options>(readOptions());

const controllers: Record<Kind, AbortController> = { person: new AbortController(), garment: new AbortController() };
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
    if (kind === "person") void adviseOnPose(picture.blob, signal);
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
      personIndex: found.personIndex ?? null,
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
    await agreed(api);
    if (signal.aborted) return;
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

/** Say how the person stands, beside the upload; whoever saves data loads no model for it. */
async function adviseOnPose(picture: Blob, signal: AbortSignal): Promise<void> {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData) return;
  try {
    const { lookAt } = await import("../pose/still.ts");
    const pose = await lookAt(picture, signal);
    if (!signal.aborted) change("person", { pose });
  } catch {
    // A hint that cannot be given is none.
  }
}

/** Show what the gateway found in the person's photo, once it is prepared. */
async function warn(id: string, signal: AbortSignal): Promise<void> {
  const photo = await prepared(api, id, signal);
  if (!photo || signal.aborted) return;
  const { people = null, person_index: usualPerson = null } = photo.preparation ?? {};
  change("person", { warnings: warningsOf(photo), people, usualPerson });
}

/** Say who of several people wears the garment, from the left. */
export function setPerson(personIndex: number): void {
  change("person", { personIndex });
  void get("slots", "person").then((known) => known && put("slots", { ...known, personIndex }));
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

/** Whether the button may be pressed: both places hold a picture that is there or on its way. */
export function isComplete(person: Slot, garment: Slot): boolean {
  return [person, garment].every((slot) => slot.phase === "ready" || slot.phase === "sending" || slot.phase === "reading");
}
