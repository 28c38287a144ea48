/* What the browser can draw with: a refusal is asked again, a yes is kept. */
import { afterEach, expect, test, vi } from "vitest";
import { hasWebgl } from "./graphics.ts";

afterEach(() => vi.unstubAllGlobals());

test("a first refusal of WebGL is not kept, and a context that was given is", () => {
  const answers = [null, { RENDERER: 1, getExtension: () => null, getParameter: () => "Some card" }, null];
  vi.stubGlobal("document", { createElement: () => ({ getContext: () => answers.shift() }) });
  expect([hasWebgl(), hasWebgl(), hasWebgl()]).toEqual([false, true, true]);
  expect(answers).toHaveLength(1);
});
