/* Failures in passing are repeated; those of this page are told like the API's own. */
import { Problem } from "@proteus/client";

const TRIES = 3;
const PAUSE_MOST_SECONDS = 5;

/** Repeat what failed in passing: no answer, or a server that is away for a moment. Every request here may come twice. */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const isPassing = error instanceof Problem && error.retryable && (error.status === 0 || error.status >= 500);
      if (!isPassing || attempt === TRIES) throw error;
      await new Promise((resume) => setTimeout(resume, 1000 * Math.min(error.retryAfterSeconds ?? attempt, PAUSE_MOST_SECONDS)));
    }
  }
}

/** Return a problem that no server has told. */
export function ours(code: string, cause?: unknown): Problem {
  return new Problem({ message: cause instanceof Error ? cause.message : code, code, status: 0, retryable: true, cause });
}
