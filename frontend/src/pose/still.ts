/*
 * The pose in one picture that stands still: the Mirror's worker and model, for one look, then ended.
 *
 * Whoever asks loads the model on demand; a device without WebAssembly, a failure and an answer that takes too long are no poses
 * known, since nothing may wait for them.
 */
import { FRAME_WIDTH, type PoseWorker, startWorker } from "./engine.ts";
import { POSE_LENGTH } from "./landmarks.ts";
import { type FromWorker, MOST_PEOPLE } from "./messages.ts";
import { type PoseAdvice, stillAdvice } from "./quality.ts";

const PATIENCE_MS = 30_000;
/** Twice the camera's: a person may be small in a photo. */
const LOOK_WIDTH = 2 * FRAME_WIDTH;

/** Return what a person should know of the people in a picture; nothing where nobody can tell. */
export async function lookAt(picture: Blob, signal: AbortSignal, begin: () => PoseWorker = startWorker): Promise<PoseAdvice[]> {
  const bitmap = await createImageBitmap(picture, { resizeWidth: LOOK_WIDTH, resizeQuality: "medium" });
  const aspect = bitmap.width / bitmap.height;
  const worker = begin();
  return new Promise((resolve) => {
    const end = (advice: PoseAdvice[]) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(advice);
    };
    const timer = setTimeout(() => end([]), PATIENCE_MS);
    signal.addEventListener("abort", () => end([]), { once: true });
    if (signal.aborted) end([]);
    worker.addEventListener("error", () => end([]));
    worker.addEventListener("message", (event) => {
      const message = (event as MessageEvent<FromWorker>).data;
      if (message.kind === "failed") end([]);
      else if (message.kind === "poses") end(stillAdvice(message.buffer, message.count, aspect));
      else {
        const buffer = new Float32Array(MOST_PEOPLE * POSE_LENGTH);
        worker.postMessage({ kind: "frame", frame: bitmap, takenMs: 0, buffer }, [bitmap, buffer.buffer]);
      }
    });
  });
}
