/* Requests that are sent again where that does no harm: by their nature, by an `Idempotency-Key`, or because a limit refused them. */

const TRIES = 3;
const PAUSE_MS = 200;
/** A server that names a longer time is not waited for: its refusal says so. */
const PAUSE_MOST_MS = 30_000;
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE"]);
const PASSING = new Set([429, 502, 503, 504]);

/** As `fetch`; a broken connection, 429, 502, 503 and 504 are tried again with the same request and the same key. */
export async function patiently(request: Request): Promise<Response> {
  const repeatable = IDEMPOTENT.has(request.method) || request.headers.has("Idempotency-Key");
  for (let attempt = 1; ; attempt++) {
    const last = attempt === TRIES;
    let pause = PAUSE_MS * 2 ** (attempt - 1) * (1 + Math.random());
    try {
      const answer = await fetch(request.clone());
      const after = retryAfterMs(answer);
      const soon = (after ?? 0) <= PAUSE_MOST_MS;
      if (last || !PASSING.has(answer.status) || !soon || !(repeatable || answer.status === 429)) return answer;
      if (!(await isRetryable(answer))) return answer;
      await answer.body?.cancel();
      pause = after ?? pause;
    } catch (error) {
      if (last || !repeatable || request.signal.aborted) throw error;
    }
    await pauseFor(pause, request.signal);
  }
}

/** Wait; reject at once when the signal says so. */
export function pauseFor(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => (clearTimeout(timer), reject(signal?.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", abort), resolve()), milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

async function isRetryable(answer: Response): Promise<boolean> {
  const document: unknown = await answer.clone().json().catch(() => null);
  const said = (document as { retryable?: unknown } | null)?.retryable;
  return said !== false;
}

function retryAfterMs(answer: Response): number | null {
  const text = answer.headers.get("Retry-After") ?? "";
  return /^\d+$/.test(text) ? Number(text) * 1_000 : null;
}
