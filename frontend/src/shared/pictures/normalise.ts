/*
 * A person's file -> the picture that is sent: decoded, upright, at most 2048 pixels, without EXIF and so without a place.
 *
 * The browser decodes whatever it can, HEIC among it on Apple's devices. A garment with a transparent ground keeps it.
 */
import { type Advice, adviceFor, fitted, type Size } from "./sizes.ts";

export interface Picture extends Size {
  blob: Blob;
  advice: Advice[];
}

/** The file is no picture that this browser can read. */
export class Unreadable extends Error {
  readonly isHeic: boolean;
  constructor(isHeic: boolean) {
    super("not readable");
    this.isHeic = isHeic;
  }
}

const QUALITY = 0.92;
const LOOK_PIXELS = 96;
const THUMB_PIXELS = 360;

/** Return the picture to send. @throws {Unreadable} */
export async function normalise(file: Blob): Promise<Picture> {
  const bitmap = await decoded(file);
  try {
    const size = fitted(bitmap);
    const look = drawn(bitmap, fitted(bitmap, LOOK_PIXELS));
    const pixels = contextOf(look).getImageData(0, 0, look.width, look.height).data;
    const blob = await encoded(drawn(bitmap, size), QUALITY, isSeeThrough(pixels));
    return { blob, ...size, advice: adviceFor(pixels, bitmap) };
  } finally {
    bitmap.close();
  }
}

/** Return a small copy of a picture, for lists. */
export async function thumbnail(picture: Blob, longest = THUMB_PIXELS): Promise<Blob> {
  const bitmap = await decoded(picture);
  try {
    return await encoded(drawn(bitmap, fitted(bitmap, longest)), 0.8, true);
  } finally {
    bitmap.close();
  }
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    // Some browsers decode more in an <img> than they make bitmaps of.
    const url = URL.createObjectURL(file);
    try {
      const image = new Image();
      image.src = url;
      await image.decode();
      return await createImageBitmap(image);
    } catch {
      const name = file instanceof File ? file.name : "";
      throw new Unreadable(/hei[cf]/i.test(file.type) || /\.hei[cf]$/i.test(name));
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

function drawn(bitmap: ImageBitmap, size: Size): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = contextOf(canvas);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, size.width, size.height);
  return canvas;
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser has no canvas");
  return context;
}

function isSeeThrough(pixels: Uint8ClampedArray): boolean {
  for (let at = 3; at < pixels.length; at += 4) if ((pixels[at] ?? 255) < 250) return true;
  return false;
}

/** WebP where the browser writes it, else PNG for what is see-through and JPEG for the rest. */
async function encoded(canvas: HTMLCanvasElement, quality: number, seeThrough: boolean): Promise<Blob> {
  const made = (type: string) => new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
  const webp = await made("image/webp");
  if (webp?.type === "image/webp") return webp;
  const other = await made(seeThrough ? "image/png" : "image/jpeg");
  if (!other) throw new Error("this browser cannot write pictures");
  return other;
}
