/* The Mirror in a real browser with a generated camera: where the garment lies, what it costs, what leaves the device. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnatomy } from "../../src/features/mirror/anatomy.ts";
import { writeCorners } from "../../src/features/mirror/corners.ts";
import { grave } from "../browser/axe.mjs";
import { CAMERAS, FLEET, open, patch, posesAbove, spans } from "./tab.mjs";

const MAGENTA = [255, 0, 255];
const NEAR_PIXELS = 6;
/** Of the frame: as far as two sizes of one network may differ on a padded suit. */
const OTHER_MODEL = 0.04;
/** Enough poses for the filter to rest and the garment to be seen. */
const SETTLED_POSES = 12;
const PHONE = { width: 360, height: 740 };

function clean({ complaints, foreign }) {
  assert.deepEqual(complaints, []);
  assert.deepEqual(foreign, []);
}

/** Put on a patch of one colour: its corners are the mesh's. */
async function wearPatch(page, size = {}) {
  await page.locator('.mirror-panel input[type="file"]').setInputFiles({ name: "patch.png", mimeType: "image/png", buffer: patch({ colour: MAGENTA, ...size }) });
  await page.locator(".mirror-delay select").nth(1).waitFor(); // One's own garment asks for its kind.
}

/** Where the corners of a patch of this shape belong by a pose, in pixels of a stage. */
function wanted({ width, height }, pose, [across, down] = [8, 10]) {
  const anatomy = readAnatomy({ data: new Uint8Array(across * down).fill(255), width: across, height: down }, "upper");
  const corners = new Float32Array(8);
  writeCorners(corners, pose, width / height, anatomy, { x: 0, y: 0, scale: 1 });
  return Array.from({ length: 4 }, (_, i) => [corners[2 * i] * height, (1 - corners[2 * i + 1]) * height]);
}

test("the garment's corners lie on the landmarks", async () => {
  const tab = await open();
  const { page } = tab;
  await wearPatch(page);
  await posesAbove(page, SETTLED_POSES);
  const found = await spans(page, MAGENTA);
  const pose = await page.evaluate(() => globalThis.seen.pose);
  // The tailor's pose model, larger and on the whole frame, sees the same shoulders.
  CAMERAS.landmarks.slice(0, 2).forEach(([x, y], i) => {
    assert.ok(Math.hypot(pose[4 * (11 + i)] - x, pose[4 * (11 + i) + 1] - y) < OTHER_MODEL, `landmark ${11 + i}`);
  });
  const [topLeft, topRight, bottomLeft, bottomRight] = wanted(found, pose);
  const top = found.rows.findIndex(Boolean);
  assert.ok(Math.abs(top - Math.min(topLeft[1], topRight[1])) < NEAR_PIXELS, `the seams are at ${top}, not at ${topLeft[1]}`);
  // Down the sides as far as no arm is before them.
  for (const share of [0.08, 0.15, 0.22]) {
    for (const [side, from, to] of [[0, topLeft, bottomLeft], [1, topRight, bottomRight]]) {
      const y = Math.round(from[1] + share * (to[1] - from[1]));
      const x = from[0] + share * (to[0] - from[0]);
      assert.ok(Math.abs(found.rows[y][side] - x) < NEAR_PIXELS, `row ${y}: side ${side} is at ${found.rows[y][side]}, not at ${x}`);
    }
  }

  // Keys move it: five steps to the right, on the stage itself.
  await page.locator(".mirror-stage").focus();
  for (let step = 0; step < 5; step++) await page.keyboard.press("ArrowRight");
  const poses = await page.evaluate(() => globalThis.seen.poses);
  await posesAbove(page, poses + 2);
  const moved = await spans(page, MAGENTA);
  const row = top + 20;
  assert.ok(moved.rows[row][0] - found.rows[row][0] > 10);

  // The hem of a short garment, which ends inside the picture.
  await wearPatch(page, { height: 200 });
  await posesAbove(page, (await page.evaluate(() => globalThis.seen.poses)) + SETTLED_POSES);
  const short = await spans(page, MAGENTA);
  const [, , hemLeft, hemRight] = wanted(short, await page.evaluate(() => globalThis.seen.pose), [12, 7]);
  const lowest = Math.max(hemLeft[1], hemRight[1]);
  const hem = short.rows.findLastIndex(Boolean) + 1;
  assert.ok(lowest < short.height - NEAR_PIXELS, `the hem would be at ${lowest} of ${short.height}`);
  assert.ok(Math.abs(hem - lowest) < NEAR_PIXELS, `the hem is at ${hem}, not at ${lowest}`);
  clean(tab);
  await tab.close();
});

test("the video stays out of WebGL, and one frame at a time is on its way", async () => {
  const tab = await open({ camera: "moving" });
  const { page } = tab;
  await posesAbove(page, SETTLED_POSES);
  const found = await page.evaluate(() => {
    const box = (element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height].map(Math.round);
    };
    const [video, canvas] = [document.querySelector(".mirror-stage video"), document.querySelector(".mirror-stage canvas")];
    return { video: box(video), canvas: box(canvas), canvases: document.querySelectorAll("canvas").length, inside: canvas.contains(video), ...globalThis.seen, streams: 0 };
  });
  assert.deepEqual(found.video, found.canvas);
  assert.deepEqual([found.canvases, found.inside, found.workers, found.mostInFlight], [1, false, 1, 1]);

  // Another page releases the camera and ends the worker.
  await page.locator("nav a").first().click();
  await page.locator(".mirror").waitFor({ state: "detached" });
  assert.deepEqual(await page.evaluate(() => globalThis.seen.streams.flatMap((one) => one.getTracks().map((track) => track.readyState))), ["ended"]);
  assert.deepEqual(page.workers(), []);
  clean(tab);
  await tab.close();
});

test("poses leave the frames their time", async () => {
  const tab = await open({ camera: "moving" });
  const { page } = tab;
  await posesAbove(page, SETTLED_POSES);
  const ticks = (held) =>
    page.evaluate(async (held) => {
      globalThis.holdFrames = held;
      let count = 0;
      const end = performance.now() + 2_500;
      while (performance.now() < end) {
        await new Promise((resume) => requestAnimationFrame(resume));
        count++;
      }
      globalThis.holdFrames = false;
      return count;
    }, held);
  // Held frames never come back, so the runs with poses come first.
  const withPoses = (await ticks(false)) + (await ticks(false));
  const without = (await ticks(true)) + (await ticks(true));
  assert.ok(withPoses >= 0.6 * without, `${withPoses} frames with poses, ${without} without`);
  await tab.close();
});

test("no picture leaves the device before Snap, and Snap makes a try-on whose first preview is the mirror's own", async () => {
  const tab = await open({ camera: "moving" });
  const { page, sent } = tab;
  await posesAbove(page, 2 * SETTLED_POSES);
  await page.locator(".mirror-garment").nth(1).click();
  await posesAbove(page, 3 * SETTLED_POSES);
  assert.deepEqual(sent.filter(({ method, bytes }) => method === "PUT" || bytes > 2_000), []);
  assert.deepEqual(sent.filter(({ path }) => /uploads|snap|tryons|presigned/.test(path)), []);

  // No job is asked for before the preview is looked for: the page keeps the first picture that it shows.
  await page.evaluate(() => {
    const look = () => {
      const image = document.querySelector('.working-picture img[data-preview="true"]');
      globalThis.first ??= document.querySelector(".working-picture img")?.dataset.preview;
      if (image?.naturalWidth) globalThis.preview = image.naturalWidth / image.naturalHeight;
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    document.addEventListener("load", look, true);
  });
  await page.locator(".mirror-delay select").first().selectOption("0");
  await page.locator(".mirror-snap").click();
  await page.locator('.result[data-shown="yes"] .compare-stage img').first().waitFor();
  assert.match(page.url(), /\/app\/tryons\/job_/);
  assert.equal(sent.filter(({ method }) => method === "PUT").length, 2); // The person and the garment.
  assert.equal(await page.evaluate(() => globalThis.first), "true");
  assert.ok(Math.abs((await page.evaluate(() => globalThis.preview)) - 640 / 480) < 0.02);
  clean(tab);
  await tab.close();
});

test("a camera that is not allowed is said, and the way on", async () => {
  const tab = await open({ allowed: false });
  const { page, sent } = tab;
  await page.getByRole("button", { name: "Start the camera" }).click();
  await page.getByRole("alert").getByText("The camera is not allowed here.").waitFor();
  await page.getByRole("alert").getByRole("link", { name: "Go to Studio" }).waitFor();
  assert.deepEqual(sent.filter(({ bytes }) => bytes > 2_000), []);
  clean(tab);
  await tab.close();
});

for (const [name, words] of [["NotFoundError", "No camera was found."], ["NotReadableError", "The camera is in use by another program."]]) {
  test(`a camera that fails by ${name} is said`, async () => {
    const before = `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "${name}"));`;
    const tab = await open({ before });
    await tab.page.getByRole("alert").getByText(words).waitFor();
    assert.deepEqual(await grave(tab.page), []);
    clean(tab);
    await tab.close();
  });
}

for (const [camera, words] of [["nobody", "Step into the picture"], ["pair", "Two people are in view"]]) {
  test(`the camera "${camera}" is answered by an advice`, async () => {
    const tab = await open({ camera });
    await tab.page.locator(".mirror-advice").getByText(words).waitFor();
    clean(tab);
    await tab.close();
  });
}

test("axe finds nothing serious, in both themes and on a phone", async () => {
  for (const more of [{ colorScheme: "light" }, { colorScheme: "dark" }, { viewport: PHONE, colorScheme: "light" }, { viewport: PHONE, colorScheme: "dark" }]) {
    const tab = await open(more);
    // At rest: colours on their way from one to another are no finding.
    await posesAbove(tab.page, SETTLED_POSES);
    assert.deepEqual(await grave(tab.page), [], JSON.stringify(more));
    await tab.close();
  }
});

test("the policy is the strict one, and the page breaks none of it", async () => {
  const { headers } = await fetch(`${FLEET}/app/mirror`);
  assert.match(headers.get("content-security-policy"), /script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self';/);
  assert.match(headers.get("permissions-policy"), /camera=\(self\)/);
});
