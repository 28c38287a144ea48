/* A try-on with progress: node tryon.mjs person.jpg garment.jpg out.png; the server is PROTEUS_URL, who asks PROTEUS_TOKEN. */
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { JobEnded, Problem, Proteus } from "@proteus/client";

const [person, garment, out] = process.argv.slice(2);
const proteus = new Proteus({ baseUrl: process.env.PROTEUS_URL, token: process.env.PROTEUS_TOKEN });
try {
  const { job, pictures } = await proteus.tryon(await openAsBlob(person), await openAsBlob(garment), {
    onProgress: ({ status, stage }) => console.error(status, stage ?? ""),
    signal: AbortSignal.timeout(300_000),
  });
  await writeFile(out, new Uint8Array(await pictures[0].arrayBuffer()));
  console.log(out);
  for (const { message, hint } of job.results[0].warnings) console.error(message, hint);
} catch (error) {
  if (!(error instanceof JobEnded || error instanceof Problem)) throw error;
  console.error(error.message, error.hint);
  process.exitCode = 1;
}
