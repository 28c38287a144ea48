/* From a cut-out's bytes to what the canvas draws: pixels of a bounded size, its neck opened, and its anatomy. */
import { type Anatomy, type Category, readAnatomy } from "./anatomy.ts";
import { open } from "./opening.ts";

/** More pixels than a garment ever covers on a mirror, and every phone's texture limit holds it. */
const MOST_PIXELS = 1024;

export interface Cloth {
  anatomy: Anatomy;
  canvas: HTMLCanvasElement;
}

/** Read a cut-out. Its transparent margin is cut away: the mesh's outer vertices belong on the garment. */
export async function readCloth(picture: Blob, category: Category): Promise<Cloth> {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, MOST_PIXELS / Math.max(bitmap.width, bitmap.height));
  const whole = drawn(bitmap, 0, 0, bitmap.width, bitmap.height, scale);
  const box = boxOf(whole);
  const { canvas, context } = drawn(bitmap, box.left / scale, box.top / scale, box.width / scale, box.height / scale, scale);
  bitmap.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const anatomy = readAnatomy(alphaOf(pixels), category);
  if (category !== "lower" && open(pixels, anatomy.left * canvas.width, anatomy.right * canvas.width)) {
    context.putImageData(pixels, 0, 0);
  }
  return { anatomy, canvas };
}

/** Whether a picture is a cut-out already: some of it is transparent. */
export async function hasAlpha(picture: Blob): Promise<boolean> {
  if (!/png|webp|avif/.test(picture.type)) return false;
  const bitmap = await createImageBitmap(picture, { resizeWidth: 64, resizeHeight: 64 });
  const { context } = drawn(bitmap, 0, 0, 64, 64, 1);
  bitmap.close();
  const { data } = context.getImageData(0, 0, 64, 64);
  let clear = 0;
  for (let at = 3; at < data.length; at += 4) if ((data[at] as number) < 128) clear++;
  return clear > 0.02 * 64 * 64;
}

function drawn(bitmap: ImageBitmap, x: number, y: number, width: number, height: number, scale: number) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(2, Math.round(width * scale));
  canvas.height = Math.max(2, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no 2D canvas");
  context.drawImage(bitmap, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return { canvas, context };
}

function alphaOf({ data, width, height }: ImageData) {
  const alpha = new Uint8ClampedArray(width * height);
  for (let at = 0; at < alpha.length; at++) alpha[at] = data[4 * at + 3] as number;
  return { data: alpha, width, height };
}

function boxOf({ canvas, context }: { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D }) {
  const { data, width, height } = alphaOf(context.getImageData(0, 0, canvas.width, canvas.height));
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((data[y * width + x] as number) < 16) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? { left: 0, top: 0, width, height } : { left, top, width: right - left + 1, height: bottom - top + 1 };
}
