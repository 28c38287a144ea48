/* Write the client's types from the checked-in descriptions of the API; `--check`: fail where they differ. */
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url);
const generated = new URL("clients/typescript/src/generated/", root);
const checks = process.argv.includes("--check");

const api = JSON.parse(await readFile(new URL("docs/openapi.json", root), "utf8"));
const events = JSON.parse(
  (await readFile(new URL("docs/events.schema.json", root), "utf8")).replaceAll("#/$defs/", "#/components/schemas/"),
);

/** The schema of the events as a description without routes: one generator then writes both files. */
const eventsAsApi = {
  openapi: "3.1.0",
  info: { title: events.title, version: "0" },
  paths: {},
  components: { schemas: events.$defs },
};

let differs = false;
for (const [name, description, source] of [
  ["api.ts", api, "docs/openapi.json"],
  ["events.ts", eventsAsApi, "docs/events.schema.json"],
]) {
  const types = astToString(await openapiTS(description, { defaultNonNullable: false }));
  const text = `/* Written by \`npm run types\` from ${source}; change that, not this file. */\n${types}`;
  const file = new URL(name, generated);
  const before = await readFile(file, "utf8").catch(() => "");
  if (before === text) continue;
  differs = true;
  if (checks) console.error(`${name} is older than ${source}: run \`npm run types\` in frontend/`);
  else await writeFile(file, text);
}
process.exit(checks && differs ? 1 : 0);
