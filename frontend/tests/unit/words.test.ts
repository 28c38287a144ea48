import { expect, test } from "vitest";
import { problemWords } from "../../src/features/studio/problemWords.ts";
import { snippet } from "../../src/features/studio/snippets.ts";
import { afterStatus } from "../../src/shared/job.ts";
import { en } from "../../src/strings/en/index.ts";

test("a known code has the catalogue's words, and keeps the server's", () => {
  const words = problemWords({ code: "queue_full", message: "1,000 wait.", hint: "Come back." }, en);
  expect(words).toEqual({ ...en.problems.queue_full, original: "1,000 wait. Come back." });
});

test("an unknown code has the server's words, and always something to do", () => {
  expect(problemWords({ code: "new", message: "It broke." }, en)).toMatchObject({ what: "It broke.", todo: en.problems.internal?.todo });
});

test("code repeats the try-on's engine, seed and number of pictures", () => {
  const job = afterStatus(undefined, {
    job_id: "job_1", job_type: "tryon", status: "completed", engine: "puppet", created_at: "2026-01-01T00:00:00Z", results: [
      { n: 1, status: "completed", seed: 7, warnings: [] }, { n: 2, status: "completed", seed: 8, warnings: [] },
    ],
  }, 0);
  for (const language of ["curl", "python", "javascript"] as const) {
    const text = snippet(language, job, "https://shop.example");
    for (const part of ["https://shop.example", '"puppet"', '"seed": 7', '"num_samples": 2', "Idempotency-Key"]) expect(text, language).toContain(part);
  }
});
