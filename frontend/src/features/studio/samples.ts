/* The sample pictures: hashed files, loaded when somebody takes one. */

const urls = import.meta.glob<string>("./samples/*.webp", { query: "?url", import: "default", eager: true });

export interface Sample {
  id: string;
  name: string;
  url: string;
}

const all: Sample[] = Object.entries(urls).map(([path, url]) => {
  const id = path.replace(/^.*\/|\.webp$/g, "");
  return { id, name: id.replaceAll("-", " "), url };
});

export const PERSON_SAMPLE = all.find((sample) => sample.id === "person");
export const GARMENT_SAMPLES = all.filter((sample) => sample.id !== "person");

export async function blobOf(sample: Sample): Promise<Blob> {
  const answer = await fetch(sample.url);
  if (!answer.ok) throw new Error(`the sample answered ${answer.status}`);
  return answer.blob();
}
