/*
 * A real Chromium whose camera is a file, for the tests beside this file.
 *
 * PROTEUS_URL: the gateway. CHROMIUM: the browser. CAMERAS: JSON, y4m files by name, and the landmarks of the one that stands
 * still.
 */
import { crc32, deflateSync } from "node:zlib";
import { chromium } from "playwright-core";

export const FLEET = process.env.PROTEUS_URL ?? "http://127.0.0.1:8000";
export const CAMERAS = JSON.parse(process.env.CAMERAS ?? "{}");
/** What a slow machine may need: WebAssembly is compiled and a model loaded, on software graphics. */
export const PATIENCE_MS = 120_000;

const ARGUMENTS = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
  "--disable-gpu-watchdog", // A loaded machine answers late; that is no hang.
  "--use-fake-device-for-media-stream",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];
/** TensorFlow Lite tells its news on the error channel. */
const NEWS = /^(INFO|W\d{4}|I\d{4})/;

/** Open the Mirror with a camera; the returned tab writes down complaints, foreign requests and everything that is sent. */
export async function open({ camera = "still", allowed = true, path = "/app/mirror", before, ...more } = {}) {
  const args = [...ARGUMENTS, `--use-file-for-fake-video-capture=${CAMERAS[camera]}`];
  if (allowed) args.push("--use-fake-ui-for-media-stream");
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 }, locale: "en", ...(allowed ? { permissions: ["camera"] } : {}), ...more,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const tab = { browser, page, complaints: [], foreign: [], sent: [], close: () => browser.close() };
  page.on("pageerror", (error) => tab.complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !NEWS.test(message.text())) tab.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && !["127.0.0.1", "localhost"].includes(url.hostname)) tab.foreign.push(request.url());
    if (request.method() !== "GET") tab.sent.push({ method: request.method(), path: url.pathname, bytes: request.postDataBuffer()?.length ?? 0 });
  });
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => tab.sent.push({ method: "WS", path: new URL(socket.url()).pathname, bytes: payload.length })),
  );
  await page.addInitScript(watch);
  if (before) await page.addInitScript(before);
  await page.goto(FLEET + path);
  return tab;
}

/** In the page, before everything else: count frames on their way to the worker, poses, and cameras that are on. */
function watch() {
  const seen = { inFlight: 0, mostInFlight: 0, poses: 0, workers: 0, streams: [], pose: null };
  globalThis.seen = seen;
  const Real = globalThis.Worker;
  globalThis.Worker = class extends Real {
    constructor(...of) {
      super(...of);
      seen.workers++;
      this.addEventListener("message", ({ data }) => {
        if (data.kind !== "poses") return;
        seen.inFlight--;
        seen.poses++;
        if (data.count > 0) seen.pose = Array.from(data.buffer.subarray(0, 33 * 4));
      });
    }
    postMessage(message, transfer) {
      if (message.kind === "frame") seen.mostInFlight = Math.max(seen.mostInFlight, ++seen.inFlight);
      if (!globalThis.holdFrames) super.postMessage(message, transfer);
    }
  };
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (ask) {
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      seen.streams.push(stream);
      return stream;
    };
  }
}

/** Wait until the page's own count of poses grows beyond `count`. */
export async function posesAbove(page, count) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    if ((await page.evaluate(() => globalThis.seen.poses)) > count) return;
    await page.evaluate(() => new Promise((resume) => requestAnimationFrame(resume)));
  }
  throw new Error(`no ${count + 1} poses came within ${PATIENCE_MS / 1000} s`);
}

/** A PNG with alpha: a rectangle of one colour with a transparent margin, as a garment whose corners a camera can find. */
export function patch({ width = 300, height = 360, margin = 30, colour = [255, 0, 255] } = {}) {
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = margin; y < height - margin; y++) {
    for (let x = margin; x < width - margin; x++) rows.set([...colour, 255], y * (width * 4 + 1) + 1 + 4 * x);
  }
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Where a colour is on the stage: for each row, in pixels of the stage, its first and last column. */
export async function spans(page, [red, green, blue]) {
  const stage = page.locator(".mirror-stage");
  const shot = (await stage.screenshot()).toString("base64");
  return await page.evaluate(
    async ({ shot, colour }) => {
      const bytes = Uint8Array.from(atob(shot), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      context.drawImage(bitmap, 0, 0);
      const { data, width, height } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const rows = [];
      for (let y = 0; y < height; y++) {
        const hit = (x) => colour.every((one, i) => Math.abs(data[4 * (y * width + x) + i] - one) < 110);
        let [first, last] = [-1, -1];
        for (let x = 0; x < width; x++) {
          if (!hit(x)) continue;
          if (first < 0) first = x;
          last = x;
        }
        rows.push(first < 0 ? null : [first, last + 1]);
      }
      return { rows, width, height };
    },
    { shot, colour: [red, green, blue] },
  );
}
