/*
 * Who speaks: the access token of this browser, and the typed client that carries it.
 *
 * Where guests are welcome the browser becomes one, once, and stays the same guest for as long as its token lives; elsewhere
 * a person puts a token in. All tabs share it.
 */
import { type ApiClient, connect, done, Problem } from "@proteus/client";
import { kept } from "./kept.ts";
import { Signal } from "./signal.ts";

export const BASE_URL = location.origin;
const token = kept("token");
/** The last event of this user that was taken in; another user has other numbers. */
export const seq = kept("seq");

/** True while a person has to put in a token. */
export const tokenIsWanted = new Signal(false);

let entering: Promise<string> | null = null;
const plain: ApiClient = connect({ baseUrl: BASE_URL, token: async () => null });

/** The API, as this browser's user. */
export const api: ApiClient = connect({ baseUrl: BASE_URL, token: currentToken });
api.use({
  onResponse({ response }) {
    if (response.status === 401) dropToken();
  },
});

/** Return the token; become a guest first, where there is none. */
export function currentToken(): Promise<string> {
  const known = token.read();
  if (known) return Promise.resolve(known);
  entering ??= becomeGuest().finally(() => (entering = null));
  return entering;
}

/** Forget a token that the server does not accept any more; what belongs to its user is out of reach with it. */
export function dropToken(): void {
  token.write(null);
  seq.write(null);
}

/** Use a token that a person put in. */
export function putToken(given: string): void {
  token.write(given.trim());
  tokenIsWanted.set(false);
}

async function becomeGuest(): Promise<string> {
  try {
    const guest = await done(plain.POST("/v1/auth/guest"));
    token.write(guest.access_token);
    return guest.access_token;
  } catch (error) {
    if (error instanceof Problem && error.code === "guests_disabled") tokenIsWanted.set(true);
    throw error;
  }
}
