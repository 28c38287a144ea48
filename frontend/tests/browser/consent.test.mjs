/* The shop's question before the first photo, in a real browser on a real fleet. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { grave } from "./axe.mjs";
import { GARMENT, open, PERSON, start, stop, URL_OF_FLEET } from "./tab.mjs";

const TEXT = "We use your photo to show you our clothes on you.\n\nNobody else sees it, and we delete it after 7 days without a visit.";

async function rule(method, body) {
  const headers = { Authorization: `Bearer ${process.env.OPERATOR_TOKEN}`, "Content-Type": "application/json" };
  const answer = await fetch(`${URL_OF_FLEET}/v1/tenants/guests/consent`, { method, headers, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 204);
}

before(start);
before(() => rule("PUT", { version: "1", text: TEXT, minimum_age: 16 }));
after(() => rule("DELETE"));
after(stop);

for (const [colorScheme, viewport] of [["light", { width: 1366, height: 900 }], ["dark", { width: 360, height: 740 }]]) {
  test(`no photo leaves before the person agrees, and everything goes when that is withdrawn (${colorScheme})`, async () => {
    const { page, context, complaints } = await open({ colorScheme, viewport });
    const sent = [];
    page.on("request", (request) => request.method() === "PUT" && sent.push(request.url()));
    for (const [kind, file] of [["person", PERSON], ["garment", GARMENT]]) {
      await page.locator(`.slot.${kind} input[type=file]`).first().setInputFiles(file);
    }
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    assert.ok((await dialog.textContent()).includes(TEXT));
    assert.deepEqual(await grave(page, "dialog"), []);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/consent-${colorScheme}.png` });

    await page.keyboard.press("Escape");
    await page.getByText("The photo was not sent: you have not agreed.").first().waitFor();
    assert.deepEqual(sent, []);
    await page.locator(".slot.person").getByRole("button", { name: /again/i }).click();
    await dialog.waitFor();
    assert.ok(await dialog.getByRole("button", { name: "Agree and send" }).isDisabled());
    await dialog.getByRole("checkbox").check();
    await dialog.getByRole("button", { name: "Agree and send" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.locator(".slot.garment").getByRole("button", { name: /again/i }).click();
    await page.locator(".slot.garment .checkered").waitFor();
    assert.equal(sent.length, 2);

    await page.reload();
    await page.getByRole("button", { name: "Withdraw your consent" }).click();
    const gone = page.waitForResponse((answer) => answer.request().method() === "DELETE");
    await page.getByRole("button", { name: "Withdraw and delete" }).click();
    assert.equal((await gone).status(), 204);
    for (const kind of ["person", "garment"]) await page.locator(`.slot.${kind}[data-phase="empty"]`).waitFor();
    await page.getByRole("button", { name: "Withdraw your consent" }).waitFor({ state: "hidden" });
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
