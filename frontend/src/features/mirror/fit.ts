/* How a person moved and sized the garment: by dragging, pinching, keys or sliders. Pure. */

export interface Fit {
  /** To the right and down, in shoulder widths. */
  x: number;
  y: number;
  scale: number;
}

export const AS_MEASURED: Fit = { x: 0, y: 0, scale: 1 };
export const MOST_SHIFT = 1;
export const SCALES = { least: 0.6, most: 1.7 } as const;
const KEY_SHIFT = 0.03;
const KEY_SCALE = 1.03;

const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** Return a fit inside its bounds. */
export function bounded(fit: Fit): Fit {
  return {
    x: within(fit.x, -MOST_SHIFT, MOST_SHIFT),
    y: within(fit.y, -MOST_SHIFT, MOST_SHIFT),
    scale: within(fit.scale, SCALES.least, SCALES.most),
  };
}

export function moved(fit: Fit, x: number, y: number): Fit {
  return bounded({ ...fit, x: fit.x + x, y: fit.y + y });
}

export function scaled(fit: Fit, factor: number): Fit {
  return bounded({ ...fit, scale: fit.scale * factor });
}

/** Return the fit after a key, or null where the key means nothing here. */
export function afterKey(fit: Fit, key: string): Fit | null {
  switch (key) {
    case "ArrowLeft":
      return moved(fit, -KEY_SHIFT, 0);
    case "ArrowRight":
      return moved(fit, KEY_SHIFT, 0);
    case "ArrowUp":
      return moved(fit, 0, -KEY_SHIFT);
    case "ArrowDown":
      return moved(fit, 0, KEY_SHIFT);
    case "+":
    case "=":
      return scaled(fit, KEY_SCALE);
    case "-":
      return scaled(fit, 1 / KEY_SCALE);
    case "0":
      return AS_MEASURED;
    default:
      return null;
  }
}

/** A finger or the mouse, in pixels of the stage. */
export interface Touch {
  id: number;
  x: number;
  y: number;
}

/**
 * Return the fit after one of at most two touches moved.
 *
 * @param before The touches before the move, `after` the same touches after it.
 * @param unit The shoulder width, in the same pixels.
 */
export function afterTouches(fit: Fit, before: readonly Touch[], after: readonly Touch[], unit: number): Fit {
  if (before.length === 0 || before.length !== after.length || unit <= 0) return fit;
  const shifted = moved(fit, (mean(after, "x") - mean(before, "x")) / unit, (mean(after, "y") - mean(before, "y")) / unit);
  if (before.length < 2) return shifted;
  const apart = spread(before);
  return apart > 0 ? scaled(shifted, spread(after) / apart) : shifted;
}

function mean(touches: readonly Touch[], axis: "x" | "y"): number {
  return touches.reduce((sum, touch) => sum + touch[axis], 0) / touches.length;
}

function spread(touches: readonly Touch[]): number {
  const [first, second] = touches;
  return first && second ? Math.hypot(first.x - second.x, first.y - second.y) : 0;
}
