/*
 * Every page as a person sees it, light, dark and on a phone, taken in a real Chromium on a real fleet: PNG into the folder `SHOTS`.
 * One person's browser throughout: a try-on, its history, the Mirror's camera; then the operator's page while jobs run.
 */
import { open, posesAbove } from "../mirror/tab.mjs";

const FOLDER = process.env.SHOTS ?? "shots";
const WIDE = { width: 1366, height: 900 };
const PHONE = { width: 360, height: 740 };
const FORMS = [["", "light", WIDE], ["-dark", "dark", WIDE], ["-phone", "dark", PHONE]];
const OPTIONS = JSON.stringify({ engine: "puppet" });

const tab = await open({
  camera: "moving", path: "/app", viewport: WIDE, deviceScaleFactor: 2, reducedMotion: "reduce",
  before: `localStorage.setItem("proteus.options", ${JSON.stringify(OPTIONS)}); sessionStorage.setItem("proteus.operator", ${JSON.stringify(
    JSON.stringify({ name: "", token: process.env.OPERATOR_TOKEN, until: null, refresh: null }),
  )});`,
});
const { page } = tab;

/** Take a page in each of its forms; `prepare` brings what shall be seen into view. */
async function take(name, prepare = async () => {}) {
  for (const [form, colorScheme, viewport] of FORMS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.evaluate(() => [document.documentElement, ...document.querySelectorAll("ul")].forEach((one) => one.scrollTo(0, 0)));
    await prepare(viewport === PHONE);
    await page.evaluate(() => Promise.all([...document.images].filter((one) => one.src).map((one) => one.decode().catch(() => undefined))));
    // At rest: no colour on its way from one theme to the other, and nothing under the pointer.
    await page.mouse.move(2, viewport.height / 2);
    await page.evaluate(() =>
      Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === 1).map((one) => one.finished.catch(() => undefined))),
    );
    await page.screenshot({ path: `${FOLDER}/${name}${form}.png` });
  }
  await page.setViewportSize(WIDE);
}

async function shown() {
  await page.locator('.result[data-shown="yes"] .compare-stage img').first().waitFor();
}

/** Go to a page by the navigation: nothing is loaded anew. */
const go = (name) => page.locator("nav a", { hasText: name }).click();

for (const slot of [".slot.person", ".slot.garment"]) await page.locator(slot).getByRole("button", { name: "Sample" }).click();
await page.locator(".slot.garment .checkered").waitFor();
await page.locator(".slot.person img.area").waitFor();
const submitted = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/v1/tryons"));
await page.locator("#go").click();
const { user_photo_url, cloth_clean_url } = (await submitted).postDataJSON();
await shown();
for (const garment of ["polo green", "jumper red", "tee white print", "crop flowers", "shirt stripes", "shirt checks"]) {
  const before = page.url();
  await page.getByRole("button", { name: `Try on: ${garment}` }).click();
  await page.waitForURL((url) => url.href !== before);
  await shown();
}
await take("studio", (narrow) => (narrow ? page.locator(".stage").evaluate((stage) => stage.scrollIntoView()) : undefined));
await go("History");
await page.locator(".grid li").first().waitFor();
await take("history");

await go("Mirror");
await posesAbove(page, 12);
await page.locator(".mirror-garment").nth(1).click();
await posesAbove(page, 30);
// A pose that has just come, since the garment fades where they stop.
await take("mirror", async () => posesAbove(page, (await page.evaluate(() => globalThis.seen.poses)) + 6));

/** Let more slow try-ons of this guest wait and run, as many as one may have on the list. */
const crowd = () =>
  page.evaluate(async (photos) => {
    const headers = { Authorization: `Bearer ${localStorage.getItem("proteus.token")}`, "Content-Type": "application/json" };
    for (let n = 0; n < 16; n++) await fetch("/v1/tryons", { method: "POST", headers, body: JSON.stringify({ ...photos, model: "timed", priority: n % 3 ? "normal" : "low" }) });
  }, { user_photo_url, cloth_clean_url });
const tile = (name) => page.locator(".tile", { has: page.getByText(name, { exact: true }) }).locator(".big");

await crowd();
await go("Fleet");
await page.locator('.fleet [data-live="yes"]').waitFor();
await page.locator(".trend svg").first().waitFor();
await tile("Weavers ready").getByText("2", { exact: true }).waitFor();
await take("fleet", async () => {
  await crowd();
  for (const name of ["Waiting", "Running"]) await tile(name).getByText(/^[1-9]/).waitFor();
  await page.getByRole("region", { name: "Unfinished jobs by engine" }).waitFor();
});
await page.locator(".views button").nth(1).click();
// Both weavers have woven, one of them more than one picture at a time.
await page.locator(".worker .bars").nth(1).waitFor();
await page.locator(".worker .bars li").nth(2).waitFor();
await take("fleet-workers", crowd);
await page.locator(".views button").nth(2).click();
await page.getByLabel("State").selectOption("completed");
await page.locator(".listing button").first().click();
await page.locator(".timeline .ended").waitFor();
await take("fleet-job");
await tab.close();
