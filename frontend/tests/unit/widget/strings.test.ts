import { expect, test } from "vitest";
import { LANGUAGES, PROBLEMS, stringsFor, wordsFor } from "../../../src/widget/strings.ts";

function leaves(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, `(${value.length})`]];
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

test("both languages say the same things, with the same gaps, and nothing is empty", () => {
  const both = { en: { ...LANGUAGES.en, problems: PROBLEMS.en }, de: { ...LANGUAGES.de, problems: PROBLEMS.de } };
  const [english, german] = [leaves(both.en), leaves(both.de)];
  expect(german.map(([path]) => path).toSorted()).toEqual(english.map(([path]) => path).toSorted());
  const gaps = (all: [string, string][]) => all.filter(([, text]) => /^\(\d\)$/.test(text)).toSorted();
  expect(gaps(german)).toEqual(gaps(english));
  expect([...english, ...german].filter(([, text]) => !text.trim())).toEqual([]);
});

test.each([
  [["de-AT", "en"], "de"],
  [[null, "fr", "de"], "de"],
  [[undefined, "EN-us"], "en"],
  [["fr"], "en"],
  [[], "en"],
] as const)("%o speaks %s", (wanted, language) => {
  expect(stringsFor(...wanted).language).toBe(language);
});

test("a problem that nobody foresaw is said to be one", () => {
  expect(wordsFor("engine_exploded", "de")).toEqual(PROBLEMS.de.other);
  expect(wordsFor("queue_full", "en")).toEqual(PROBLEMS.en.queue_full);
});
