/*
 * The shopper's token: the shop's server mints it, the widget asks for it and asks again before it ends.
 *
 *     token() ─▶ held and fresh? ─▶ (ask the shop, once for all who wait) ─▶ text
 */
import { noAnswer, Problem, problemOf } from "@proteus/client";

/** What a shop's server answers: the body of `POST /v1/tokens` as it is. */
export interface Given {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  user_id?: string;
}
export type Ask = () => Promise<Given>;

/** A token is renewed in the last fifth of its life, a long one in its last minute. */
const LAST_SHARE = 0.2;
const LAST_MS = 60_000;

export class TokenSource {
  private readonly ask: Ask;
  private readonly now: () => number;
  private held: { text: string; renewAt: number } | null = null;
  private asking: Promise<string> | null = null;
  /** Whose the last token was; null: the shop did not say. */
  user: string | null = null;

  constructor(ask: Ask, now: () => number = Date.now) {
    this.ask = ask;
    this.now = now;
  }

  /** Return a token to use now. @throws {Problem} */
  async token(): Promise<string> {
    if (this.held && this.now() < this.held.renewAt) return this.held.text;
    this.asking ??= this.renew().finally(() => (this.asking = null));
    return this.asking;
  }

  /** Forget the token: it was refused. */
  drop(): void {
    this.held = null;
  }

  /** Do something with a valid token; once more with a new one, if the API does not accept the first. */
  async use<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      this.drop();
      return act();
    }
  }

  private async renew(): Promise<string> {
    const asked = this.now();
    const given: Given = await this.ask();
    const { access_token: text, expires_in: seconds } = given ?? {};
    if (typeof text !== "string" || !text || typeof seconds !== "number" || !(seconds > 0)) {
      throw new Problem({
        message: "The shop's token endpoint must answer with access_token and expires_in.",
        code: "token_unusable",
        status: 0,
        retryable: false,
      });
    }
    const life = seconds * 1000;
    this.held = { text, renewAt: asked + life - Math.min(LAST_MS, life * LAST_SHARE) };
    this.user = given.user_id ?? null;
    return text;
  }
}

/** Return how to ask the shop's endpoint: a POST with the shop's own cookies. */
export function asking(url: string): Ask {
  return async () => {
    let answer: Response;
    try {
      answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
    } catch (error) {
      throw noAnswer(error);
    }
    const body: unknown = await answer.json().catch(() => null);
    if (answer.ok) return body as Given;
    const { message, status, retryable } = problemOf(answer, body);
    throw new Problem({ message, code: "token_refused", status: status === 401 ? 403 : status, retryable });
  };
}
