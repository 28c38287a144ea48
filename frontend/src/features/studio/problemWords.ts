/* A problem in the reader's words: what happened, and what to do; the server's own sentences where the catalogue has none. Pure. */
import type { Strings } from "../../strings/index.ts";

export interface Words {
  what: string;
  todo: string;
  /** The server's own sentences, where that is more than the catalogue's words. */
  original: string;
}

export function problemWords(of: { code: string; message: string; hint?: string }, strings: Strings): Words {
  const known = strings.problems[of.code];
  const original = [of.message, of.hint].filter(Boolean).join(" ");
  return known ? { ...known, original } : { what: of.message, todo: of.hint || strings.problems.internal?.todo || "", original: "" };
}
