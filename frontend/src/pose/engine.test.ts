import { expect, test } from "vitest";
import { PoseEngine, type Poses, type PoseWorker } from "./engine.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** A worker that answers when the test lets it. */
class HandWorker {
  readonly received: ToWorker[] = [];
  terminated = false;
  private readonly listeners = new Map<string, (event: unknown) => void>();

  postMessage(message: ToWorker): void {
    this.received.push(message);
  }
  terminate(): void {
    this.terminated = true;
  }
  addEventListener(name: string, listener: (event: unknown) => void): void {
    this.listeners.set(name, listener);
  }
  say(message: FromWorker): void {
    this.listeners.get("message")?.({ data: message });
  }
}

const video = { readyState: 4, videoWidth: 640, videoHeight: 480 } as HTMLVideoElement;

function started() {
  const worker = new HandWorker();
  const heard: Poses[] = [];
  const frames: { width: number; height: number; closed: boolean }[] = [];
  const takeFrame = async (_: HTMLVideoElement, width: number, height: number) => {
    const frame = { width, height, closed: false, close: () => (frame.closed = true) };
    frames.push(frame);
    return frame as unknown as ImageBitmap;
  };
  const engine = new PoseEngine(
    { onReady: () => undefined, onPoses: (poses) => heard.push(poses), onFailed: () => undefined },
    { worker: worker as unknown as PoseWorker, takeFrame },
  );
  return { worker, heard, frames, engine };
}
const answered = async (worker: HandWorker) => {
  await Promise.resolve();
  const last = worker.received.at(-1) as ToWorker;
  worker.say({ kind: "poses", count: 1, takenMs: last.takenMs, tookMs: 5, buffer: last.buffer });
};

test("no frame is taken before the model is ready, and one at a time afterwards", async () => {
  const { worker, engine, heard } = started();
  expect(engine.offer(video, 0, 0)).toBe(false);
  worker.say({ kind: "ready" });
  expect(engine.offer(video, 10, 0)).toBe(true);
  expect(engine.offer(video, 20, 0)).toBe(false);
  await answered(worker);
  expect(heard.length).toBe(1);
  expect(engine.offer(video, 30, 0)).toBe(true);
  await Promise.resolve();
  expect(worker.received.length).toBe(2);
});

test("poses keep their distance in time", async () => {
  const { worker, engine } = started();
  worker.say({ kind: "ready" });
  expect(engine.offer(video, 100, 50)).toBe(true);
  await answered(worker);
  expect(engine.offer(video, 149, 50)).toBe(false);
  expect(engine.offer(video, 150, 50)).toBe(true);
});

test("the small picture has the video's shape", async () => {
  const { worker, engine, frames } = started();
  worker.say({ kind: "ready" });
  engine.offer({ ...video, videoWidth: 720, videoHeight: 1280 } as HTMLVideoElement, 0, 0);
  await Promise.resolve();
  expect(frames[0]).toMatchObject({ width: 320, height: 569 });
});

test("one buffer travels there and back", async () => {
  const { worker, engine } = started();
  worker.say({ kind: "ready" });
  for (let turn = 0; turn < 3; turn++) {
    engine.offer(video, turn * 100, 0);
    await answered(worker);
  }
  expect(new Set(worker.received.map(({ buffer }) => buffer)).size).toBe(1);
});

test("an engine that is stopped ends its worker, drops its frame and says nothing more", async () => {
  const { worker, engine, frames, heard } = started();
  worker.say({ kind: "ready" });
  engine.offer(video, 0, 0);
  engine.stop();
  await Promise.resolve();
  expect(worker.terminated).toBe(true);
  expect(worker.received).toEqual([]);
  expect(frames[0]?.closed).toBe(true);
  worker.say({ kind: "poses", count: 1, takenMs: 0, tookMs: 1, buffer: new Float32Array(1) });
  expect(heard).toEqual([]);
  expect(engine.offer(video, 500, 0)).toBe(false);
});

test("a camera that fails to give a frame does not hold the next one up", async () => {
  const worker = new HandWorker();
  let tries = 0;
  const engine = new PoseEngine(
    { onReady: () => undefined, onPoses: () => undefined, onFailed: () => undefined },
    {
      worker: worker as unknown as PoseWorker,
      takeFrame: async () => {
        tries++;
        throw new DOMException("no frame", "InvalidStateError");
      },
    },
  );
  worker.say({ kind: "ready" });
  engine.offer(video, 0, 0);
  await Promise.resolve();
  await Promise.resolve();
  expect(engine.offer(video, 100, 0)).toBe(true);
  expect(tries).toBe(2);
});
