import { expect, test } from "vitest";
import { wearable } from "./wearable.ts";

const clothes = { categories: ["upper", "outer"] } as const;
const all = { categories: ["upper", "outer", "hat"] } as const;

test.each([
  ["hat", [clothes], false],
  ["hat", [clothes, all], true],
  ["outer", [clothes], true],
  ["hat", [], true],
])("%s is offered where an engine can put it on", (category, engines, offered) => {
  expect(wearable(category, engines as never)).toBe(offered);
});
