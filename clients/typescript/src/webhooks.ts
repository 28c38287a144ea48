/* Webhooks: proves that a message comes from the server (Standard Webhooks) by WebCrypto, and reads it. */
import type { Schemas } from "./api.ts";

export type Message = Schemas["WebhookMessage"] | Schemas["BatchMessage"];

/** A message is not proven to come from the server, or is too old: answer 400 and do nothing. */
export class WebhookRefused extends Error {
  override readonly name = "WebhookRefused";
}

const TOLERANCE_SECONDS = 300;
const SIGNATURE = /^v1,([A-Za-z0-9+/]{43}=)$/;

/**
 * Return the message, once its signature and its time are right; throw `WebhookRefused` otherwise.
 *
 * @param headers The request's headers; case does not matter.
 * @param body The request's body as it came: JSON that was parsed and written again has another signature.
 * @param secret The endpoint's secret (`whsec_…`), or several while one replaces the other.
 * @param options.now Unix seconds; without it: the clock.
 */
export async function verifyWebhook(
  headers: Headers | Record<string, string | string[] | undefined>,
  body: string | Uint8Array,
  secret: string | readonly string[],
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() / 1_000 }: { toleranceSeconds?: number; now?: number } = {},
): Promise<Message> {
  const [id, moment, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => {
    const value = headerOf(headers, name);
    if (!value) throw new WebhookRefused(`The header ${name} is missing.`);
    return value;
  }) as [string, string, string];
  if (!/^\d{1,15}$/.test(moment)) throw new WebhookRefused("webhook-timestamp is no whole number of seconds.");
  if (Math.abs(now - Number(moment)) > toleranceSeconds) {
    throw new WebhookRefused(`webhook-timestamp is more than ${toleranceSeconds} s away from this clock.`);
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${moment}.`);
  const signed = new Uint8Array(head.length + bytes.length);
  signed.set(head);
  signed.set(bytes, head.length);
  const sent = signatures.split(" ").flatMap((one) => SIGNATURE.exec(one)?.[1] ?? []);
  const secrets = typeof secret === "string" ? [secret] : secret;
  const found = await Promise.all(secrets.map((one) => keyOf(one).then((key) => proves(key, sent, signed))));
  if (!found.includes(true)) throw new WebhookRefused("No signature was made with this secret.");
  return read(bytes);
}

/** `subtle.verify` compares in constant time. */
async function proves(key: CryptoKey, sent: readonly string[], signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const found = await Promise.all(sent.map((one) => crypto.subtle.verify("HMAC", key, bytesOf(one), signed)));
  return found.includes(true);
}

async function keyOf(secret: string): Promise<CryptoKey> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = bytesOf(secret.replace(/^whsec_/, ""));
  } catch {
    throw new TypeError("a webhook's secret must be whsec_ and base64.");
  }
  if (bytes.length === 0) throw new TypeError("a webhook's secret must not be empty.");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function headerOf(headers: Headers | Record<string, string | string[] | undefined>, name: string): string | null {
  if (headers instanceof Headers) return headers.get(name);
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return (Array.isArray(found) ? found[0] : found) ?? null;
}

function read(bytes: Uint8Array): Message {
  let message: Partial<Message> | null;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Partial<Message> | null;
  } catch {
    message = null;
  }
  const isWhole =
    typeof message?.id === "string" &&
    typeof message.type === "string" &&
    typeof message.timestamp === "string" &&
    typeof message.data === "object" &&
    message.data !== null;
  if (!isWhole) throw new WebhookRefused("The message is signed, and none that this client knows.");
  return message as Message;
}
