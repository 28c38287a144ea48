/*
 * After the build: make the storefront's element, compress what compresses, and hold both to their budgets.
 *
 * The first load is what a visitor of Studio downloads before the page works: the entry, its static imports and styles.
 * three.js, pose models and WebAssembly must not be among them.
 */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { buildWidget } from "./widget.mjs";

const BUDGET_BYTES = 250_000;
const LEAST_BYTES = 1_024; // Below this, a compressed form saves less than its header costs.
const COMPRESSED = new Set([".js", ".css", ".html", ".svg", ".json", ".wasm", ".task"]);
const BROTLI_MOST_BYTES = 2_000_000; // Quality 11 of a large file takes many seconds; quality 6 does for those.

const out = process.env.PAGES_OUT ?? fileURLToPath(new URL("../../services/gateway/src/gateway/static/app", import.meta.url));
const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);

const isSmall = await buildWidget(out);
const files = (await readdir(out, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && COMPRESSED.has(extname(entry.name)))
  .map((entry) => join(entry.parentPath, entry.name));

for (const file of files) {
  const bytes = await readFile(file);
  if (bytes.length < LEAST_BYTES) continue;
  const quality = bytes.length > BROTLI_MOST_BYTES ? 6 : 11;
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: quality, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  for (const [ending, packed] of [[".gz", await gzip(bytes, { level: 9 })], [".br", await brotli(bytes, { params })]]) {
    if (packed.length < 0.95 * bytes.length) await writeFile(file + ending, packed);
  }
}

const manifest = JSON.parse(await readFile(join(out, ".vite", "manifest.json"), "utf8"));
const first = new Set();
const visit = (key) => {
  if (first.has(key)) return;
  first.add(key);
  for (const imported of manifest[key].imports ?? []) visit(imported);
};
visit("index.html");
const loaded = [...first].flatMap((key) => [manifest[key].file, ...(manifest[key].css ?? [])]);
const packedSize = async (file) => (await stat(join(out, `${file}.gz`)).catch(() => stat(join(out, file)))).size;
const sizes = await Promise.all([...new Set(loaded)].map(async (file) => [file, await packedSize(file)]));
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
console.log(`first load: ${(total / 1000).toFixed(0)} kB gzip of at most ${BUDGET_BYTES / 1000} kB, in ${sizes.length} files`);

const texts = await Promise.all(loaded.map((file) => readFile(join(out, file), "utf8")));
const heavy = ["WebGLRenderer", "vision_wasm"].filter((word) => texts.some((text) => text.includes(word)));
if (heavy.length) console.error(`the first load holds what only the Mirror needs: ${heavy.join(", ")}`);
if (total > BUDGET_BYTES) console.error(`the first load is too large: ${JSON.stringify(Object.fromEntries(sizes), null, 1)}`);
process.exit(heavy.length || total > BUDGET_BYTES || !isSmall ? 1 : 0);
