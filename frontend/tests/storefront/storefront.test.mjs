/*
 * The storefront's element on the example shop's page: three origins (shop, gateway, store), the shop's policy on, nothing stubbed
 * but the shop's own endpoint where a test says so.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { open as openTab, PERSON, start, stop } from "../browser/tab.mjs";

const { PROTEUS_URL: GATEWAY, PROTEUS_STORE: STORE, SHOP_URL: SHOP, OTHER_SHOP_URL: OTHER, TENANT, OPERATOR_TOKEN, ENDED_TOKEN } = process.env;
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TEXT = "We use your photo to show you our clothes on you.\n\nNobody else sees it, and we delete it after 7 days without a visit.";
const LIGHT = { colorScheme: "light", viewport: { width: 1366, height: 900 } };
const PHONE = { colorScheme: "dark", viewport: { width: 360, height: 740 }, locale: "de", reducedMotion: "reduce" };

async function rule(body) {
  const answer = await fetch(`${GATEWAY}/v1/tenants/${TENANT}/consent`, {
    method: body ? "PUT" : "DELETE",
    headers: { Authorization: `Bearer ${OPERATOR_TOKEN}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 204);
}

before(start);
before(() => rule({ version: "2026-11", text: TEXT, minimum_age: 16 }));
after(stop);

/** Open the shop's page; `notes` gathers what the element tells the page, what the policy refused and who was asked. */
async function visit({ shop = SHOP, ...options } = {}) {
  const notes = { events: [], violations: [], origins: new Set() };
  const prepare = async (context) => {
    await context.exposeFunction("note", (kind, value) => notes[kind].push(value));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => globalThis.note("violations", `${event.violatedDirective} ${event.blockedURI}`));
      for (const name of ["proteus:result", "proteus:error"]) {
        document.addEventListener(name, (event) => globalThis.note("events", { name, ...event.detail }));
      }
    });
    context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http")) notes.origins.add(origin);
    });
  };
  // An address with its origin stands behind the fleet's own, which `openTab` puts before it.
  const tab = await openTab({ path: "/healthz", prepare, ...options });
  tab.complaints.length = 0;
  await tab.page.goto(shop);
  const button = tab.page.locator("proteus-tryon").getByRole("button").first();
  await button.waitFor();
  return { ...tab, notes, button, dialog: tab.page.getByRole("dialog") };
}

/** axe cannot tell the contrast of what lies on a ground that shines through, so the dialog's must not. */
async function isAccessible(page, name) {
  const dialog = page.getByRole("dialog");
  if (await dialog.isVisible()) {
    const ground = await dialog.evaluate((element) => getComputedStyle(element).backgroundColor);
    assert.match(ground, /^rgb\(/, name);
  }
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map((one) => `${name}: ${one.id} ${one.nodes[0]?.html}`), []);
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/widget-${name}.png` });
}

const focused = (page) =>
  page.evaluate(() => {
    const inside = document.activeElement?.shadowRoot?.activeElement;
    return inside?.getAttribute("aria-label") || inside?.textContent?.trim() || document.activeElement?.tagName;
  });

async function putIn(dialog, file = PERSON) {
  await dialog.locator('input[type="file"]:not([capture])').setInputFiles(file);
}

async function agree(dialog, { age, yes } = { age: /16/, yes: "Agree" }) {
  await dialog.getByRole("checkbox", { name: age }).check();
  await dialog.getByRole("button", { name: yes, exact: true }).click();
}

async function madePicture(dialog) {
  const picture = dialog.locator("img[part=result]");
  await picture.waitFor();
  await picture.evaluate((image) => image.decode());
  return picture.evaluate((image) => [image.naturalWidth, new URL(image.src).origin]);
}

test("a shopper agrees, gives a photo and sees the garment on it, on a page with a strict policy", async () => {
  const { page, context, complaints, notes, button, dialog } = await visit(LIGHT);
  const sent = [];
  page.on("request", (request) => request.method() === "PUT" && sent.push(request.url()));
  await isAccessible(page, "page");
  await button.focus();
  await page.keyboard.press("Enter");
  await dialog.getByText(TEXT.split("\n")[0]).waitFor();
  assert.ok((await dialog.textContent()).includes("2026-11"));
  assert.equal(await focused(page), "Before your first photo");
  assert.ok(await dialog.getByRole("button", { name: "Agree", exact: true }).isDisabled());
  await isAccessible(page, "consent");
  await shot(page, "consent-light");

  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await focused(page), "Try it on");
  assert.deepEqual(sent, []);

  await page.keyboard.press("Enter");
  await agree(dialog);
  await dialog.getByRole("heading", { name: "A photo of you" }).waitFor();
  const stops = [];
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press("Tab");
    stops.push(await focused(page));
  }
  assert.ok(["Choose a photo", "Use the camera", "Close"].every((name) => stops.includes(name)), stops.join());
  assert.ok(!stops.includes("Try it on"), "the focus left the dialog");
  await isAccessible(page, "pick");
  await shot(page, "pick-light");

  await putIn(dialog);
  await dialog.locator("[part=stage]").waitFor();
  await isAccessible(page, "working");
  await shot(page, "working-light");
  assert.deepEqual(await madePicture(dialog).then(([width, origin]) => [width > 100, origin]), [true, STORE]);
  const slider = dialog.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("End");
  assert.equal(await slider.inputValue(), "100");
  await slider.fill("50");
  await isAccessible(page, "result");
  await shot(page, "result-light");
  assert.equal(await dialog.getByRole("status").textContent(), "This is you in it");

  const saved = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download" }).click();
  assert.match((await saved).suggestedFilename(), /^job_.*-1\./);

  await dialog.getByRole("button", { name: "Try again" }).click();
  await dialog.locator("[part=stage]").waitFor();
  await madePicture(dialog);
  assert.equal(sent.length, 2, "neither picture is sent again");
  assert.deepEqual(notes.events.map(({ name, n, url }) => [name, n, new URL(url).origin]), Array(2).fill(["proteus:result", 1, STORE]));
  assert.notEqual(notes.events[0].jobId, notes.events[1].jobId);
  assert.deepEqual([...notes.origins].toSorted(), [SHOP, GATEWAY, STORE].toSorted());
  assert.deepEqual([notes.violations, complaints], [[], []]);
  await context.close();
});

test("on a phone in the dark and in German; everything goes when the shopper wants it", async () => {
  const { page, context, complaints, notes, button, dialog } = await visit(PHONE);
  await page.evaluate(() => document.documentElement.setAttribute("lang", "de"));
  await page.evaluate(() => document.querySelector("proteus-tryon").setAttribute("lang", "de"));
  await button.click();
  await dialog.getByRole("checkbox").waitFor();
  await isAccessible(page, "consent");
  await shot(page, "consent-phone");
  await agree(dialog, { age: "Ich bin 16 oder älter.", yes: "Zustimmen" });
  await putIn(dialog);
  await madePicture(dialog);
  await dialog.getByRole("slider").fill("35");
  await isAccessible(page, "result");
  await shot(page, "result-phone");
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, document.querySelector("proteus-tryon").shadowRoot.querySelector("dialog").scrollWidth]);
  assert.ok(wide.every((one) => one <= 360), wide.join());

  await dialog.getByRole("button", { name: "Meine Fotos löschen" }).click();
  const gone = page.waitForResponse((answer) => answer.request().method() === "DELETE");
  await isAccessible(page, "remove");
  await dialog.getByRole("button", { name: "Alles löschen" }).click();
  assert.equal((await gone).status(), 204);
  await dialog.getByText("Alles ist gelöscht.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await button.click();
  await dialog.getByRole("checkbox").waitFor(); // Somebody new: the question comes again.
  assert.deepEqual([notes.violations, complaints], [[], []]);
  await context.close();
});

test("a token that has ended is renewed, and nobody notices", async () => {
  const { page, context, notes, button, dialog } = await visit(LIGHT);
  let asked = 0;
  await page.route("**/proteus-token", async (route) => {
    asked += 1;
    if (asked === 1) await route.fulfill({ json: { access_token: ENDED_TOKEN, expires_in: 900 } });
    else await route.continue();
  });
  const codes = [];
  page.on("response", async (answer) => answer.status() === 401 && codes.push((await answer.json()).code));
  await button.click();
  await dialog.getByRole("checkbox").waitFor();
  assert.deepEqual([asked, codes, notes.events], [2, ["token_expired"], []]);
  await context.close();
});

test("a page of an origin that the token does not name is refused, in words", async () => {
  const { page, context, notes, button, dialog } = await visit({ shop: OTHER, ...LIGHT });
  await button.click();
  await dialog.getByRole("alert").filter({ hasText: "Trying on is not allowed on this page." }).waitFor();
  assert.deepEqual(notes.events.map(({ name, code, status }) => [name, code, status]), [["proteus:error", "origin_not_allowed", 403]]);
  await isAccessible(page, "problem");
  await shot(page, "problem-light");
  assert.deepEqual(notes.violations, []);
  await context.close();
});

test("a lost connection is said, and the try-on goes on when it is back; a canceled one ends", async () => {
  const { page, context, notes, button, dialog } = await visit(LIGHT);
  await button.click();
  await agree(dialog);
  // A busy fleet may say 503 first: the element asks again.
  const accepted = () => page.waitForResponse((answer) => answer.url().endsWith("/v1/tryons") && answer.status() === 202);
  const submitted = accepted();
  await putIn(dialog);
  await submitted;
  await context.setOffline(true);
  await dialog.getByText("The connection is lost.").waitFor();
  await context.setOffline(false);
  await madePicture(dialog);
  assert.deepEqual(notes.events.map(({ name }) => name), ["proteus:result"]);

  const again = accepted();
  await dialog.getByRole("button", { name: "Try again" }).click();
  await again;
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.getByRole("heading", { name: "A photo of you" }).waitFor();
  assert.deepEqual([notes.events.length, notes.violations], [1, []]);
  await context.close();
});

test("a try-on that is canceled before the submit has answered is canceled at the server", async () => {
  const { page, context, notes, button, dialog } = await visit(LIGHT);
  await button.click();
  await agree(dialog);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const submitted = new Promise((resolve) => {
    void page.route("**/v1/tryons", async (route) => {
      const answer = await route.fetch(); // The server has the try-on; the page does not know it yet.
      resolve(await answer.json());
      await released;
      await route.fulfill({ response: answer });
    });
  });
  await putIn(dialog);
  const { job_id: id } = await submitted;
  const canceled = page.waitForResponse((answer) => answer.url().endsWith(`/v1/tryons/${id}/cancel`));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.getByRole("heading", { name: "A photo of you" }).waitFor();
  release();
  assert.ok((await canceled).ok());
  assert.deepEqual([notes.events, notes.violations], [[], []]);
  await context.close();
});

test("a new text is asked anew; the camera's picture is tried on, and where that shows nobody another photo helps", async () => {
  const { page, context, notes, button, dialog } = await visit(LIGHT);
  await button.click();
  await dialog.getByRole("checkbox").waitFor();
  await rule({ version: "2026-12", text: `${TEXT} And we tell nobody.`, minimum_age: 16 });
  await agree(dialog);
  await dialog.getByRole("alert").filter({ hasText: "The text was changed" }).waitFor();
  await dialog.getByText("And we tell nobody.").waitFor();
  await agree(dialog);

  await dialog.getByRole("button", { name: "Use the camera" }).click();
  const take = dialog.getByRole("button", { name: "Take it" });
  await dialog.locator("video").waitFor();
  await isAccessible(page, "camera");
  const live = () => page.evaluate(() => document.querySelector("proteus-tryon").shadowRoot.querySelector("video")?.srcObject?.active ?? false);
  assert.equal(await live(), true);
  await take.click();
  await dialog.getByRole("alert").filter({ hasText: "No person was found in the photo." }).waitFor();
  assert.equal(await live(), false);
  assert.deepEqual(notes.events.map(({ name, code }) => [name, code]), [["proteus:error", "no_person_detected"]]);
  await dialog.getByRole("button", { name: "Another photo" }).click();
  await putIn(dialog);
  await madePicture(dialog);
  assert.deepEqual(notes.violations, []);
  await context.close();
});
