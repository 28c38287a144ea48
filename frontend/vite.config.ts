/* How the pages are built: under /app, hashed, into the gateway's package; `make pages` runs it. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { poseTask } from "./scripts/pose-plugin.mjs";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const gateway = process.env.PROTEUS_URL ?? "http://127.0.0.1:8000";
const routesOfTheGateway = ["/v1", "/api", "/images", "/segformer", "/catvton", "/vtons", "/users", "/docs", "/health"];

export default defineConfig({
  base: "/app/",
  plugins: [react(), poseTask(here("node_modules"))],
  resolve: {
    alias: {
      "@proteus/client/feed": here("../clients/typescript/src/feed.ts"),
      "@proteus/client": here("../clients/typescript/src/index.ts"),
    },
    // The client's sources lie outside this folder; what they import is installed here.
    dedupe: ["openapi-fetch", "socket.io-client"],
  },
  worker: { format: "es", plugins: () => [poseTask(here("node_modules"))] },
  build: {
    outDir: process.env.PAGES_OUT ?? here("../services/gateway/src/gateway/static/app"),
    emptyOutDir: true,
    manifest: true,
    license: { fileName: "licences.md" },
    target: "es2022",
    assetsInlineLimit: 0, // A data: address would need a wider policy.
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    fs: { allow: [here(".."), here("../clients/typescript")] },
    proxy: {
      ...Object.fromEntries(routesOfTheGateway.map((path) => [path, gateway])),
      "/updates": { target: gateway, ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.ts", "tests/unit/**/*.test.ts"],
    environment: "node",
    root: here("."),
  },
});
