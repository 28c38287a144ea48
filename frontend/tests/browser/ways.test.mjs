/* Studio, what else a person does in it, and what else may come between; beside studio.test.mjs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { grave } from "./axe.mjs";
import { fill, GARMENT, kill, open, PERSON, shown, start, stop, URL_OF_FLEET } from "./tab.mjs";

const SLOW = { engine: "timed", quality: "balanced", samples: 1 };
const QUICK = { engine: "puppet", quality: "balanced", samples: 1 };
/** A lost worker is noticed when its lease ends. */
const LEASE_MS = 150_000;

before(start);
after(stop);

function clean({ complaints, foreign }, allowed = /^$/) {
  assert.deepEqual(complaints.filter((one) => !allowed.test(one)), []);
  assert.deepEqual(foreign, []);
}

test("a weaver that is killed meanwhile costs time, not the try-on", { skip: !process.env.FLEET_PID }, async () => {
  const tab = await open({ options: SLOW });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await page.getByText(/Step [2-7] of 8/).waitFor();
  assert.equal(kill("weaver"), 1);
  await page.locator('.result[data-shown="yes"]').waitFor({ timeout: LEASE_MS });
  clean(tab);
  await tab.context.close();
});

test("pictures are dropped on their places, and pasted into the empty one", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  const [person, garment] = await Promise.all([PERSON, GARMENT].map(async (file) => [...(await readFile(file))]));
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "shirt.webp", { type: "image/webp" }));
    document.querySelector(".slot.garment").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, garment);
  await page.locator('.slot.garment[data-phase="ready"]').waitFor();
  assert.equal(await page.locator(".slot.person").getAttribute("data-phase"), "empty");
  await page.evaluate((bytes) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([new Uint8Array(bytes)], "me.webp", { type: "image/webp" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
  }, person);
  await page.locator('.slot.person[data-phase="ready"]').waitFor();
  assert.ok(await page.locator("#go").isEnabled());
  clean(tab);
  await tab.context.close();
});

test("an upload that breaks is tried three times, said, and sent again; one that is on its way is stopped", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  let puts = 0;
  let way = "break";
  await page.route(
    (url) => url.port !== new URL(URL_OF_FLEET).port,
    (route) => {
      if (route.request().method() !== "PUT" || way === "free") return route.continue();
      puts += 1;
      return way === "break" ? route.abort() : undefined; // Held: it is on its way for good.
    },
  );
  const slot = page.locator(".slot.person");
  await slot.locator('input[type="file"]').setInputFiles(PERSON);
  await slot.getByText("The server cannot be reached.").waitFor();
  assert.equal(puts, 3);
  assert.deepEqual(await grave(page), []);
  way = "hold";
  await slot.getByRole("button", { name: "Try again" }).click();
  await slot.getByText(/^Uploading \d+ %$/).waitFor();
  await slot.getByRole("button", { name: "Stop", exact: true }).click();
  await slot.getByText("You stopped this upload.").waitFor();
  way = "free";
  await slot.getByRole("button", { name: "Try again" }).click();
  await page.locator('.slot.person[data-phase="ready"]').waitFor();
  clean(tab, /ERR_FAILED/);
  await tab.context.close();
});

test("of several pictures one is chosen, its seed is locked, and every view shows it", async () => {
  const tab = await open({ options: { ...QUICK, samples: 3 } });
  const { page } = tab;
  await fill(page);
  await page.locator("#go").click();
  await shown(page);
  const facts = page.locator(".facts");
  const seedOf = async () => /Seed (\d+)/.exec(await facts.innerText())?.[1];
  const first = await seedOf();
  await page.locator(".samples button").nth(2).click();
  await page.locator('.samples button[aria-pressed="true"]').getByText("Picture 3").waitFor({ state: "attached" });
  const third = await seedOf();
  assert.notEqual(third, first);
  await page.getByRole("button", { name: "Lock this seed" }).click();
  await page.getByText("Seed locked: the next try-on repeats it").waitFor();

  // One zoom for both pictures.
  await page.getByRole("button", { name: "Side by side" }).click();
  assert.equal(await page.locator(".compare-half img").count(), 2);
  await page.getByRole("button", { name: "Zoom in" }).click();
  const [left, right] = await page.locator(".compare-half img").evaluateAll((images) => images.map((image) => image.style.transform));
  assert.equal(left, right);
  assert.match(left, /scale\(1\.5\)/);
  await page.getByRole("button", { name: "Blink" }).click();
  const label = page.locator(".compare-label");
  for (const words of ["Before", "After", "Before"]) await label.getByText(words).waitFor();
  await page.keyboard.press("5");
  await page.getByAltText("The result, with everything that did not change faded").waitFor();

  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  assert.match((await saved).suggestedFilename(), /^try-on-\w{8}-3\.(webp|png|jpg)$/);

  await page.getByRole("button", { name: "Copy as code" }).click();
  const code = page.locator("pre.code");
  for (const [name, word] of [["cURL", "curl -s"], ["Python", "import os"], ["JavaScript", "await fetch"]]) {
    await page.locator("dialog").getByRole("button", { name, exact: true }).click();
    await code.getByText(word).waitFor();
    assert.match(await code.innerText(), new RegExp(`"seed": ${first}`));
  }
  assert.deepEqual(await grave(page), []);
  await page.keyboard.press("Escape");

  const again = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/v1/tryons"));
  await page.locator("#go").click();
  assert.equal((await again).postDataJSON().seed, Number(third));
  clean(tab);
  await tab.context.close();
});

test("a cancel that comes too late is told as that, beside the picture", async () => {
  const tab = await open({ options: QUICK });
  const { page } = tab;
  await page.route("**/v1/tryons/*/cancel", async (route) => {
    const address = route.request().url().replace(/\/cancel$/, "");
    const { authorization } = await route.request().allHeaders();
    for (let status = ""; status !== "completed"; ) ({ status } = await (await fetch(address, { headers: { authorization, prefer: "wait=10" } })).json());
    await route.continue();
  });
  await fill(page);
  await page.locator("#go").click();
  await page.locator(".working").waitFor();
  await page.keyboard.press("Escape");
  await shown(page);
  await page.getByText("It was done before the cancel arrived.").waitFor();
  clean(tab, /status of 409/);
  await tab.context.close();
});

for (const [colorScheme, width] of [["light", 1366], ["light", 360], ["dark", 1366], ["dark", 360]]) {
  test(`nothing serious for axe while it works, fails, asks for a camera or a token, and on the plain page: ${colorScheme}, ${width} pixels`, async () => {
    const tab = await open({ options: SLOW, colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
    const { page } = tab;
    const findings = async (state) => assert.deepEqual((await grave(page)).map((one) => `${state}: ${one}`), []);
    await page.locator(".slot.person").getByRole("button", { name: "Camera", exact: true }).click();
    await page.getByRole("button", { name: "Take it" }).waitFor();
    await findings("camera");
    await page.keyboard.press("Escape");
    await fill(page);
    await page.locator("#go").click();
    await page.getByText(/Step [1-7] of 8/).waitFor();
    await findings("working");
    // Another one: the first may have ended while axe looked.
    const first = page.url();
    await page.locator("#go").click();
    await page.waitForURL((url) => url.href !== first);
    await page.locator(".working").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("You canceled this try-on").waitFor();
    await findings("canceled");
    await page.keyboard.press("?"); // Narrow pages name no keys, but know them.
    await findings("keyboard");
    await page.goto(`${URL_OF_FLEET}/app/tryons/job_unknown`);
    await page.getByText("There is no such try-on of yours").waitFor();
    await findings("unknown");
    await page.route("**/v1/auth/guest", (route) => route.fulfill({ status: 403, json: { code: "guests_disabled", detail: "no guests" } }));
    await page.evaluate(() => localStorage.clear());
    await page.goto(`${URL_OF_FLEET}/app`);
    await page.getByText("Who are you?").waitFor();
    await findings("token");
    await page.unroute("**/v1/auth/guest");
    await page.goto(`${URL_OF_FLEET}/ui/`);
    await page.locator("#form").waitFor();
    await findings("plain");
    await tab.context.close();
  });
}
