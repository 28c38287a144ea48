/*
 * The page's hand on the pose worker: frames out, one at a time, and poses back.
 *
 * A frame is taken only when the last one has come back: work never queues up, and a slow device gets fewer poses, not older
 * ones. `stop` ends the worker; an engine that was stopped says nothing more.
 */
import { POSE_LENGTH } from "./landmarks.ts";
import { type FromWorker, MOST_PEOPLE, type ToWorker } from "./messages.ts";

/** The network sees 256 x 256 pixels of a person; a picture this wide is sharp enough and small to hand over. */
export const FRAME_WIDTH = 320;

export interface Poses {
  /** Valid until the callback returns: the buffer goes back to the worker. */
  poses: Float32Array;
  count: number;
  takenMs: number;
  tookMs: number;
}

export interface Listener {
  onReady(): void;
  onPoses(found: Poses): void;
  onFailed(message: string): void;
}

/** What an engine needs of a worker; tests pass their own. */
export type PoseWorker = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;
type Take = (video: HTMLVideoElement, width: number, height: number) => Promise<ImageBitmap>;

const take: Take = (video, resizeWidth, resizeHeight) => createImageBitmap(video, { resizeWidth, resizeHeight, resizeQuality: "low" });
/** Start the pose worker. */
export const startWorker = (): PoseWorker => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "pose" });

export class PoseEngine {
  private readonly worker: PoseWorker;
  private readonly listener: Listener;
  private readonly take: Take;
  private buffer = new Float32Array(MOST_PEOPLE * POSE_LENGTH);
  private ready = false;
  private inFlight = false;
  private stopped = false;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(listener: Listener, { worker = startWorker(), takeFrame = take }: { worker?: PoseWorker; takeFrame?: Take } = {}) {
    this.listener = listener;
    this.worker = worker;
    this.take = takeFrame;
    worker.addEventListener("message", (event) => this.receive((event as MessageEvent<FromWorker>).data));
    worker.addEventListener("error", (event) => this.fail((event as ErrorEvent).message));
  }

  /** Send the video's frame if the worker is free and the last one is at least `intervalMs` old; return whether it is sent. */
  offer(video: HTMLVideoElement, nowMs: number, intervalMs: number): boolean {
    const free = this.ready && !this.inFlight && !this.stopped && nowMs - this.lastMs >= intervalMs;
    if (!free || video.readyState < 2 || video.videoWidth === 0) return false;
    this.inFlight = true;
    this.lastMs = nowMs;
    void this.send(video, nowMs);
    return true;
  }

  /** End the worker and drop what is under way. */
  stop(): void {
    this.stopped = true;
    this.worker.terminate();
  }

  private async send(video: HTMLVideoElement, takenMs: number): Promise<void> {
    try {
      // The aspect of the small picture is the video's, or shoulders would shift.
      const height = Math.round((FRAME_WIDTH * video.videoHeight) / video.videoWidth);
      const frame = await this.take(video, FRAME_WIDTH, height);
      if (this.stopped) {
        frame.close();
        return;
      }
      const message: ToWorker = { kind: "frame", frame, takenMs, buffer: this.buffer };
      this.worker.postMessage(message, [frame, this.buffer.buffer]);
    } catch {
      this.inFlight = false; // A camera that is just being changed has no frame; the next one is soon.
    }
  }

  private receive(message: FromWorker): void {
    if (this.stopped) return;
    if (message.kind === "ready") {
      this.ready = true;
      this.listener.onReady();
    } else if (message.kind === "failed") {
      this.fail(message.message);
    } else {
      this.buffer = message.buffer;
      this.inFlight = false;
      this.listener.onPoses({ poses: message.buffer, count: message.count, takenMs: message.takenMs, tookMs: message.tookMs });
    }
  }

  private fail(message: string): void {
    if (!this.stopped) this.listener.onFailed(message);
  }
}
