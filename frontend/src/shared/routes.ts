/* Addresses of the pages: /app, /app/<page>, and /app/tryons/<job id>, which is Studio with a try-on opened. */
import { useSyncExternalStore } from "react";

export interface Route {
  /** The page's path below /app; "" is Studio. */
  page: string;
  jobId: string | null;
}

export const BASE = "/app";
const JOB = /^\/tryons\/([^/]+)$/;

/** Return what an address asks for; an unknown page is Studio. */
export function routeOf(pathname: string, known: readonly string[]): Route {
  const rest = pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length).replace(/\/+$/, "") : "";
  const job = JOB.exec(rest)?.[1];
  if (job) return { page: "", jobId: decoded(job) };
  const page = rest.slice(1);
  return { page: known.includes(page) ? page : "", jobId: null };
}

/** Return the address of a page, or of a try-on in Studio. */
export function addressOf({ page, jobId }: Partial<Route>): string {
  if (jobId) return `${BASE}/tryons/${encodeURIComponent(jobId)}`;
  return page ? `${BASE}/${page}` : BASE;
}

/** Go to an address of ours without loading anything anew. */
export function navigate(address: string, { replace = false }: { replace?: boolean } = {}): void {
  if (address === location.pathname) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  for (const listener of listeners) listener();
}

/** The path of the address bar, as a value that components follow. */
export function usePathname(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
