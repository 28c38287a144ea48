/* The question before the first photo: put once, answered once, and no obstacle where the server cannot be asked. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "@proteus/client";
import { afterEach, expect, test } from "vitest";
import { agreed, isWithdrawable, question, withdraw } from "./consent.ts";

const open: Server[] = [];
const asks = { required: true, met: false, version: "2", text: "May we?", minimum_age: 16, given: null };
const met = { ...asks, met: true, given: { version: "2", scope: ["photos"], region: null, age_confirmed: true, given_at: "" } };

afterEach(() => {
  for (const server of open.splice(0)) server.close();
  question.set(null);
});

/** A server that gives these answers, one after the other, and a client of it. */
async function serving(...answers: [number, unknown][]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      const [status, answer] = answers.shift() ?? [500, {}];
      response.writeHead(status, { "Content-Type": "application/json" }).end(status === 204 ? undefined : JSON.stringify(answer));
    });
  });
  open.push(server);
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { api: connect({ baseUrl, token: async () => null }), asked };
}

function asked(): Promise<NonNullable<ReturnType<typeof question.get>>> {
  return new Promise((resolve) => {
    const look = () => {
      const found = question.get();
      if (!found) return;
      stop();
      resolve(found);
    };
    const stop = question.subscribe(look);
    look();
  });
}

test("two pictures ask once, and go when the person agrees", async () => {
  const { api, asked: lines } = await serving([200, asks], [200, met]);
  const both = Promise.all([agreed(api), agreed(api)]);
  const { text, minimumAge, agree } = await asked();
  expect([text, minimumAge]).toEqual(["May we?", 16]);
  await agree(true);
  await both;
  expect(lines).toEqual(["GET /v1/consent", 'POST /v1/consent {"version":"2","scope":["photos"],"age_confirmed":true}']);
  expect([question.get(), isWithdrawable.get()]).toEqual([null, true]);
});

test("who says no sends nothing, and is asked again at the next picture", async () => {
  const { api } = await serving([200, asks], [200, asks]);
  const first = agreed(api);
  (await asked()).decline();
  await expect(first).rejects.toMatchObject({ code: "consent_declined" });
  const second = agreed(api);
  (await asked()).decline();
  await expect(second).rejects.toMatchObject({ code: "consent_declined" });
});

test("a refused answer leaves the question open", async () => {
  const { api } = await serving([200, asks], [409, { code: "consent_outdated", message: "Another text.", retryable: false }], [200, met]);
  const going = agreed(api);
  const { agree } = await asked();
  await expect(agree(true)).rejects.toMatchObject({ code: "consent_outdated" });
  expect(question.get()).not.toBeNull();
  await agree(true);
  await going;
});

test.each([
  ["nothing is asked", 200, { ...asks, required: false, version: null, text: null }],
  ["it was agreed", 200, met],
  ["the server cannot say", 500, {}],
])("no question where %s", async (_, status, body) => {
  const { api } = await serving([status, body]);
  await agreed(api);
  expect(question.get()).toBeNull();
});

test("a consent is withdrawn", async () => {
  const { api, asked: lines } = await serving([200, met], [204, null]);
  await agreed(api);
  await withdraw(api);
  expect([lines.at(-1), isWithdrawable.get()]).toEqual(["DELETE /v1/consent", false]);
});
