/* The Fleet page in a real browser on a real fleet: who may see it, what it shows, and what an operator does with it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { grave } from "./axe.mjs";
import { GARMENT, open, PATIENCE_MS, PERSON, start, stop, URL_OF_FLEET } from "./tab.mjs";

const TOKEN = process.env.OPERATOR_TOKEN ?? "";
const VIEWS = ["Overview", "Workers", "Jobs", "What if", "Audit"];

before(start);
after(stop);

/** Nothing went wrong unseen, and nothing left for another host. */
function clean({ complaints, foreign }, allowed = /^$/) {
  assert.deepEqual(complaints.filter((one) => !allowed.test(one)), []);
  assert.deepEqual(foreign, []);
}

/** Ask the API; fail on a refusal. */
async function ask(token, method, path, body) {
  const answer = await fetch(URL_OF_FLEET + path, {
    method,
    headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** A guest with photos in the store, who submits try-ons. */
async function guest() {
  const { access_token: token } = await ask(null, "POST", "/v1/auth/guest");
  const upload = async (file, kind) => {
    const bytes = await readFile(file);
    const ticket = await ask(token, "GET", `/images/presignedUpUrl?kind=${kind}&content_type=image/webp&size_bytes=${bytes.length}`);
    assert.ok((await fetch(ticket.upload_url, { method: "PUT", headers: ticket.headers, body: bytes })).ok);
    return ticket.image_url;
  };
  const garment = await upload(GARMENT, "garment");
  const snap = async (person, model) => (await ask(token, "POST", "/api/snap", { user_photo_url: person, cloth_clean_url: garment, model })).job_id;
  return { token, upload, snap };
}

async function operated({ prepare: also = async () => {}, ...more } = {}) {
  const prepare = async (context) => {
    await also(context);
    await context.addInitScript((token) => sessionStorage.setItem("proteus.operator", JSON.stringify({ name: "", token, until: null, refresh: null })), TOKEN);
  };
  const tab = await open({ path: "/app/fleet", prepare, ...more });
  await tab.page.locator('.fleet [data-fresh="yes"]').waitFor();
  await tab.page.locator(".tiles").waitFor();
  return tab;
}

test("shoppers do not see the page named, and it asks who is there", async () => {
  const tab = await open();
  const { page } = tab;
  await page.locator("nav").getByText("History").waitFor();
  assert.equal(await page.locator("nav").getByText("Fleet").count(), 0);
  await page.goto(`${URL_OF_FLEET}/app/fleet`);
  const email = `ops-${randomUUID().slice(0, 8)}@shop.example`;
  const made = await ask(TOKEN, "POST", "/v1/accounts", { email, role: "admin", tenant: "operators" });
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("That is not right").waitFor();
  await page.getByLabel("Password").fill(made.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".tiles").waitFor();
  await page.reload();
  await page.locator(".tiles").waitFor(); // The tab remembers its operator.
  assert.equal(await page.evaluate(() => localStorage.getItem("proteus.operator")), null);
  const { token } = JSON.parse(await page.evaluate(() => sessionStorage.getItem("proteus.operator")));
  const ended = page.waitForResponse((answer) => answer.url().endsWith("/v1/auth/logout"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Email address").waitFor();
  assert.equal((await ended).status(), 204);
  for (let status = 200; status !== 401; ) ({ status } = await fetch(`${URL_OF_FLEET}/v1/queue`, { headers: { Authorization: `Bearer ${token}` } }));
  assert.equal(await page.evaluate(() => sessionStorage.getItem("proteus.operator")), null);
  await page.getByRole("button", { name: "Token or API key" }).click();
  await page.getByLabel("Token of scope admin").fill((await guest()).token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("not as an administrator").waitFor();
  clean(tab, /status of 40[13]/);
  await tab.context.close();
});

test("what waits and runs is shown, and intake pauses with a reason that users read", async () => {
  const user = await guest();
  const person = await user.upload(PERSON, "person");
  const ids = [];
  for (let n = 0; n < 6; n++) ids.push(await user.snap(person, "timed"));
  const tab = await operated();
  const { page } = tab;
  const tile = (name) => page.locator(".tile", { has: page.getByText(name, { exact: true }) }).locator(".big");
  await tile("Running").getByText(/[1-9]/).waitFor();
  await page.getByRole("region", { name: "Unfinished jobs by engine" }).getByText("timed").waitFor();
  await page.locator(".trend svg").first().waitFor();
  assert.match((await page.locator(".trend svg").first().getAttribute("aria-label")) ?? "", /^Arrivals and service, the last 60 minutes\./);
  await page.getByRole("button", { name: "Pause intake" }).click();
  await page.getByLabel("Why?").fill("A new disk.");
  await page.locator("dialog").getByRole("button", { name: "Pause intake" }).click();
  await page.getByText("Intake is paused: A new disk.").waitFor();
  const refused = await fetch(`${URL_OF_FLEET}/api/snap`, {
    method: "POST",
    headers: { Authorization: `Bearer ${user.token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ user_photo_url: person, cloth_clean_url: person, model: "timed" }),
  });
  assert.equal(refused.status, 503);
  assert.equal((await refused.json()).code, "intake_paused");
  await page.getByRole("button", { name: "Resume intake" }).click();
  await page.getByRole("button", { name: "Pause intake" }).waitFor();
  // What the operator did stands in the audit log.
  await page.getByRole("button", { name: "Audit", exact: true }).click();
  for (const action of ["intake.pause", "intake.resume"]) await page.locator(`tr[data-action="${action}"]`).first().waitFor();
  await page.getByLabel("Deed").fill("intake.resume");
  await page.getByLabel("Deed").press("Enter");
  await page.locator('tr[data-action="intake.pause"]').first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Jobs", exact: true }).click();
  await page.getByLabel("Engine").selectOption("timed");
  await page.locator(`tr[data-job="${ids[0]}"]`).waitFor();
  await page.getByRole("button", { name: "Cancel all of these…" }).click();
  await page.getByRole("heading", { name: /^Drop \d jobs?\?$/ }).waitFor();
  await page.locator("dialog").getByRole("button", { name: /^Drop \d jobs?$/ }).click();
  await page.getByText(/^\d dropped\.$/).waitFor();
  await page.getByText("No job is like that.").waitFor({ timeout: PATIENCE_MS });
  clean(tab);
  await tab.context.close();
});

test("a job's timeline and payload are shown, and failed ones are retried after a question that says how many", async () => {
  const user = await guest();
  const nobody = await user.upload(GARMENT, "person");
  const failed = await user.snap(nobody, "puppet");
  await ask(user.token, "GET", `/api/status/${failed}?wait=30`);
  const tab = await operated();
  const { page } = tab;
  await page.getByRole("button", { name: "Jobs", exact: true }).click();
  await page.getByLabel("State").selectOption("failed");
  await page.locator(`tr[data-job="${failed}"]`).getByRole("button").click();
  await page.locator(".timeline .ended").waitFor();
  assert.match(await page.locator(".timeline").innerText(), /Created[\s\S]*A need ended:[\s\S]*Ended/);
  await page.getByText("What its worker gets").click();
  await page.locator("dialog pre, dialog details .soft").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByLabel("Error code").fill("no_person_detected");
  await page.getByLabel("Error code").press("Enter");
  await page.getByRole("button", { name: "Retry all of these…" }).click();
  await page.getByRole("heading", { name: /^Retry \d+ jobs\?$/ }).waitFor();
  await page.locator("dialog").getByRole("button", { name: /^Retry \d+ jobs$/ }).click();
  await page.getByText(/^\d+ queued again, \d+ skipped/).waitFor();
  clean(tab);
  await tab.context.close();
});

test("a worker is drained and takes jobs again", async () => {
  const tab = await operated();
  const { page } = tab;
  await page.getByRole("button", { name: "Workers", exact: true }).click();
  const weaver = page.locator(".worker", { hasText: "weaver:" });
  await weaver.locator(".bars, h3").first().waitFor();
  await weaver.getByRole("button", { name: /^Drain/ }).click();
  await page.locator('.worker[data-state="draining"]').waitFor();
  await weaver.getByRole("button", { name: /^Take jobs again/ }).click();
  await page.locator('.worker[data-state="draining"]').waitFor({ state: "detached" });
  clean(tab);
  await tab.context.close();
});

test("another fleet's speed is told as its size is typed", async () => {
  const tab = await operated();
  const { page } = tab;
  await page.getByRole("button", { name: "What if" }).click();
  const speed = page.locator(".outcome > div", { hasText: "Makes at most" }).locator("dd");
  await page.getByLabel("Weavers").fill("0");
  await speed.getByText("0 pictures a minute", { exact: true }).waitFor();
  await page.getByLabel("Weavers").fill("4");
  await speed.getByText(/^[1-9][\d,.]* pictures a minute$/).waitFor();
  clean(tab);
  await tab.context.close();
});

test("the overview comes by a stream, and by asking where none comes through", async () => {
  const tab = await operated();
  const { page } = tab;
  await page.locator('.fleet [data-live="yes"]').waitFor();
  await page.evaluate(() => performance.clearResourceTimings());
  const user = await guest();
  const [person, waiting] = [await user.upload(PERSON, "person"), page.locator(".tiles")];
  const before = await waiting.innerText();
  await Promise.all([1, 2, 3].map(() => user.snap(person, "timed")));
  await page.waitForResponse((answer) => answer.url().includes("/v1/fleet/figures"));
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && (await waiting.innerText()) === before; ) await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.notEqual(await waiting.innerText(), before);
  const asked = await page.evaluate(() => performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/v1/queue")).length);
  assert.equal(asked, 0, "while the stream comes nobody asks");
  clean(tab);
  await tab.context.close();

  const blocked = await operated({ prepare: (context) => context.route("**/v1/queue/live", (route) => route.abort()) });
  await blocked.page.waitForResponse((answer) => answer.url().endsWith("/v1/queue"));
  await blocked.page.waitForResponse((answer) => answer.url().endsWith("/v1/queue"));
  assert.equal(await blocked.page.locator(".fleet [data-live]").getAttribute("data-live"), "no");
  await blocked.context.close();
});

test("a gateway that does not answer leaves what was known, and says so", async () => {
  const tab = await operated();
  const { page } = tab;
  await page.locator('.fleet [data-live="yes"]').waitFor();
  await tab.context.route(/v1\/queue(\/live)?$/, (route) => route.abort());
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // The stream ends, and is asked for anew.
  await page.locator('[data-fresh="no"]').waitFor();
  await page.getByRole("alert").getByText("You see what was known last.").waitFor();
  assert.ok(await page.locator(".tiles").isVisible());
  await tab.context.unroute(/v1\/queue(\/live)?$/);
  await page.locator('[data-fresh="yes"]').waitFor();
  await tab.context.close();
});

for (const [colorScheme, width, locale] of [
  ["light", 1366, "en"],
  ["dark", 360, "de"],
  ["light", 360, "de"],
  ["dark", 1366, "en"],
]) {
  test(`no serious finding of axe and nothing beyond the edge: ${colorScheme}, ${width} pixels`, async () => {
    const tab = await operated({ colorScheme, viewport: { width, height: 800 }, locale });
    const { page } = tab;
    for (let view = 0; view < VIEWS.length; view++) {
      await page.locator(".views button").nth(view).click();
      await page.locator(".fleet .card").first().waitFor();
      assert.deepEqual((await grave(page)).map((one) => `${VIEWS[view]}: ${one}`), []);
    }
    const door = await open({ path: "/app/fleet", colorScheme, viewport: { width, height: 800 }, locale });
    await door.page.locator('input[type="password"]').waitFor();
    assert.deepEqual((await grave(door.page)).map((one) => `sign in: ${one}`), []);
    await door.context.close();
    clean(tab);
    await tab.context.close();
  });
}
