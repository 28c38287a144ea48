/* Whatever was thrown, as a problem that a page can show. */
import { noAnswer, Problem } from "@proteus/client";

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const other = noAnswer(error);
  return other instanceof Problem ? other : new Problem({ message: String(error), code: "client", status: 0, retryable: true, cause: error });
}
