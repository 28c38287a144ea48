import { expect, test } from "vitest";
import { type Frame, framesOf } from "../../../clients/typescript/src/frames.ts";

const TEXT = 'event: job\nid: 7\ndata: {"seq":7,\ndata: "who":"ü"}\n\n: a comment\n\nevent: progress\ndata: {}\n\ndata: cut off';
const FRAMES: Frame[] = [
  { id: "7", event: "job", data: '{"seq":7,\n"who":"ü"}' },
  { id: "", event: "progress", data: "{}" },
];

async function read(pieces: Uint8Array[]): Promise<Frame[]> {
  const found = [];
  for await (const frame of framesOf(new ReadableStream({ pull: (to) => (pieces.length ? to.enqueue(pieces.shift() as Uint8Array) : to.close()) })))
    found.push(frame);
  return found;
}

function cut(bytes: Uint8Array, every: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / every) }, (_, n) => bytes.slice(n * every, (n + 1) * every));
}

test.each([1, 2, 3, 5, 7, 1000])("frames are the same in pieces of %i bytes", async (every) => {
  for (const end of ["\n", "\r\n", "\r"]) {
    expect(await read(cut(new TextEncoder().encode(TEXT.replaceAll("\n", end)), every)), JSON.stringify(end)).toEqual(FRAMES);
  }
});
