/* What axe finds on a page as it stands: serious and critical findings, and whether anything sticks out to the right. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Return the grave findings, each with what it was found in; `within` is a selector, else the whole page is looked at.
 *
 * A page that changes while axe looks at it is found in a state that nobody sees, so what is found is looked for again.
 */
export async function grave(page, within) {
  // The script once in each document; `evaluate` is no `eval`, so the policy stays on.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const found = await look(page, within);
  return found.length > 0 ? look(page, within) : found;
}

async function look(page, within) {
  const { violations } = await page.evaluate((selector) => globalThis.axe.run(selector ?? document), within);
  const found = violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return beyond > 0 ? [...found, `${beyond} pixels stick out`] : found;
}
