import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { makePoseTask, withMetadata } from "../../scripts/pose-task.mjs";

const MODULES = resolve(import.meta.dirname, "../../node_modules");
/** MediaPipe's runtime and LiteRT took this file, and its networks gave the bare networks' very numbers. */
const SHA256 = "dd0956cbeef6b70d7dd9b4ab2d74fe0576b06e4214ff039e3b1210957281e1b3";

test("the pose model is the same bytes at every build", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pose-"));
  try {
    await makePoseTask(MODULES, join(folder, "pose.task"));
    const bytes = await readFile(join(folder, "pose.task"));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(SHA256);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a network keeps its bytes, and has one buffer and one name more", async () => {
  const bare = await readFile(join(MODULES, "@mediapipe/pose/pose_landmark_lite.tflite"));
  const made = withMetadata(bare, Buffer.from("what a pixel means"));
  expect(made.subarray(made.length - bare.length).equals(bare)).toBe(true);
  expect((made.length - bare.length) % 16).toBe(0);
  const [before, after] = [listed(bare, 4), listed(made, 4)];
  expect(after.length).toBe(before.length + 1);
  // The old buffers are the old ones: all that moved is where the file begins.
  expect(after.slice(0, -1)).toEqual(before.map((place) => place + made.length - bare.length));
  const added = after.at(-1) as number;
  const data = target(made, field(made, added, 0) as number);
  expect(made.toString("latin1", data + 4, data + 4 + made.readUInt32LE(data))).toBe("what a pixel means");
  expect((data + 4) % 16).toBe(0);
  const entry = listed(made, 6).at(-1) as number;
  const name = target(made, field(made, entry, 0) as number);
  expect(made.toString("latin1", name + 4, name + 4 + made.readUInt32LE(name))).toBe("TFLITE_METADATA");
  expect(made.readUInt32LE(field(made, entry, 1) as number)).toBe(before.length);
});

test("what is no TFLite file is refused", () => {
  expect(() => withMetadata(Buffer.alloc(64), Buffer.alloc(4))).toThrow("no TFLite file");
});

/** The place of a table's field, as the format says. */
function field(file: Buffer, table: number, index: number): number | null {
  const head = table - file.readInt32LE(table);
  const offset = 4 + 2 * index < file.readUInt16LE(head) ? file.readUInt16LE(head + 4 + 2 * index) : 0;
  return offset ? table + offset : null;
}

function target(file: Buffer, place: number): number {
  return place + file.readUInt32LE(place);
}

/** The tables in a vector of the root. */
function listed(file: Buffer, index: number): number[] {
  const vector = target(file, field(file, file.readUInt32LE(0), index) as number);
  return Array.from({ length: file.readUInt32LE(vector) }, (_, i) => target(file, vector + 4 + 4 * i));
}
