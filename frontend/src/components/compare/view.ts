/* Where a zoomed picture stands: a scale, and an offset in shares of the frame. Pure. */

export interface View {
  scale: number;
  x: number;
  y: number;
}

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
const MOST = 8;

/** Return the view after zooming about a point of the frame (0..1 each way): what is under the point stays there. */
export function zoomed(view: View, factor: number, at = { x: 0.5, y: 0.5 }): View {
  const scale = Math.min(MOST, Math.max(1, view.scale * factor));
  const grown = scale / view.scale;
  return held({ scale, x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown });
}

/** Return the view after a drag, in shares of the frame. */
export function moved(view: View, dx: number, dy: number): View {
  return held({ ...view, x: view.x + dx, y: view.y + dy });
}

/** Return the view whose picture leaves no gap at the frame's edge. */
function held(view: View): View {
  const least = 1 - view.scale;
  const within = (value: number) => Math.min(0, Math.max(least, value)) || 0;
  return { ...view, x: within(view.x), y: within(view.y) };
}

export function transformOf(view: View): string {
  return `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.scale})`;
}
