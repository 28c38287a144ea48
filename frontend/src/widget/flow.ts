/*
 * From the button to the picture: what happens, and what the shopper is shown meanwhile. No element is touched here.
 *
 *     open ─▶ consent? ─▶ pick ⇄ camera ─▶ sending ─▶ working ─▶ result
 *                          ▲                 │  cancel │            │ another, again
 *                          └─────────────────┴─────────┴────────────┘        any step may end in a problem, and goes on from it
 *
 * The garment's picture is uploaded as soon as the shopper has agreed, so it is cut out while a photo is looked for.
 */
import { type ApiClient, connect, done, noAnswer, Problem, type Schemas } from "@proteus/client";
import { hasEnded, type Job } from "../shared/job.ts";
import { normalise, Unreadable } from "../shared/pictures/normalise.ts";
import { follow } from "./follow.ts";
import { ours, patiently } from "./passing.ts";
import { Pictures } from "./pictures.ts";
import type { TokenSource } from "./tokens.ts";

type Rule = Schemas["ConsentBody"];
export type Category = NonNullable<Schemas["SnapRequest"]["category"]>;

/** Why a step was ended: its try-on is not wanted any more. */
const CANCELED = new DOMException("The shopper canceled.", "AbortError");

/** A finished picture. `url` is signed: whoever has it sees the picture until `expiresAt`. */
export interface Result {
  jobId: string;
  n: number;
  url: string;
  expiresAt: string;
}

export type State =
  | { at: "idle" }
  | { at: "opening" }
  | { at: "consent"; rule: Rule; outdated: boolean }
  | { at: "pick"; removed: boolean }
  | { at: "camera" }
  | { at: "sending"; share: number | null }
  | { at: "working"; job: Job | null; lost: boolean }
  | { at: "result"; result: Result }
  | { at: "remove" }
  | { at: "problem"; problem: Problem };

export interface Shop {
  baseUrl: string;
  tokens: TokenSource;
  /** The address of the garment's picture, as the shop's page reads it. */
  garment: () => string;
  category: () => Category;
}

export class Flow {
  state: State = { at: "idle" };
  /** The photo, as it was sent; null before there is one. */
  photo: Blob | null = null;
  /** Whether the server may have something of this shopper. */
  hasLeftSomething = false;

  private readonly shop: Shop;
  private readonly api: ApiClient;
  private readonly onState: (state: State) => void;
  private run = new AbortController();
  private jobId: string | null = null;
  private readonly pictures: Pictures;
  private submitKey = newKey();
  private goOn: () => void = () => undefined;
  private beforeRemove: State = { at: "idle" };

  constructor(shop: Shop, onState: (state: State) => void) {
    this.shop = shop;
    this.onState = onState;
    this.api = connect({ baseUrl: shop.baseUrl, token: () => shop.tokens.token() });
    this.pictures = new Pictures(shop, this.api);
  }

  /** Begin; where something runs or is done already, that is shown again. */
  open(): void {
    if (this.state.at === "idle" || this.state.at === "problem") this.begin();
    else this.onState(this.state);
  }

  /** The dialog was closed: what is asked is forgotten, what runs goes on. */
  closed(): void {
    if (["opening", "consent", "pick", "camera", "remove", "problem"].includes(this.state.at)) this.stop();
  }

  /** End everything: the element is gone, or shows another garment. */
  stop(): void {
    this.run.abort();
    this.jobId = null;
    this.show({ at: "idle" });
  }

  agree(ageConfirmed: boolean): void {
    if (this.state.at !== "consent") return;
    const { version } = this.state.rule;
    void this.step(async (signal) => {
      try {
        const body = { version: version ?? "", scope: ["photos" as const], age_confirmed: ageConfirmed };
        await this.asked(() => this.api.POST("/v1/consent", { body, signal }));
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "consent_outdated") throw error;
        return this.look(signal, true);
      }
      this.hasLeftSomething = true;
      this.toPick();
    }, () => this.begin());
  }

  toPick(): void {
    this.show({ at: "pick", removed: false });
    void this.pictures.garment().catch(() => undefined); // Whoever needs it is told.
  }

  toCamera(): void {
    this.show({ at: "camera" });
  }

  /** Try the garment on with a photo of the shopper. */
  use(file: Blob): void {
    this.pictures.dropPerson();
    this.photo = null;
    this.submitKey = newKey();
    void this.step(async (signal) => {
      this.show({ at: "sending", share: null });
      const { blob } = await normalise(file).catch((error: unknown) => {
        throw error instanceof Unreadable ? ours("unreadable") : error;
      });
      signal.throwIfAborted();
      this.photo = blob;
      await this.submit(signal);
    }, () => (this.photo ? this.again() : this.toPick()));
  }

  /** Once more with the same photo. */
  again(): void {
    if (this.state.at === "result") this.submitKey = newKey();
    void this.step((signal) => this.submit(signal), () => this.again());
  }

  /** Stop the upload or the try-on; the photo is asked for again. */
  cancel(): void {
    const id = this.jobId;
    this.run.abort(CANCELED);
    this.jobId = null;
    this.submitKey = newKey();
    if (id) this.cancelAtServer(id);
    this.toPick();
  }

  /** Go on from a problem. */
  retry(): void {
    this.goOn();
  }

  toRemove(): void {
    this.beforeRemove = this.state;
    this.show({ at: "remove" });
  }

  keep(): void {
    this.show(this.beforeRemove);
  }

  /** Withdraw the consent: the server deletes all that it has of the shopper. */
  remove(): void {
    void this.step(async () => {
      await this.asked(() => this.api.DELETE("/v1/consent"));
      this.shop.tokens.drop();
      this.pictures.drop();
      Object.assign(this, { photo: null, hasLeftSomething: false, submitKey: newKey() });
      this.show({ at: "pick", removed: true });
    }, () => this.remove());
  }

  /** Return a fresh address by which the browser saves the picture. @throws {Problem} */
  async downloadAddress({ jobId, n }: Result): Promise<string> {
    return (await this.sign(jobId, n, true)).download_url;
  }

  /** The picture could not be loaded, for its address has ended or the store is away: trying again signs a new one. */
  signAgain(): void {
    if (this.state.at !== "result") return;
    const { jobId, n } = this.state.result;
    const signed = () => void this.step((signal) => this.toResult(jobId, n, signal), signed);
    this.fail(ours("network"), signed);
  }

  private begin(): void {
    void this.step(async (signal) => {
      this.show({ at: "opening" });
      await this.look(signal, false);
    }, () => this.begin());
  }

  private async look(signal: AbortSignal, outdated: boolean): Promise<void> {
    const rule = await this.asked(() => this.api.GET("/v1/consent", { signal }));
    this.hasLeftSomething ||= rule.given !== null;
    if (rule.required && !rule.met) this.show({ at: "consent", rule, outdated });
    else this.toPick();
  }

  private async submit(signal: AbortSignal): Promise<void> {
    if (!this.photo) return this.toPick();
    this.hasLeftSomething = true;
    const onProgress = (share: number) => signal.aborted || this.show({ at: "sending", share });
    const person = await this.pictures.person(this.photo, { onProgress, signal });
    this.show({ at: "working", job: null, lost: false });
    const garment = await this.pictures.garment();
    signal.throwIfAborted();
    const category = this.shop.category();
    const body = { user_photo_url: person, cloth_clean_url: garment, category } as Schemas["SnapRequest"];
    const headers = { "Idempotency-Key": this.submitKey };
    // No signal ends the submit: only its answer tells which try-on to cancel.
    const { job_id: id } = await this.asked(() => this.api.POST("/v1/tryons", { body, headers }));
    if (signal.reason === CANCELED) this.cancelAtServer(id);
    signal.throwIfAborted();
    this.jobId = id;
    await this.watch(id, signal);
  }

  private cancelAtServer(id: string): void {
    const params = { path: { job_id: id } };
    void this.asked(() => this.api.POST("/v1/tryons/{job_id}/cancel", { params })).catch(() => undefined); // It ends anyway.
  }

  private async watch(id: string, signal: AbortSignal): Promise<void> {
    let lost = false;
    let shown: Job | null = null;
    const tell = () => this.show({ at: "working", job: shown, lost });
    const job = await follow(id, {
      api: this.api,
      baseUrl: this.shop.baseUrl,
      tokens: this.shop.tokens,
      signal,
      onJob: (next) => {
        shown = next;
        if (!hasEnded(next)) tell();
      },
      onConnection: (isThere) => {
        if (lost === isThere) {
          lost = !isThere;
          tell();
        }
      },
    });
    const made = (job.results ?? []).find((one) => one.status === "completed");
    if (job.status === "canceled") return this.toPick();
    // A try-on that has ended stays as it is: trying again makes another one.
    this.submitKey = newKey();
    this.jobId = null;
    if (job.status !== "completed" || !made) {
      const { code = job.status, message = "", hint = "", retryable = true } = job.error ?? {};
      throw new Problem({ message, code, hint, retryable, status: 0, requestId: id });
    }
    await this.toResult(id, made.n, signal);
  }

  private async toResult(jobId: string, n: number, signal: AbortSignal): Promise<void> {
    const { download_url: url, expires_at: expiresAt } = await this.sign(jobId, n, false);
    signal.throwIfAborted();
    this.show({ at: "result", result: { jobId, n, url, expiresAt } });
  }

  private async sign(jobId: string, n: number, download: boolean): Promise<Schemas["DownloadTicket"]> {
    // A redirect to the store would arrive there without an origin, so the address is asked for instead.
    const params = { path: { job_id: jobId, n }, query: download ? { download } : {}, header: { accept: "application/json" } };
    return this.asked(() => this.api.GET("/v1/results/{job_id}/{n}", { params }));
  }

  private asked<T>(act: () => Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
    return patiently(() => this.shop.tokens.use(() => done(act())));
  }

  /** Do one step after ending the one before; `otherwise` is what trying again does after a problem. */
  private async step(act: (signal: AbortSignal) => Promise<void>, otherwise: () => void): Promise<void> {
    this.run.abort();
    this.run = new AbortController();
    const { signal } = this.run;
    try {
      await act(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.fail(error instanceof Problem ? error : noAnswer(error), otherwise);
    }
  }

  private fail(error: Error, otherwise: () => void): void {
    const problem = error instanceof Problem ? error : ours("other", error);
    const asksAgain = ["consent_required", "age_not_confirmed", "consent_outdated"].includes(problem.code);
    this.goOn = asksAgain ? () => this.begin() : otherwise;
    this.show({ at: "problem", problem });
  }

  private show(state: State): void {
    this.state = state;
    this.onState(state);
  }
}

/** `crypto.randomUUID` exists on secure pages alone. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
