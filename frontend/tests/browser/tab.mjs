/*
 * A real Chromium on a real fleet, for the tests beside this file. Whatever the page complains of, and every request that leaves
 * for another host, is written down; a test fails on any.
 *
 * PROTEUS_URL: the gateway. CHROMIUM: the browser. FLEET_PID: the process whose child the gateway is.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const URL_OF_FLEET = process.env.PROTEUS_URL ?? "http://127.0.0.1:8000";
const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const SAMPLES = fileURLToPath(new URL("../../src/features/studio/samples/", import.meta.url));
export const PERSON = `${SAMPLES}person.webp`;
export const GARMENT = `${SAMPLES}long-breton.webp`;

/** Waiting that a slow machine may need; what a test waits for is seen, not slept for. */
export const PATIENCE_MS = 45_000;

/** TensorFlow Lite, which looks at the person's pose, tells its news on the error channel. */
const NEWS = /^(INFO|W\d{4}|I\d{4})/;

let browser;
export async function start() {
  const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"];
  args.push("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream");
  browser = await chromium.launch({ executablePath: PROGRAM, args });
}

export async function stop() {
  await browser?.close();
}

/** Open a tab of its own user; `close` says what it complained of. */
export async function open({ path = "/app", options = {}, prepare = async () => {}, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 900 }, locale: "en", ...more });
  context.setDefaultTimeout(PATIENCE_MS);
  await prepare(context);
  const tab = await look(context, options);
  await tab.page.goto(URL_OF_FLEET + path);
  return tab;
}

/** Follow a page of a context: its complaints and its foreign requests. */
export async function look(context, options = {}) {
  const complaints = [];
  const foreign = [];
  const page = await context.newPage();
  if (Object.keys(options).length) {
    await page.addInitScript((kept) => localStorage.setItem("proteus.options", JSON.stringify(kept)), options);
  }
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() !== "error" || NEWS.test(message.text())) return;
    complaints.push(`${message.text()} ${message.location().url}`);
  });
  const ours = new Set([new URL(URL_OF_FLEET).origin]);
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (["data:", "blob:"].includes(url.protocol) || ours.has(url.origin)) return;
    // The store is the one other origin: it is on this machine, and the policy names it.
    if (url.hostname !== "127.0.0.1" && url.hostname !== "localhost") foreign.push(request.url());
  });
  return { context, page, complaints, foreign };
}

export async function fill(page, { person = PERSON, garment = GARMENT } = {}) {
  await page.locator('.slot.person input[type="file"]').setInputFiles(person);
  await page.locator('.slot.garment input[type="file"]').setInputFiles(garment);
  await page.locator('.slot.person[data-phase="ready"]').waitFor();
  await page.locator('.slot.garment[data-phase="ready"]').waitFor();
}

export async function shown(page) {
  await page.locator('.result[data-shown="yes"] .compare-stage img').first().waitFor();
  await page.locator(".compare-stage img").first().evaluate((image) => image.decode());
}

/** Kill a service of the fleet, as "gateway serve" or "weaver"; its supervisor starts it anew. Return how many processes were killed. */
export function kill(service) {
  const parent = process.env.FLEET_PID;
  let killed = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const ppid = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (ppid === parent && `${command} `.includes(` -m ${service} `)) {
        process.kill(Number(pid), "SIGKILL");
        killed += 1;
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return killed;
}
