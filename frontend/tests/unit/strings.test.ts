import { expect, test } from "vitest";
import { de } from "../../src/strings/de/index.ts";
import { en } from "../../src/strings/en/index.ts";
import { languageOf } from "../../src/strings/index.ts";

function leaves(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, `(${value.length})`]];
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

test("both languages have the same sentences, with the same gaps, and none is empty", () => {
  const [english, german] = [leaves(en), leaves(de)];
  expect(german.map(([path]) => path).toSorted()).toEqual(english.map(([path]) => path).toSorted());
  const arity = (all: [string, string][]) => all.filter(([, text]) => /^\(\d\)$/.test(text)).toSorted();
  expect(arity(german)).toEqual(arity(english));
  expect([...english, ...german].filter(([, text]) => !text.trim())).toEqual([]);
});

test.each([
  ["de", ["en-GB"], "de"],
  [null, ["de-AT", "en"], "de"],
  [null, ["fr", "de"], "de"],
  ["xx", ["fr"], "en"],
  [null, [], "en"],
] as const)("chosen %s among %o is %s", (chosen, preferred, language) => {
  expect(languageOf(chosen, preferred)).toBe(language);
});
