/*
 * The pose worker: a small picture in, the landmarks of at most two people out. Module worker, nothing leaves the device.
 *
 * The model runs on the CPU everywhere: it takes 15 to 35 ms a frame there, and MediaPipe's GPU way needs seconds where WebGL is
 * software. Model and WebAssembly come from our own server, by hashed names.
 */
import { PoseLandmarker } from "@mediapipe/tasks-vision";
import wasmLoaderPath from "@mediapipe/tasks-vision/vision_wasm_module_internal.js?url";
import wasmBinaryPath from "@mediapipe/tasks-vision/vision_wasm_module_internal.wasm?url";
import modelAssetPath from "pose.task?url";
import { LANDMARKS, LEFT_HIP, LEFT_SHOULDER, POSE_LENGTH, RIGHT_HIP, RIGHT_SHOULDER, STRIDE } from "./landmarks.ts";
import { type FromWorker, MOST_PEOPLE, type ToWorker } from "./messages.ts";

type Mark = { x: number; y: number; z: number; visibility: number };

const port = self as unknown as { postMessage(message: FromWorker, transfer?: Transferable[]): void };
let landmarker: PoseLandmarker | null = null;

self.addEventListener("message", (event: MessageEvent<ToWorker>) => {
  const { frame, takenMs, buffer } = event.data;
  const begun = performance.now();
  let count = 0;
  try {
    landmarker?.detectForVideo(frame, takenMs, (found) => {
      count = write(buffer, found.landmarks);
    });
  } finally {
    frame.close();
  }
  port.postMessage({ kind: "poses", count, takenMs, tookMs: performance.now() - begun, buffer }, [buffer.buffer]);
});

/** Write the poses, the largest first; return how many there are. */
function write(buffer: Float32Array, people: readonly (readonly Mark[])[]): number {
  const bySize = people.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, MOST_PEOPLE);
  for (const [person, marks] of bySize.entries()) {
    for (let i = 0; i < LANDMARKS; i++) {
      const mark = marks[i] as Mark;
      const at = person * POSE_LENGTH + i * STRIDE;
      buffer[at] = mark.x;
      buffer[at + 1] = mark.y;
      buffer[at + 2] = mark.z;
      buffer[at + 3] = mark.visibility;
    }
  }
  return bySize.length;
}

/** The length of the longer diagonal of the torso: turning sideways does not make a person small. */
function sizeOf(marks: readonly Mark[]): number {
  const apart = (a: number, b: number) => Math.hypot((marks[a]?.x ?? 0) - (marks[b]?.x ?? 0), (marks[a]?.y ?? 0) - (marks[b]?.y ?? 0));
  return Math.max(apart(LEFT_SHOULDER, RIGHT_HIP), apart(RIGHT_SHOULDER, LEFT_HIP));
}

async function start(): Promise<void> {
  try {
    landmarker = await PoseLandmarker.createFromOptions(
      { wasmLoaderPath, wasmBinaryPath },
      {
        baseOptions: { modelAssetPath, delegate: "CPU" },
        runningMode: "VIDEO",
        numPoses: MOST_PEOPLE,
        minPoseDetectionConfidence: 0.5,
        minPosePresenceConfidence: 0.5,
        minTrackingConfidence: 0.5,
      },
    );
    port.postMessage({ kind: "ready" });
  } catch (error) {
    port.postMessage({ kind: "failed", message: String(error) });
  }
}
void start();
