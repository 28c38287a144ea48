/*
 * The clip of the README, recorded in a real Chromium on a real fleet: upload, Mirror, Snap, result. Pictures come by Chromium's
 * screencast with their times; this browser makes a WebM of them, and the caller a GIF. `FRAMES` is a folder for both.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { open, posesAbove } from "../mirror/tab.mjs";
import { fileURLToPath } from "node:url";

const SAMPLES = fileURLToPath(new URL("../../src/features/studio/samples/", import.meta.url));
const FOLDER = process.env.FRAMES ?? "frames";
/** How long each part of the clip is seen, in seconds; longer waits are cut, shorter ones held. */
const PARTS = { upload: 7, mirror: 12, snap: 4, result: 7 };
const SIZE = { width: 1280, height: 800 };
const FPS = 5;

await mkdir(FOLDER, { recursive: true });
const tab = await open({ camera: "moving", path: "/app", viewport: SIZE, before: 'localStorage.setItem("proteus.options", JSON.stringify({ engine: "puppet" }))' });
const { page } = tab;
const cast = await page.context().newCDPSession(page);
const frames = [];
let part = "upload";
cast.on("Page.screencastFrame", ({ data, sessionId }) => {
  frames.push({ part, at: performance.now(), data });
  void cast.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
});
await cast.send("Page.startScreencast", { format: "jpeg", quality: 85, maxWidth: SIZE.width, maxHeight: SIZE.height, everyNthFrame: 1 });
const still = async (name) => writeFile(`${FOLDER}/${name}.png`, await page.screenshot());

await page.locator('.slot.person input[type="file"]').setInputFiles(`${SAMPLES}person.webp`);
await page.locator('.slot.garment input[type="file"]').setInputFiles(`${SAMPLES}long-breton.webp`);
await page.locator(".slot.garment .checkered").waitFor();
await page.locator(".slot.person img.area").waitFor();
await still("studio");
part = "mirror";
await page.locator("nav a", { hasText: "Mirror" }).click();
await posesAbove(page, 12);
await page.locator(".mirror-garment").nth(1).click();
await posesAbove(page, 30);
await page.locator(".mirror-garment").nth(2).click();
await posesAbove(page, 48);
await still("mirror");
part = "snap";
await page.locator(".mirror-delay select").first().selectOption("0");
await page.locator(".mirror-snap").click();
await page.locator('.result[data-shown="yes"] .compare-stage img').first().waitFor();
part = "result";
const slider = page.getByRole("slider");
await slider.focus();
for (const key of ["ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowRight"]) {
  for (let step = 0; step < 20; step++) await page.keyboard.press(key);
}
await still("result");
await cast.send("Page.stopScreencast");

/** Each part's pictures, spread over its seconds. */
const chosen = Object.entries(PARTS).flatMap(([name, seconds]) => {
  const of = frames.filter((one) => one.part === name);
  const [first, last] = [of[0]?.at ?? 0, of.at(-1)?.at ?? 0];
  return Array.from({ length: seconds * FPS }, (_, n) => of.findLast((one) => one.at <= first + ((last - first) * n) / (seconds * FPS - 1) + 1) ?? of[0]);
});
for (const [n, one] of chosen.entries()) await writeFile(`${FOLDER}/${String(n).padStart(3, "0")}.jpg`, Buffer.from(one.data, "base64"));

await page.evaluate(({ SIZE, FPS }) => {
  const canvas = Object.assign(document.createElement("canvas"), SIZE);
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(0);
  const recorder = new MediaRecorder(stream, { mimeType: "video/webm;codecs=vp9", videoBitsPerSecond: 600_000 });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  globalThis.film = {
    async add(base64) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      context.drawImage(await createImageBitmap(new Blob([bytes])), 0, 0, SIZE.width, SIZE.height);
      stream.getVideoTracks()[0].requestFrame();
      await new Promise((resume) => setTimeout(resume, 1000 / FPS));
    },
    async end() {
      recorder.stop();
      await ended;
      return [...new Uint8Array(await new Blob(pieces).arrayBuffer())];
    },
  };
}, { SIZE, FPS });
for (const one of chosen) await page.evaluate((data) => globalThis.film.add(data), one.data);
await writeFile(`${FOLDER}/clip.webm`, Buffer.from(await page.evaluate(() => globalThis.film.end())));
await tab.close();
