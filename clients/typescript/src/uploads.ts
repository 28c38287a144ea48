/* Uploads: a signed address from the API, then the bytes go straight to the store. */
import { type ApiClient, done } from "./api.ts";
import { Problem } from "./problems.ts";

export type Kind = "person" | "garment";

/** A photo that the store has; `url` is what submits take. */
export interface Uploaded {
  id: string;
  url: string;
}

const TRIES = 3;
const PAUSE_MS = 600;

/**
 * Upload a picture and return its address.
 *
 * A try that fails by the network or by a passing refusal of the store is repeated with a new signed address.
 *
 * @param onProgress Gets the share that is sent, 0 to 1.
 */
export async function upload(
  client: ApiClient,
  picture: Blob,
  kind: Kind,
  { onProgress, signal }: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<Uploaded> {
  for (let attempt = 1; ; attempt++) {
    const body = { kind, content_type: picture.type, size_bytes: picture.size };
    const ticket = await done(client.POST("/v1/uploads", { body, signal: signal ?? null }));
    try {
      await put(ticket.upload_url, ticket.headers as Record<string, string>, picture, onProgress, signal);
      return { id: ticket.image_id, url: ticket.image_url };
    } catch (error) {
      if (!(error instanceof Problem) || !error.retryable || attempt === TRIES) throw error;
      onProgress?.(0);
      await pause(PAUSE_MS * attempt, signal);
    }
  }
}

/** `fetch` tells nothing of a body's progress; XMLHttpRequest does. */
function put(
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
      else fail(status, `The store answered ${status}.`, status === 429 || status >= 500);
    };
    request.onerror = () => fail(0, "The connection to the store broke.", true);
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    request.send(picture);
  });
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
