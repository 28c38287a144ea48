/* Every failure of a request, as one error: the API's problem documents (RFC 9457), and answers that are none. */

/** Why a request failed. `status` 0: no answer came. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly hint: string;
  readonly requestId: string;
  readonly retryAfterSeconds: number | null;

  constructor(of: {
    message: string;
    code: string;
    status: number;
    retryable: boolean;
    hint?: string;
    requestId?: string;
    retryAfterSeconds?: number | null;
    cause?: unknown;
  }) {
    super(of.message, { cause: of.cause });
    this.code = of.code;
    this.status = of.status;
    this.retryable = of.retryable;
    this.hint = of.hint ?? "";
    this.requestId = of.requestId ?? "";
    this.retryAfterSeconds = of.retryAfterSeconds ?? null;
  }
}

/** Return the problem behind an answer that is not a success; `body` is what it carried, parsed where it was JSON. */
export function problemOf(answer: Response, body: unknown): Problem {
  const document = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (key: string) => (typeof document[key] === "string" ? (document[key] as string) : "");
  const retryAfter = Number.parseFloat(answer.headers.get("Retry-After") ?? "");
  return new Problem({
    message: text("detail") || text("title") || `The server answered ${answer.status}.`,
    code: text("code") || (answer.status >= 500 ? "internal" : `http_${answer.status}`),
    status: answer.status,
    retryable: typeof document.retryable === "boolean" ? document.retryable : isPassing(answer.status),
    hint: text("hint"),
    requestId: text("request_id") || (answer.headers.get("X-Request-ID") ?? ""),
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
  });
}

/** Return the problem behind a request that got no answer; an abort stays an abort. */
export function noAnswer(error: unknown): Error {
  if (error instanceof Problem || (error instanceof DOMException && error.name === "AbortError")) return error;
  return new Problem({ message: "No answer came.", code: "network", status: 0, retryable: true, cause: error });
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
