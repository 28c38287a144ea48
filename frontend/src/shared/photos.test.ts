/* A photo's record: what the page asks of it, and that no refusal stops anything. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "@proteus/client";
import { afterEach, expect, test } from "vitest";
import { announce, correct, prepared, warningsOf } from "./photos.ts";

interface Asked {
  line: string;
  body: string;
}
const open: Server[] = [];
const { signal } = new AbortController();
const cropped = { code: "garment_cropped", subject: "garment", message: "Part of it is missing.", hint: "Show all of it." } as const;

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A server that gives these answers, one after the other, and a client of it. */
async function serving(...answers: [number, unknown][]) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      asked.push({ line: `${request.method} ${request.url}`, body });
      const [status, answer] = answers.shift() ?? [500, {}];
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  open.push(server);
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { api: connect({ baseUrl, token: async () => null }), asked };
}

const photo = (status: string, more: object = {}) => ({ image_id: "img_1", preparation: { status, stages: {}, warnings: [], ...more } });

test("an upload is announced with what the garment is", async () => {
  const { api, asked } = await serving([202, photo("queued", { job_id: "seg_1" })]);
  const record = await announce(api, "img_1", "garment", "dress", signal);
  expect(record?.preparation?.job_id).toBe("seg_1");
  expect(asked).toEqual([{ line: "POST /v1/images/img_1/uploaded", body: '{"category":"dress"}' }]);
});

test("a refused announcement stops nothing", async () => {
  const { api } = await serving([503, { code: "dependency_unavailable", detail: "Postgres is away." }]);
  expect(await announce(api, "img_1", "person", "auto", signal)).toBeNull();
});

test("a correction goes into the photo's record", async () => {
  const { api, asked } = await serving([200, { ...photo("completed"), category: "lower" }]);
  expect((await correct(api, "img_1", "lower", signal))?.category).toBe("lower");
  expect(asked).toEqual([{ line: "PATCH /v1/images/img_1", body: '{"category":"lower"}' }]);
});

test("a record is read until the preparation has ended", async () => {
  const { api, asked } = await serving([200, photo("queued")], [200, photo("running")], [200, photo("completed", { warnings: [cropped] })]);
  expect(warningsOf(await prepared(api, "img_1", signal, 1))).toEqual([cropped]);
  expect(asked).toHaveLength(3);
});

test("nobody waits for a photo that nothing prepares", async () => {
  const { api, asked } = await serving([200, photo("none")]);
  expect(await prepared(api, "img_1", signal, 1)).toBeNull();
  expect(asked).toHaveLength(1);
});

test("a warning of the photo and of its cut-out is shown once", () => {
  const record = photo("completed", { warnings: [cropped], cut: { n: 1, status: "completed", warnings: [cropped] } });
  expect(warningsOf(record as unknown as Parameters<typeof warningsOf>[0], [cropped])).toEqual([cropped]);
});
