/* What the Mirror costs in CPU time, by Chromium's own count of its processes; JSON on the last line. */
import { open, posesAbove } from "./tab.mjs";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 10);

const tab = await open({ camera: "moving" });
const { page } = tab;
await posesAbove(page, 10);
const processes = await tab.browser.newBrowserCDPSession();
const read = async () => {
  const { processInfo } = await processes.send("SystemInfo.getProcessInfo");
  const cpu = { GPU: 0, renderer: 0 };
  for (const { type, cpuTime } of processInfo) if (type in cpu) cpu[type] += cpuTime;
  return { ...cpu, poses: await page.evaluate(() => globalThis.seen.poses) };
};
const before = await read();
const frames = await page.evaluate(async (seconds) => {
  let count = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; count++) {
    await new Promise((resume) => requestAnimationFrame(resume));
  }
  return count;
}, SECONDS);
const after = await read();
await tab.close();
const poses = after.poses - before.poses;
const found = {
  frames_per_second: frames / SECONDS,
  poses_per_second: poses / SECONDS,
  gpu_process_cpu_ms_per_frame: (1000 * (after.GPU - before.GPU)) / frames,
  page_and_worker_cpu_ms_per_pose: (1000 * (after.renderer - before.renderer)) / poses,
  cpu_cores: (after.GPU - before.GPU + after.renderer - before.renderer) / SECONDS,
};
for (const [name, value] of Object.entries(found)) process.stdout.write(`${name.padEnd(34)} ${value.toFixed(2)}\n`);
process.stdout.write(`${JSON.stringify(found)}\n`);
