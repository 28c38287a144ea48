import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verifyWebhook, WebhookRefused } from "../../../clients/typescript/src/webhooks.ts";

interface Vector {
  name: string;
  accepted: boolean;
  secrets: string[];
  headers: Record<string, string>;
  body: string;
  now: number;
}

const vectors = JSON.parse(readFileSync(new URL("../../../tests/fixtures/webhooks/vectors.json", import.meta.url), "utf8")) as Vector[];

test.each(vectors)("$name", async ({ accepted, secrets, headers, body, now }) => {
  for (const given of [body, new TextEncoder().encode(body)]) {
    const verifying = verifyWebhook(headers, given, secrets, { now });
    if (accepted) expect(await verifying).toEqual(JSON.parse(body));
    else await expect(verifying).rejects.toThrow(WebhookRefused);
  }
});

test("every other byte is refused", async () => {
  const { headers, body, secrets, now } = vectors[0] as Vector;
  const bytes = new TextEncoder().encode(body);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ (1 + (at % 255));
    await expect(verifyWebhook(headers, changed, secrets, { now })).rejects.toThrow(WebhookRefused);
  }
});

test.each(["whsec_", "", "whsec_%%%", "whsec_größe"])("a secret that is none (%j) is the receiver's own mistake", async (secret) => {
  const { headers, body, now } = vectors[0] as Vector;
  await expect(verifyWebhook(headers, body, secret, { now })).rejects.toThrow(TypeError);
});

test("headers may be those of fetch and of Node", async () => {
  const { headers, body, secrets, now } = vectors[0] as Vector;
  const node = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  for (const given of [new Headers(headers), node]) expect((await verifyWebhook(given, body, secrets, { now })).id).toBe("msg_1");
});
