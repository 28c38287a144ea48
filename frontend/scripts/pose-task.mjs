/*
 * Makes the pose model that the pages load, from the weights in the npm package @mediapipe/pose (Apache-2.0).
 *
 * MediaPipe's runtime wants a `.task` file: a stored zip of a detector and a landmark model, each with metadata that says how
 * pixels become the network's input. The package has the bare networks. This module writes the metadata in front of them:
 * a TFLite file is a FlatBuffer, whose references only point forward and are relative, so a new root table before the old bytes
 * may refer to everything in them.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";

/** The networks by their name in the task: file, checksum, and how a pixel of 0..255 becomes (pixel - mean) / std. */
const NETWORKS = [
  {
    name: "pose_detector.tflite",
    file: "pose_solution_packed_assets.data",
    sha256: "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85",
    mean: 127.5,
    std: 127.5,
  },
  {
    name: "pose_landmarks_detector.tflite",
    file: "pose_landmark_lite.tflite",
    sha256: "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    mean: 0,
    std: 255,
  },
];

/** Fields of TFLite's `Model`; all but the version are references. The eighth and last are signatures. */
const MODEL = { fields: 8, version: 0, buffers: 4, metadata: 6 };
/** TFLite wants tensors' data on multiples of 16 bytes; what is put before the old file must not shift that. */
const ALIGNMENT = 16;

/** Write the task to `path` from the package in `modules`; the same input gives the same bytes. */
export async function makePoseTask(modules, path) {
  const folder = join(modules, "@mediapipe", "pose");
  const entries = await Promise.all(
    NETWORKS.map(async ({ name, file, sha256, mean, std }) => {
      const bytes = await readFile(join(folder, file));
      const found = createHash("sha256").update(bytes).digest("hex");
      if (found !== sha256) throw new Error(`${file} is not the file we know: sha256 ${found}, expected ${sha256}`);
      return [name, withMetadata(bytes, normalization(mean, std))];
    }),
  );
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, storedZip(entries));
  await rename(draft, path);
}

/** A FlatBuffer that is written front to back: parents before their children. */
class FlatBuffer {
  bytes = Buffer.alloc(256);
  end = 0;

  /** Make room for `size` bytes on a multiple of `alignment`; return where it begins. */
  room(size, alignment = 4) {
    const at = Math.ceil(this.end / alignment) * alignment;
    this.end = at + size;
    while (this.bytes.length < this.end) this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
    return at;
  }

  /** Let the reference at `from` point to `to`. */
  point(from, to) {
    this.bytes.writeUInt32LE(to - from, from);
  }

  /** Write a table of `count` fields of which `present` exist, four bytes each; return its place and theirs. */
  table(count, present) {
    const head = this.room(4 + 2 * count);
    const at = this.room(4 + 4 * present.length);
    this.bytes.writeUInt16LE(4 + 2 * count, head);
    this.bytes.writeUInt16LE(4 + 4 * present.length, head + 2);
    present.forEach((field, i) => this.bytes.writeUInt16LE(4 + 4 * i, head + 4 + 2 * field));
    this.bytes.writeInt32LE(at - head, at);
    return { at, field: (field) => at + 4 + 4 * present.indexOf(field) };
  }

  /** Write a vector of `count` references; return the place of its length. */
  vector(count) {
    const at = this.room(4 + 4 * count);
    this.bytes.writeUInt32LE(count, at);
    return at;
  }

  /** Write a vector of bytes that begin on a multiple of 16. */
  data(bytes) {
    const at = this.room(ALIGNMENT + bytes.length, ALIGNMENT) + ALIGNMENT - 4;
    this.bytes.writeUInt32LE(bytes.length, at);
    bytes.copy(this.bytes, at + 4);
    return at;
  }

  text(words) {
    const at = this.room(4 + words.length + 1);
    this.bytes.writeUInt32LE(words.length, at);
    this.bytes.write(words, at + 4, "latin1");
    return at;
  }

  floats(numbers) {
    const at = this.room(4 + 4 * numbers.length);
    this.bytes.writeUInt32LE(numbers.length, at);
    numbers.forEach((number, i) => this.bytes.writeFloatLE(number, at + 4 + 4 * i));
    return at;
  }

  /** Begin a file: the reference to the root, and the format's four letters. */
  begin(letters) {
    this.room(8);
    this.bytes.write(letters, 4, "latin1");
  }

  whole() {
    return this.bytes.subarray(0, this.end);
  }
}

/** Return `ModelMetadata` that holds one thing: the normalization of the one input. */
function normalization(mean, std) {
  const file = new FlatBuffer();
  file.begin("M001");
  const only = (table, field) => {
    const list = file.vector(1);
    file.point(table.field(field), list);
    return list + 4;
  };
  const model = file.table(4, [3]);
  file.point(0, model.at);
  let place = only(model, 3); // subgraph_metadata
  const subgraph = file.table(3, [2]);
  file.point(place, subgraph.at);
  place = only(subgraph, 2); // input_tensor_metadata
  const tensor = file.table(5, [4]);
  file.point(place, tensor.at);
  place = only(tensor, 4); // process_units
  const unit = file.table(2, [0, 1]);
  file.point(place, unit.at);
  file.bytes.writeUInt8(1, unit.field(0)); // The union's member 1: NormalizationOptions.
  const options = file.table(2, [0, 1]);
  file.point(unit.field(1), options.at);
  file.point(options.field(0), file.floats([mean]));
  file.point(options.field(1), file.floats([std]));
  return file.whole();
}

/** Return a TFLite file with one more buffer, which its list of metadata names. */
export function withMetadata(model, metadata) {
  if (model.toString("latin1", 4, 8) !== "TFL3") throw new Error("this is no TFLite file");
  const old = { root: model.readUInt32LE(0) };
  const head = old.root - model.readInt32LE(old.root);
  const headSize = model.readUInt16LE(head);
  const placeOf = (field) => {
    const offset = 4 + 2 * field < headSize ? model.readUInt16LE(head + 4 + 2 * field) : 0;
    return offset ? old.root + offset : null;
  };
  const target = (place) => place + model.readUInt32LE(place);
  const list = (field) => {
    const at = placeOf(field) === null ? null : target(placeOf(field));
    const count = at === null ? 0 : model.readUInt32LE(at);
    return Array.from({ length: count }, (_, i) => target(at + 4 + 4 * i));
  };
  const buffers = list(MODEL.buffers);
  const entries = list(MODEL.metadata);
  const kept = Array.from({ length: MODEL.fields }, (_, field) => field).filter((field) => placeOf(field) !== null);
  const fields = kept.includes(MODEL.metadata) ? kept : [...kept, MODEL.metadata];

  const front = new FlatBuffer();
  front.begin("TFL3");
  const root = front.table(MODEL.fields, fields);
  front.point(0, root.at);
  front.bytes.writeUInt32LE(model.readUInt32LE(placeOf(MODEL.version)), root.field(MODEL.version));
  const newBuffers = front.vector(buffers.length + 1);
  front.point(root.field(MODEL.buffers), newBuffers);
  const newEntries = front.vector(entries.length + 1);
  front.point(root.field(MODEL.metadata), newEntries);
  const entry = front.table(2, [0, 1]);
  front.point(newEntries + 4 + 4 * entries.length, entry.at);
  front.point(entry.field(0), front.text("TFLITE_METADATA"));
  front.bytes.writeUInt32LE(buffers.length, entry.field(1));
  const added = front.table(1, [0]);
  front.point(newBuffers + 4 + 4 * buffers.length, added.at);
  front.point(added.field(0), front.data(metadata));
  front.room(0, ALIGNMENT);
  const shift = front.end;

  for (const field of kept) {
    if (![MODEL.version, MODEL.buffers, MODEL.metadata].includes(field)) front.point(root.field(field), shift + target(placeOf(field)));
  }
  for (const [i, at] of buffers.entries()) front.point(newBuffers + 4 + 4 * i, shift + at);
  for (const [i, at] of entries.entries()) front.point(newEntries + 4 + 4 * i, shift + at);
  return Buffer.concat([front.whole(), model]);
}

/** Return a zip that stores its entries uncompressed, all of the same date. */
function storedZip(entries) {
  const DATE = 0x0021; // 1 January 1980, the format's first day.
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [name, bytes] of entries) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(10, 0);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from("PK\x03\x04", "latin1"), common, Buffer.from(name, "latin1"), bytes);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x0a\x00", "latin1"), common, rest, Buffer.from(name, "latin1"));
    at += 30 + name.length + bytes.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}
