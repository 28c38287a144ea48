/*
 * Snap: the moment when a picture leaves the device.
 *
 * The camera's frame, not mirrored and without the garment, and the garment's cut-out go to Studio's two places; Studio submits
 * them and shows the job. Its first preview is what the Mirror showed at that moment.
 */
import { keep } from "../../shared/db.ts";
import { choose } from "../../shared/draft.ts";
import { submit, submitProblem } from "../../shared/order.ts";
import { cutOutOf, type Garment } from "./garments.ts";

const PHOTO_QUALITY = 0.93;
const PREVIEW_QUALITY = 0.85;
const PREVIEW_PIXELS = 960;

/** Take the picture and start the try-on; return its job's id. `overlay` is valid until the end of this task. */
export async function snap(video: HTMLVideoElement, overlay: HTMLCanvasElement, garment: Garment): Promise<string> {
  const { videoWidth: width, videoHeight: height } = video;
  const [photo, photoContext] = canvasOf(width, height);
  photoContext.drawImage(video, 0, 0);
  const scale = Math.min(1, PREVIEW_PIXELS / Math.max(width, height));
  const [preview, context] = canvasOf(Math.round(width * scale), Math.round(height * scale));
  context.translate(preview.width, 0);
  context.scale(-1, 1);
  context.drawImage(video, 0, 0, preview.width, preview.height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(overlay, 0, 0, preview.width, preview.height);

  const [person, shown, cut] = await Promise.all([
    blobOf(photo, PHOTO_QUALITY),
    blobOf(preview, PREVIEW_QUALITY),
    cutOutOf(garment),
  ]);
  void choose("person", person, "mirror.jpg");
  void choose("garment", cut, garment.name?.replaceAll("-", " ") ?? "garment", garment.category);
  const jobId = await submit();
  if (jobId === null) throw submitProblem.get() ?? new Error("no answer");
  await keep(jobId, { preview: shown });
  return jobId;
}

function canvasOf(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  return [canvas, context];
}

function blobOf(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture could be made"))), "image/jpeg", quality),
  );
}
