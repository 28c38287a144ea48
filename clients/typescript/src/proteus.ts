/*
 * The whole way, and each step of it:
 *
 *     const proteus = new Proteus({ baseUrl: "https://tryon.example.com", token });
 *     const { pictures } = await proteus.tryon(person, garment, { category: "upper" });
 *
 * upload ─▶ submit ─▶ follow ─▶ download
 */
import { type ApiClient, connect, done, type Schemas, type Token } from "./api.ts";
import { follow, type FollowOptions, type Job } from "./follow.ts";
import { patiently, pauseFor } from "./patience.ts";
import { type Kind, upload, type UploadKind } from "./uploads.ts";

/** A photo, or the address of one that the server has already. */
export type Picture = Blob | string;
export type SubmitOptions = Partial<Omit<Schemas["SnapRequest"], "user_photo_url" | "cloth_clean_url" | "garments">>;
export type Layer = { picture: Picture; category: "upper" | "lower" | "outer" | "dress" | "overall" };
export type Batch = Schemas["BatchBody"];

export interface Steps extends FollowOptions {
  /** Gets the share of all photos that is sent, 0 to 1. */
  onUpload?: ((share: number) => void) | undefined;
  /** Your own name of this submit: a second one with it is the same. Without it: a fresh one. */
  idempotencyKey?: string | undefined;
}

/** A finished try-on; `pictures` are in the order of `job.results`, of an outfit the last wears everything. */
export interface TryOn {
  job: Job;
  pictures: Blob[];
}

const BATCH_POLL_MS = 5_000;

/** One user of one gateway. Without a token it becomes a guest at its first request. */
export class Proteus {
  readonly api: ApiClient;
  private readonly baseUrl: string;
  private readonly token: Token;
  private guest: Promise<string> | null = null;

  /** @param options.token An access token, what returns one, or on a server an API key (`pk_…`). */
  constructor({ baseUrl, token }: { baseUrl: string; token?: string | Token }) {
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.token = typeof token === "function" ? token : async () => token ?? (await this.guestToken());
    this.api = connect({ baseUrl: this.baseUrl, token: this.token, send: patiently });
  }

  /** Put a garment on a person. Throws `Problem` for a refusal, `JobEnded` for a try-on that was not completed. */
  async tryon(person: Picture, garment: Picture, options: SubmitOptions & Steps = {}): Promise<TryOn> {
    const { onUpload, onProgress, signal, idempotencyKey, ...wish } = options;
    const [user_photo_url, cloth_clean_url] = (await this.addresses(
      [["person", person], ["garment", garment]], onUpload, signal,
    )) as [string, string];
    return this.made({ user_photo_url, cloth_clean_url, ...wish }, { onProgress, signal, idempotencyKey });
  }

  /** Put one to four garments on a person, each over the one below. */
  async outfit(person: Picture, layers: readonly Layer[], options: SubmitOptions & Steps = {}): Promise<TryOn> {
    const { onUpload, onProgress, signal, idempotencyKey, ...wish } = options;
    const asked = layers.map(({ picture }): [Kind, Picture] => ["garment", picture]);
    const [user_photo_url, ...urls] = (await this.addresses([["person", person], ...asked], onUpload, signal)) as [string];
    const garments = urls.map((image, n) => ({ image, category: (layers[n] as Layer).category }));
    return this.made({ user_photo_url, garments, ...wish }, { onProgress, signal, idempotencyKey });
  }

  /** Upload a picture and return the address that every route takes; its preparation begins. */
  async upload(
    picture: Blob,
    kind: UploadKind,
    options: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
  ): Promise<string> {
    const { id, url } = await upload(this.api, picture, kind, options);
    // A refusal is no error: the submit prepares what is not prepared.
    await this.api
      .POST("/v1/images/{image_id}/uploaded", { params: { path: { image_id: id } }, signal: options.signal ?? null })
      .catch(() => options.signal?.throwIfAborted());
    return url;
  }

  /** Submit a try-on and return its status, without waiting. */
  async submit(body: SubmitBody, { idempotencyKey, signal }: Pick<Steps, "idempotencyKey" | "signal"> = {}): Promise<Job> {
    const header = { "Idempotency-Key": idempotencyKey ?? crypto.randomUUID() };
    return done(
      this.api.POST("/v1/tryons", { body: body as Schemas["SnapRequest"], params: { header }, signal: signal ?? null }),
    );
  }

  /** Return a job's status. */
  async status(jobId: string): Promise<Job> {
    return done(this.api.GET("/api/status/{job_id}", { params: { path: { job_id: jobId } } }));
  }

  /** Wait until a job has ended. */
  follow(jobId: string, options: FollowOptions = {}): Promise<Job> {
    return follow(this.api, { baseUrl: this.baseUrl, token: this.token }, jobId, options);
  }

  /** Fetch a result by its API address: the API signs an address of the store, which gets no token. */
  async download(resultUrl: string, signal?: AbortSignal): Promise<Blob> {
    const found = /^\/v1\/results\/([^/?]+)\/(\d+)$/.exec(resultUrl);
    if (!found) throw new TypeError(`${JSON.stringify(resultUrl)} is no address of a result: it must be /v1/results/JOB/N.`);
    const path = { job_id: found[1] as string, n: Number(found[2]) };
    const headers = { Accept: "application/json" };
    const ticket = await done(this.api.GET("/v1/results/{job_id}/{n}", { params: { path }, headers, signal: signal ?? null }));
    const answer = await patiently(new Request(ticket.download_url, { signal: signal ?? null }));
    if (!answer.ok) throw new Error(`The store answered ${answer.status}.`);
    return answer.blob();
  }

  /** Order pictures of each person in each garment, for workers with nothing else to do. */
  async batch(
    persons: readonly Picture[],
    garments: readonly Picture[],
    { idempotencyKey, signal, ...wish }: Partial<Omit<Schemas["BatchRequest"], "persons" | "garments" | "items">> &
      Pick<Steps, "idempotencyKey" | "signal"> = {},
  ): Promise<Batch> {
    const asked = [...persons.map((one): [Kind, Picture] => ["person", one]), ...garments.map((one): [Kind, Picture] => ["garment", one])];
    const urls = await this.addresses(asked, undefined, signal);
    const body = { ...wish, persons: urls.slice(0, persons.length), garments: urls.slice(persons.length) };
    const header = { "Idempotency-Key": idempotencyKey ?? crypto.randomUUID() };
    const made = this.api.POST("/v1/batches", { body: body as Schemas["BatchRequest"], params: { header }, signal: signal ?? null });
    return (await done(made)) as Batch;
  }

  /** Wait until a batch has ended, by asking every five seconds. */
  async followBatch(batchId: string, { onProgress, signal }: { onProgress?: (batch: Batch) => void; signal?: AbortSignal } = {}): Promise<Batch> {
    for (;;) {
      const params = { path: { batch_id: batchId } };
      const batch = (await done(this.api.GET("/v1/batches/{batch_id}", { params, signal: signal ?? null }))) as Batch;
      onProgress?.(batch);
      if (batch.finished_at) return batch;
      await pauseFor(BATCH_POLL_MS, signal);
    }
  }

  /** Return the answer whose body is the ZIP of a batch's pictures and its manifest. */
  async batchResults(batchId: string, signal?: AbortSignal): Promise<Response> {
    const params = { path: { batch_id: batchId } };
    const { response, error } = await this.api.GET("/v1/batches/{batch_id}/results", { params, parseAs: "stream", signal: signal ?? null });
    await done(Promise.resolve({ response, error }));
    return response;
  }

  private async made(body: SubmitBody, { onProgress, signal, idempotencyKey }: Steps): Promise<TryOn> {
    const { job_id } = await this.submit(body, { idempotencyKey, signal });
    const job = await this.follow(job_id, { onProgress, signal });
    const urls = (job.results ?? []).flatMap(({ url }) => url ?? []);
    return { job, pictures: await Promise.all(urls.map((url) => this.download(url, signal))) };
  }

  /** Return the addresses of pictures; what is no address yet is uploaded. */
  private addresses(
    pictures: readonly (readonly [Kind, Picture])[],
    onUpload?: (share: number) => void,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const shares: number[] = pictures.map(([, picture]) => (typeof picture === "string" ? 1 : 0));
    return Promise.all(
      pictures.map(async ([kind, picture], n) => {
        if (typeof picture === "string") return picture;
        const onProgress = (share: number) => {
          shares[n] = share;
          onUpload?.(shares.reduce((sum, one) => sum + one, 0) / shares.length);
        };
        return this.upload(picture, kind, signal ? { onProgress, signal } : { onProgress });
      }),
    );
  }

  private guestToken(): Promise<string> {
    this.guest ??= done(connect({ baseUrl: this.baseUrl, token: async () => null }).POST("/v1/auth/guest")).then(
      (made) => made.access_token,
      (error: unknown) => {
        this.guest = null;
        throw error;
      },
    );
    return this.guest;
  }
}

type SubmitBody = SubmitOptions & Pick<Schemas["SnapRequest"], "user_photo_url"> & Partial<Pick<Schemas["SnapRequest"], "cloth_clean_url" | "garments">>;
