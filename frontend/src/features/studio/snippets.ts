/* A try-on as code that makes the same again. Pure. */
import type { Job } from "../../shared/job.ts";

export const LANGUAGES = { curl: "cURL", python: "Python", javascript: "JavaScript" } as const;
export type Language = keyof typeof LANGUAGES;

/** The body of the submit: addresses to put in, and the options that the result tells. */
function bodyOf(job: Job): Record<string, string | number> {
  const first = job.results?.[0];
  return {
    user_photo_url: "PERSON_URL",
    cloth_clean_url: "GARMENT_URL",
    model: job.engine || "puppet",
    num_samples: Math.max(1, job.results?.length ?? 1),
    ...(typeof first?.seed === "number" ? { seed: first.seed } : {}),
  };
}

export function snippet(language: Language, job: Job, origin: string): string {
  const body = bodyOf(job);
  const json = JSON.stringify(body, null, 2);
  if (language === "curl") {
    return `curl -s -X POST ${origin}/v1/tryons \\
  -H "Authorization: Bearer $PROTEUS_TOKEN" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -H "Prefer: wait=60" \\
  -H "Content-Type: application/json" \\
  -d '${json}'`;
  }
  if (language === "python") {
    return `import os, uuid, httpx

api = httpx.Client(
    base_url="${origin}", timeout=90,
    headers={"Authorization": f"Bearer {os.environ['PROTEUS_TOKEN']}"},
)
job = api.post(
    "/v1/tryons",
    headers={"Idempotency-Key": str(uuid.uuid4()), "Prefer": "wait=60"},
    json=${json.replaceAll("\n", "\n    ")},
).raise_for_status().json()
for result in job["results"]:
    picture = api.get(result["url"], follow_redirects=True)
    open(f"try-on-{result['n']}.webp", "wb").write(picture.content)`;
  }
  return `const answer = await fetch("${origin}/v1/tryons", {
  method: "POST",
  headers: {
    Authorization: \`Bearer \${token}\`,
    "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID(),
    Prefer: "wait=60",
  },
  body: JSON.stringify(${json.replaceAll("\n", "\n  ")}),
});
const job = await answer.json();
if (!answer.ok) throw new Error(\`\${job.code}: \${job.detail}\`);
console.log(job.status, job.results.map((result) => result.url));`;
}
