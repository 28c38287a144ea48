/* Studio in a real browser on a real fleet: what a person does, and what may come between. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { grave } from "./axe.mjs";
import { fill, GARMENT, kill, look, open, PERSON, shown, start, stop, URL_OF_FLEET } from "./tab.mjs";

const SLOW = { engine: "timed", quality: "balanced", samples: 1 };
const QUICK = { engine: "puppet", quality: "balanced", samples: 1 };

before(start);
after(stop);

/** Nothing went wrong unseen, and nothing left for another host. */
function clean({ complaints, foreign }, allowed = /^$/) {
  assert.deepEqual(complaints.filter((one) => !allowed.test(one)), []);
  assert.deepEqual(foreign, []);
}

test("two chosen pictures become a try-on on the screen", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  assert.ok(await page.locator("#go").isDisabled());
  await fill(page);
  await page.locator(".slot.garment .checkered").waitFor(); // The cut-out is shown before anything is asked for.
  await page.keyboard.press("Control+Enter");
  await shown(page);
  assert.match(page.url(), /\/app\/tryons\/job_/);
  assert.equal(await page.locator(".compare-stage img").first().evaluate((image) => image.naturalWidth), 720); // As large as the photo.
  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^49 %/);
  await page.getByRole("button", { name: "Share" }).click();
  const link = await page.locator("dialog input").inputValue();
  assert.equal((await fetch(link)).status, 200);
  await page.keyboard.press("Escape");
  const { headers } = await fetch(`${URL_OF_FLEET}/app`);
  assert.match(headers.get("content-security-policy"), /script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/);
  clean(tab);
  await tab.context.close();
});

test("a garment's card says what it may be, and keeps a correction", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  const asked = [];
  page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname.replace(/img_\w+/, "ID")}`));
  await fill(page);
  await page.locator(".slot.garment .checkered").waitFor();
  assert.equal(asked.filter((one) => one === "POST /v1/images/ID/uploaded").length, 2);
  assert.ok(!asked.includes("POST /v1/segmentations")); // The upload has begun the cut-out; a second is not asked for.
  const list = page.locator(".slot.garment .category select");
  assert.match((await list.locator('option[value="upper"]').textContent()) ?? "", / · \d+ %$/);
  const corrected = page.waitForResponse((answer) => answer.request().method() === "PATCH");
  await list.selectOption("dress");
  assert.equal((await (await corrected).json()).category, "dress");
  assert.ok(await page.locator(".slot.garment .checkered").isVisible());
  clean(tab);
  await tab.context.close();
});

test("a refused announcement of an upload stops nothing", async () => {
  const prepare = (context) => context.route("**/v1/images/*/uploaded", (route) => route.fulfill({ status: 503, json: { code: "dependency_unavailable" } }));
  const tab = await open({ options: QUICK, prepare });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await shown(page);
  await tab.context.close();
});

test("before the submit Studio shows what will change", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  await fill(page);
  const area = page.locator(".slot.person img.area");
  await area.waitFor();
  // The sample person's shirt is in it, the wall beside her is not; it has the photo's own size.
  const found = await area.evaluate(async (image) => {
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const alpha = (x, y) => context.getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data[3];
    const photo = image.parentElement.querySelector("img");
    return { inside: alpha(0.5, 0.35), corner: alpha(0.02, 0.02), shape: canvas.width / canvas.height - photo.naturalWidth / photo.naturalHeight };
  });
  assert.ok(found.inside > 0 && found.corner === 0 && Math.abs(found.shape) < 0.01, JSON.stringify(found));
  await page.locator(".slot.person").getByRole("button", { name: "Photo", exact: true }).click();
  await area.waitFor({ state: "detached" });
  assert.equal(await page.locator(".people").count(), 0); // One person: there is nothing to choose.
  clean(tab);
  await tab.context.close();
});

test("who of several people wears it is asked, and goes with the submit", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  // The same person twice, side by side, before a wall.
  const pair = await page.evaluate(async (bytes) => {
    const one = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const canvas = new OffscreenCanvas(1280, 960);
    const context = canvas.getContext("2d");
    context.fillStyle = "rgb(150 146 140)";
    context.fillRect(0, 0, 1280, 960);
    const width = (600 * one.width) / one.height;
    for (const middle of [333, 973]) context.drawImage(one, middle - width / 2, 360, width, 600);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer())];
  }, [...(await readFile(PERSON))]);
  await page.locator('.slot.person input[type="file"]').setInputFiles({ name: "pair.jpg", mimeType: "image/jpeg", buffer: Buffer.from(pair) });
  await page.locator('.slot.person [data-pose="several"]').waitFor(); // This browser's own model, which nobody waits for.
  await page.locator('.slot.garment input[type="file"]').setInputFiles(GARMENT);
  await page.locator(".people button").nth(1).waitFor();
  const [left, right] = [page.locator(".people button").nth(0), page.locator(".people button").nth(1)];
  const other = (await left.getAttribute("aria-pressed")) === "true" ? right : left;
  await other.click();
  const submitted = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/v1/tryons"));
  await page.locator("#go").click();
  assert.equal((await submitted).postDataJSON().person_index, Number(await other.textContent()) - 1);
  await shown(page);
  clean(tab);
  await tab.context.close();
});

test("two tabs show one try-on: one submit, the same progress, and a cancel in one is told in the other", async () => {
  const tab = await open({ options: SLOW });
  const submits = [];
  tab.context.on("request", (request) => request.method() === "POST" && request.url().endsWith("/v1/tryons") && submits.push(request));
  await fill(tab.page);
  const second = await look(tab.context);
  await second.page.goto(`${URL_OF_FLEET}/app`);
  await second.page.locator('.slot.person[data-phase="ready"]').waitFor();
  await second.page.locator('.slot.garment[data-phase="ready"]').waitFor();
  const press = (page) => page.evaluate(() => document.querySelector("#go").click());
  await Promise.all([press(tab.page), press(second.page)]);
  const working = '.working[data-stage="denoising"]';
  const ids = await Promise.all([tab.page, second.page].map((page) => page.locator(working).getAttribute("data-job")));
  assert.equal(ids[0], ids[1]);
  assert.equal(submits.length, 1);
  for (const { page } of [tab, second]) await page.getByText(/Step [1-7] of 8/).waitFor();
  await tab.page.keyboard.press("Escape");
  for (const { page } of [tab, second]) {
    await page.getByText("You canceled this try-on").waitFor();
    assert.match(await page.locator(".failure").innerText(), /Stopped at step \d of 8/);
  }
  clean(tab);
  clean(second);
  await tab.context.close();
});

test("pressing twice makes one try-on", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  const submits = [];
  page.on("request", (request) => request.method() === "POST" && request.url().endsWith("/v1/tryons") && submits.push(request));
  await fill(page);
  await page.evaluate(() => {
    const button = document.querySelector("#go");
    button.click();
    button.click();
    for (let n = 0; n < 2; n++) dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
  });
  await shown(page);
  assert.equal(submits.length, 1);
  assert.ok(submits[0].headers()["idempotency-key"]);
  await tab.context.close();
});

test("a reload in the middle, and a closed tab, change nothing", async () => {
  const tab = await open({ options: SLOW });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await page.locator('.working[data-stage="denoising"]').waitFor();
  const address = page.url();
  await page.reload();
  await page.locator(`.working[data-job="${address.split("/").at(-1)}"]`).waitFor();
  await page.locator('.slot.person[data-phase="ready"]').waitFor(); // What was put in is there again.
  await page.close();
  const again = await look(tab.context);
  await again.page.goto(address);
  await shown(again.page);
  clean(again);
  await tab.context.close();
});

test("a canceled try-on says at which step it was stopped", async () => {
  const tab = await open({ options: SLOW });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await page.getByText(/Step [2-7] of 8/).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("You canceled this try-on").waitFor();
  assert.match(await page.locator(".failure").innerText(), /Stopped at step \d of 8/);
  const id = page.url().split("/").at(-1);
  const token = await page.evaluate(() => localStorage.getItem("proteus.token"));
  const status = await (await fetch(`${URL_OF_FLEET}/api/status/${id}`, { headers: { Authorization: `Bearer ${token}` } })).json();
  assert.equal(status.status, "canceled");
  clean(tab);
  await tab.context.close();
});

test("a gateway that is killed meanwhile costs time, not the try-on", { skip: !process.env.FLEET_PID }, async () => {
  const tab = await open({ options: SLOW });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await page.locator('.working[data-stage="denoising"]').waitFor();
  assert.equal(kill("gateway serve"), 1);
  await page.locator('.connection:not([data-connection="socket"])').waitFor();
  await shown(page);
  await page.locator('.connection[data-connection="socket"]').waitFor();
  clean(tab, /WebSocket|ERR_CONNECTION|Failed to load resource/);
  await tab.context.close();
});

/** Sockets go to a port where nobody is, as behind a proxy that knows none. */
const withoutSockets = (context) =>
  context.addInitScript(() => {
    const Real = globalThis.WebSocket;
    globalThis.WebSocket = function WebSocket(_, protocols) {
      return new Real("ws://127.0.0.1:9/", protocols);
    };
  });
const withoutStreams = (context) => context.route("**/v1/events", (route) => route.abort());

for (const [name, connection, prepare] of [
  ["without sockets events come as a stream", "stream", withoutSockets],
  ["without sockets and streams the page asks", "polling", async (context) => (await withoutSockets(context), withoutStreams(context))],
]) {
  test(name, async () => {
    const tab = await open({ options: QUICK, prepare });
    const { page } = tab;
    await page.locator(`.connection[data-connection="${connection}"]`).waitFor();
    await fill(page);
    await page.locator("#go").click();
    await shown(page);
    assert.deepEqual(tab.foreign, []);
    await tab.context.close();
  });
}

test("a token that is not known any more is replaced by a new guest", async () => {
  const prepare = (context) =>
    context.addInitScript(() => {
      if (sessionStorage.getItem("spoilt")) return;
      sessionStorage.setItem("spoilt", "yes");
      localStorage.setItem("proteus.token", "no.such.token");
      localStorage.setItem("proteus.seq", "999999");
    });
  const tab = await open({ options: QUICK, prepare });
  const { page } = tab;
  await page.locator('.connection[data-connection="socket"]').waitFor();
  await fill(page);
  await page.locator("#go").click();
  await shown(page);
  clean(tab, /401|WebSocket/);
  await tab.context.close();
});

test("what fails says what happened, what to do, and whom to name", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  await fill(page, { person: GARMENT });
  await page.locator("#go").click();
  await page.locator(".failure").waitFor();
  const text = await page.locator(".failure").innerText();
  assert.match(text, /No person was found/);
  assert.match(text, /Use a photo of one person/);
  assert.match(text, /job_[\w-]+|Request [0-9a-f]{32}/); // Prepared before the submit, the photo is refused without a job.
  await page.locator('.slot.person input[type="file"]').setInputFiles(PERSON);
  await page.locator('.slot.person[data-phase="ready"]').waitFor();
  await page.locator(".failure").getByRole("button", { name: "Try again" }).click();
  await shown(page);
  clean(tab);
  await tab.context.close();
});

test("a file that is no picture is refused before it is sent", async () => {
  const tab = await open();
  const { page } = tab;
  const sent = [];
  page.on("request", (request) => request.method() === "PUT" && sent.push(request.url()));
  await page.locator('.slot.person input[type="file"]').setInputFiles({ name: "a.heic", mimeType: "image/heic", buffer: Buffer.from("none") });
  await page.getByText("Only Apple’s browsers read HEIC").waitFor();
  assert.deepEqual(sent, []);
  clean(tab);
  await tab.context.close();
});

test("a large photo goes out small, upright and without its place", async () => {
  const tab = await open();
  const { page } = tab;
  const bodies = [];
  page.on("request", (request) => request.method() === "PUT" && bodies.push(request.postDataBuffer()));
  const sideways = await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [3000, 2000];
    const context = canvas.getContext("2d");
    context.fillStyle = "#456";
    context.fillRect(0, 0, 3000, 2000);
    context.fillStyle = "#fa0";
    context.fillRect(0, 0, 300, 2000);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  await page.locator('.slot.person input[type="file"]').setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: withExif(Buffer.from(sideways)) });
  await page.locator('.slot.person[data-phase="ready"]').waitFor();
  const size = await page.locator(".slot.person img").evaluate((image) => [image.naturalWidth, image.naturalHeight]);
  assert.deepEqual(size, [1365, 2048]); // Orientation 6: turned by a quarter.
  assert.equal(bodies.length, 1);
  assert.ok(!bodies[0] || !bodies[0].includes("Exif"));
  clean(tab);
  await tab.context.close();
});

/** A JPEG with an EXIF block that says: turned by a quarter. */
function withExif(jpeg) {
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010006000000000000", "hex");
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

test("one click tries the next garment on the same person, and history compares the two", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await shown(page);
  const first = page.url();
  await page.getByRole("button", { name: "Try on: jumper red" }).click();
  await page.waitForURL((url) => url.href !== first && url.href.includes("/tryons/"));
  await shown(page);
  await page.getByRole("link", { name: "History" }).click();
  await page.locator(".grid li").nth(1).waitFor();
  for (const box of await page.locator(".grid input").all()) await box.check();
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator("dialog .compare-stage img").nth(1).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Delete 2" }).click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("Nothing here yet").waitFor();
  clean(tab);
  await tab.context.close();
});

test("the camera's picture becomes the person's, and the camera goes out", async () => {
  const tab = await open();
  const { page } = tab;
  await page.locator(".slot.person").getByRole("button", { name: "Camera", exact: true }).click();
  await page.getByRole("button", { name: "Take it" }).click();
  await page.locator('.slot.person[data-phase="ready"]').waitFor();
  assert.equal(await page.locator("video").count(), 0);
  clean(tab);
  await tab.context.close();
});

for (const [colorScheme, locale] of [["light", "en"], ["dark", "de"]]) {
  for (const width of [1366, 360]) {
    test(`nothing serious for axe, and nothing sticks out: ${colorScheme}, ${locale}, ${width} pixels`, async () => {
      const tab = await open({ options: QUICK, colorScheme, locale, viewport: { width, height: 800 }, reducedMotion: "reduce", bypassCSP: false });
      const { page } = tab;
      const findings = async (state) => assert.deepEqual((await grave(page)).map((one) => `${state}: ${one}`), []);
      await page.locator(".stage-card.empty").waitFor();
      await findings("empty");
      await fill(page);
      await page.locator(".options > summary").click();
      await page.locator(".slot.garment .checkered").waitFor();
      await findings("filled");
      await page.locator("#go").click();
      await shown(page);
      await findings("done");
      await page.locator(".tools button").nth(1).click();
      await page.locator("dialog input").waitFor();
      await findings("share");
      await page.keyboard.press("Escape");
      await page.goto(`${URL_OF_FLEET}/app/history`);
      await page.locator(".grid li").first().waitFor();
      await findings("history");
      clean(tab);
      await tab.context.close();
    });
  }
}
