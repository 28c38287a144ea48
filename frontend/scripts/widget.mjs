/*
 * The storefront's element as one module, and the budget that it keeps: every product page of a shop downloads it.
 *
 * It is a build of its own: the pages' chunks have hashes in their names and are for their own origin.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const BUDGET_BYTES = 40_000;
const FILE = "proteus-tryon.js";
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Build it into `out`/widget and return its bytes, packed with gzip. */
export async function buildWidget(out) {
  await build({
    configFile: false,
    root: here(".."),
    logLevel: "warn",
    base: "",
    publicDir: false,
    resolve: {
      alias: { "@proteus/client": here("../../clients/typescript/src/index.ts") },
      dedupe: ["openapi-fetch", "socket.io-client"],
    },
    build: {
      outDir: join(out, "widget"),
      emptyOutDir: true,
      target: "es2022",
      cssTarget: ["chrome123", "firefox120", "safari17.5"], // For older ones light-dark() is written in a way that needs the page's help.
      license: { fileName: "licences.md" },
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        input: here("../src/widget/main.ts"),
        // The feed over Socket.IO is the pages' alone; nothing that its modules do on their own is missed here.
        treeshake: { moduleSideEffects: (id) => id.includes("/src/widget/") },
        output: {
          entryFileNames: FILE,
          codeSplitting: false,
          postBanner: "/*! Proteus, Apache-2.0; licences of what is inside: /app/widget/licences.md */",
        },
      },
    },
  });
  const size = gzipSync(await readFile(join(out, "widget", FILE)), { level: 9 }).length;
  console.log(`widget: ${(size / 1000).toFixed(1)} kB gzip of at most ${BUDGET_BYTES / 1000} kB`);
  if (size > BUDGET_BYTES) console.error("the widget is too large");
  return size <= BUDGET_BYTES;
}
