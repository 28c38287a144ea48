/* Uploads: a signed address from the API, then the bytes go straight to the store. */
import { type ApiClient, done } from "./api.ts";
import { pauseFor } from "./patience.ts";
import { Problem } from "./problems.ts";

export type Kind = "person" | "garment";
/** Kinds of uploads; a mask says what of a person's photo may change. */
export type UploadKind = Kind | "mask";

/** A photo that the store has; `url` is what submits take. */
export interface Uploaded {
  id: string;
  url: string;
}

const TRIES = 3;
const PAUSE_MS = 600;
const MAGIC = [
  [0, "\xff\xd8\xff", "image/jpeg"],
  [0, "\x89PNG\r\n\x1a\n", "image/png"],
  [8, "WEBP", "image/webp"],
  [4, "ftypavif", "image/avif"],
  [4, "ftypheic", "image/heic"],
  [4, "ftypheix", "image/heic"],
  [4, "ftypmif1", "image/heif"],
] as const;

/**
 * Upload a picture and return its address.
 *
 * A try that fails by the network or by a passing refusal of the store is repeated with a new signed address.
 *
 * @param onProgress Gets the share that is sent, 0 to 1; in Node only the 1.
 */
export async function upload(
  client: ApiClient,
  picture: Blob,
  kind: UploadKind,
  { onProgress, signal }: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<Uploaded> {
  const content_type = picture.type || (await contentTypeOf(picture));
  for (let attempt = 1; ; attempt++) {
    const body = { kind, content_type, size_bytes: picture.size };
    const ticket = await done(client.POST("/v1/uploads", { body, signal: signal ?? null }));
    try {
      await put(ticket.upload_url, ticket.headers as Record<string, string>, picture, onProgress, signal);
      return { id: ticket.image_id, url: ticket.image_url };
    } catch (error) {
      if (!(error instanceof Problem) || !error.retryable || attempt === TRIES) throw error;
      onProgress?.(0);
      await pauseFor(PAUSE_MS * attempt, signal);
    }
  }
}

/** Return the type that a picture's first bytes show, for blobs that name none. */
export async function contentTypeOf(picture: Blob): Promise<string> {
  const head = String.fromCharCode(...new Uint8Array(await picture.slice(0, 16).arrayBuffer()));
  const found = MAGIC.find(([at, magic]) => head.startsWith(magic, at));
  if (!found) throw new TypeError("this is no JPEG, PNG, WebP, AVIF or HEIC picture.");
  return found[2];
}

/** PUT a picture; Node has no XMLHttpRequest. */
async function put(
  url: string,
  headers: Record<string, string>,
  picture: Blob,
  onProgress?: (share: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (typeof XMLHttpRequest !== "undefined") return putWithProgress(url, headers, picture, onProgress, signal);
  const sent = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length");
  let answer: Response;
  try {
    answer = await fetch(url, { method: "PUT", headers: Object.fromEntries(sent), body: picture, signal: signal ?? null });
  } catch (error) {
    signal?.throwIfAborted();
    throw new Problem({ message: "The connection to the store broke.", code: "network", status: 0, retryable: true, cause: error });
  }
  await answer.body?.cancel();
  const { status } = answer;
  if (!answer.ok) throw new Problem({ message: `The store answered ${status}.`, code: "store_refused", status, retryable: passes(status) });
  onProgress?.(1);
}

function passes(status: number): boolean {
  return status === 429 || status >= 500;
}

/** `fetch` tells nothing of a body's progress; XMLHttpRequest does. */
function putWithProgress(
  url: string,
  headers: Record<string, string>,
  picture: Blob,
  onProgress?: (share: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const fail = (status: number, message: string, retryable: boolean) =>
      reject(new Problem({ message, code: status ? "store_refused" : "network", status, retryable }));
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value); // The browser sets it.
    }
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onload = () => {
      const { status } = request;
      if (status >= 200 && status < 300) resolve();
      else fail(status, `The store answered ${status}.`, passes(status));
    };
    request.onerror = () => fail(0, "The connection to the store broke.", true);
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    request.send(picture);
  });
}
