/* From two photos to the picture on the screen, once, as the least that every change must leave whole. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { grave } from "../browser/axe.mjs";
import { fill, open, shown, start, stop, URL_OF_FLEET } from "../browser/tab.mjs";

before(start);
after(stop);

test("two photos become a picture, accessibly, under the strict policy, and nothing leaves for another host", async () => {
  const refused = [];
  const prepare = async (context) => {
    await context.exposeFunction("refused", (what) => refused.push(what));
    // Who saves data gets no pose model, whose seconds of CPU the longer tests spend.
    await context.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
    await context.addInitScript(() =>
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => globalThis.refused(`${violatedDirective} ${blockedURI}`)),
    );
  };
  const { page, complaints, foreign } = await open({ options: { engine: "puppet", quality: "balanced", samples: 1 }, prepare, reducedMotion: "reduce" });
  await fill(page);
  await page.locator(".slot.garment .checkered").waitFor();
  assert.deepEqual(await grave(page), []);
  await page.keyboard.press("Control+Enter");
  await shown(page);
  assert.match(page.url(), /\/app\/tryons\/job_/);
  assert.ok(await page.locator(".compare-stage img").first().evaluate((image) => image.naturalWidth > 100));
  assert.deepEqual(await grave(page), []);
  const { headers } = await fetch(`${URL_OF_FLEET}/app`);
  assert.match(headers.get("content-security-policy"), /script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/);
  assert.deepEqual({ refused, complaints, foreign }, { refused: [], complaints: [], foreign: [] });
});
