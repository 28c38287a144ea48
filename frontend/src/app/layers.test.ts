/*
 * Imports go one way: app > features > strings, components > shared > the client. A feature imports no other feature, and the
 * storefront's element none of them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "..");
const RANKS: Record<string, number> = { "main.tsx": 4, app: 3, features: 2, components: 1, strings: 1, styles: 1, widget: 1, shared: 0, pose: 0 };
const IMPORT = /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

const rankOf = (path: string) => RANKS[path.split("/")[0] ?? ""];
const featureOf = (path: string) => (path.startsWith("features/") ? path.split("/")[1] : undefined);

function wrongImports(file: string, source: string): string[] {
  return [...source.matchAll(IMPORT)]
    .map((found) => relative(SRC, resolve(SRC, file, "..", found[1] ?? "")))
    .filter((target) => {
      const [mine, theirs] = [rankOf(file), rankOf(target)];
      if (mine === undefined || theirs === undefined || theirs > mine) return true;
      return theirs === 2 && featureOf(file) !== undefined && featureOf(file) !== featureOf(target);
    });
}

test("no module imports what stands above it, and no feature another one", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.test)\.tsx?$/.test(name));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(wrongImports(file, readFileSync(join(SRC, file), "utf8")), file).toEqual([]);
});

test("an import upwards is found", () => {
  expect(wrongImports("shared/a.ts", 'import { x } from "../components/Icon.tsx";')).toEqual(["components/Icon.tsx"]);
  expect(wrongImports("features/a/b.ts", 'const m = import("../c/d.ts");')).toEqual(["features/c/d.ts"]);
});

/** The classes that a stylesheet's rules begin with. */
const classesOf = (css: string) => new Set([...css.replaceAll(/\/\*.*?\*\//gs, "").matchAll(/(?:^|[},])\s*\.([\w-]+)/g)].map((found) => found[1]));

test("no feature styles what another one has: its styles stay when its page is left", () => {
  const owners = new Map<string, string>();
  for (const file of readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.startsWith("features/") && name.endsWith(".css"))) {
    for (const name of classesOf(readFileSync(join(SRC, file), "utf8"))) {
      const owner = featureOf(file) ?? "";
      if (name && name !== "dialog") expect(owners.get(name) ?? owner, `.${name} in ${file}`).toBe(owner);
      owners.set(name ?? "", owner);
    }
  }
  expect(owners.size).toBeGreaterThan(50);
});

test("two features with one class are found", () => {
  expect([...classesOf("/* .no */ .facts {} .a .b, .c:hover { x: y }")]).toEqual(["facts", "a", "c"]);
});
