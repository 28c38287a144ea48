/*
 * One connection to a stream of events. Whether another one follows, and when, is for those who read it.
 *
 *     GET …/events, Last-Event-ID ─▶ frames ─▶ events with their ids
 */
import type { Token } from "./api.ts";
import { framesOf } from "./frames.ts";
import { problemOf } from "./problems.ts";
import type { ClientEvent } from "./types.ts";

export interface StreamOptions {
  token: Token;
  /** The `id` of the last event that was read before; empty: from the beginning. */
  lastId: string;
  signal: AbortSignal;
}

/** An event, and the id beyond which the stream is resumed; an event that is no fact has none. */
export interface Streamed {
  id: string;
  event: ClientEvent;
}

/** Return a stream's events once it is open. @throws {Problem} It was refused. */
export async function streamOf(url: string, { token, lastId, signal }: StreamOptions): Promise<AsyncGenerator<Streamed>> {
  const headers = new Headers({ Accept: "text/event-stream" });
  const given = await token();
  if (given !== null) headers.set("Authorization", `Bearer ${given}`);
  if (lastId) headers.set("Last-Event-ID", lastId);
  const answer = await fetch(url, { headers, signal });
  if (!answer.ok || !answer.body) throw problemOf(answer, null);
  return eventsIn(answer.body);
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Streamed> {
  for await (const { id, data } of framesOf(body)) yield { id, event: JSON.parse(data) as ClientEvent };
}
