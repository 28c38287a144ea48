/* Typed requests: paths, bodies and answers come from docs/openapi.json. */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./generated/api.ts";
import { noAnswer, problemOf } from "./problems.ts";

export type Schemas = components["schemas"];
export type ApiClient = Client<paths>;

/** Where a request's access token comes from; null: the request goes without one. */
export type Token = () => Promise<string | null>;

/** Sends a request, as `fetch` does. */
export type Send = (request: Request) => Promise<Response>;

/** Return a client of the API at `baseUrl`; every request carries the token. */
export function connect({ baseUrl, token, send }: { baseUrl: string; token: Token; send?: Send }): ApiClient {
  const client = createClient<paths>(send ? { baseUrl, fetch: send } : { baseUrl });
  client.use({
    async onRequest({ request }) {
      const given = await token();
      if (given !== null) request.headers.set("Authorization", `Bearer ${given}`);
      return request;
    },
  });
  return client;
}

/** Return the data of an answer; throw a `Problem` for every other outcome. */
export async function done<T>(answering: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await answering;
  } catch (error) {
    throw noAnswer(error);
  }
  if (!answer.response.ok) throw problemOf(answer.response, answer.error);
  return answer.data as T;
}
