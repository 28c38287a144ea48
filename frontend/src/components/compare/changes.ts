/* What a try-on changed: the result, with everything that stayed as it was faded to grey. */

const NOTICED = 14; // Of 255: less than this is the noise of two encodings.
const FADED = 0.25;
const LONGEST = 1024;

/** Fade, in `after`, every pixel that differs from `before` by less than what one notices. Both RGBA of one size. */
export function fadeUnchanged(before: Uint8ClampedArray, after: Uint8ClampedArray): void {
  for (let at = 0; at + 3 < after.length; at += 4) {
    let most = 0;
    for (let channel = 0; channel < 3; channel++) {
      most = Math.max(most, Math.abs((before[at + channel] ?? 0) - (after[at + channel] ?? 0)));
    }
    if (most >= NOTICED) continue;
    const light = 0.2126 * (after[at] ?? 0) + 0.7152 * (after[at + 1] ?? 0) + 0.0722 * (after[at + 2] ?? 0);
    after.fill(255 - FADED * (255 - light), at, at + 3);
  }
}

/** Return the picture of what changed, or null where the two cannot be read. */
export async function changesOf(before: string, after: string): Promise<Blob | null> {
  try {
    const [first, second] = await Promise.all([before, after].map(bitmapOf));
    if (!first || !second) return null;
    const scale = Math.min(1, LONGEST / Math.max(second.width, second.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(second.width * scale);
    canvas.height = Math.round(second.height * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    const pixels = (bitmap: ImageBitmap) => {
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      return context.getImageData(0, 0, canvas.width, canvas.height);
    };
    const [was, is] = [pixels(first), pixels(second)];
    fadeUnchanged(was.data, is.data);
    context.putImageData(is, 0, 0);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.9));
  } catch {
    return null;
  }
}

async function bitmapOf(url: string): Promise<ImageBitmap> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return createImageBitmap(image);
}
