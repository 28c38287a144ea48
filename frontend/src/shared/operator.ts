/*
 * The operator of this tab: who looks after the fleet, apart from the guest whom Studio shows.
 *
 * An administrator's login, or a token of scope `admin`, is kept in `sessionStorage`: it ends with the tab. An access token
 * lives for minutes; the refresh token brings the next one, once, so that two questions at the same time must not both use it.
 */
import { type ApiClient, connect, done, Problem, type Schemas } from "@proteus/client";
import { BASE_URL } from "./session.ts";
import { Signal } from "./signal.ts";

export interface Operator {
  /** Whom to greet: the address of a login, or nothing. */
  name: string;
  token: string;
  /** When the token ends, in milliseconds since 1970; null: it is not known, the server will say. */
  until: number | null;
  refresh: string | null;
}

const KEY = "proteus.operator";
const EARLY_MS = 60_000;

/** Who looks after the fleet in this tab; null: nobody has said so. */
export const operator = new Signal<Operator | null>(read());

let refreshing: Promise<string | null> | null = null;
const plain: ApiClient = connect({ baseUrl: BASE_URL, token: async () => null });

/** The API, as this tab's operator. */
export const operatorApi: ApiClient = connect({ baseUrl: BASE_URL, token: currentToken });
operatorApi.use({
  onResponse({ response }) {
    if (response.status === 401) keep(null);
  },
});

/** Log in with an administrator's account. */
export async function logIn(email: string, password: string): Promise<void> {
  const session = await done(plain.POST("/v1/auth/login", { body: { email, password } }));
  if (session.role !== "admin") throw notAllowed();
  keep(operatorOf(session, email));
}

/** Use a token or an API key, once the server has agreed that it may. */
export async function takeToken(token: string): Promise<void> {
  const tried = connect({ baseUrl: BASE_URL, token: async () => token.trim() });
  await done(tried.GET("/v1/queue/jobs", { params: { query: { limit: 1 } } }));
  keep({ name: "", token: token.trim(), until: null, refresh: null });
}

/** Forget the operator, here and at the gateway. */
export function logOut(): void {
  const known = operator.get();
  keep(null);
  if (!known?.refresh) return; // A token is not a login: it ends by itself.
  void plain.POST("/v1/auth/logout", { headers: { Authorization: `Bearer ${known.token}` } }).catch(() => undefined);
}

async function currentToken(): Promise<string | null> {
  const known = operator.get();
  if (!known?.refresh || known.until === null || known.until - Date.now() > EARLY_MS) return known?.token ?? null;
  refreshing ??= renewed(known, known.refresh).finally(() => (refreshing = null));
  return refreshing;
}

async function renewed(known: Operator, refresh: string): Promise<string | null> {
  try {
    const session = await done(plain.POST("/v1/auth/refresh", { body: { refresh_token: refresh } }));
    keep(operatorOf(session, known.name));
    return session.access_token;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) keep(null);
    return known.token;
  }
}

function operatorOf(session: Schemas["SessionBody"], name: string): Operator {
  return { name, token: session.access_token, until: Date.now() + session.expires_in * 1000, refresh: session.refresh_token };
}

function notAllowed(): Problem {
  return new Problem({ message: "The account is no administrator's.", code: "forbidden_scope", status: 403, retryable: false });
}

function keep(next: Operator | null): void {
  try {
    if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Private windows refuse storage; the signal serves the page.
  }
  operator.set(next);
}

function read(): Operator | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Operator | null;
    return found && typeof found.token === "string" ? found : null;
  } catch {
    return null;
  }
}
