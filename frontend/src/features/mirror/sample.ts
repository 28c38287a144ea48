/* For tests: outlines of garments, as alpha. */
import type { Alpha } from "./anatomy.ts";

const WIDTH = 120;
const HEIGHT = 150;

function drawn(inside: (x: number, y: number) => boolean): Alpha {
  const data = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) data[y * WIDTH + x] = inside((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT) ? 255 : 0;
  }
  return { data, width: WIDTH, height: HEIGHT };
}

const trunk = (x: number, y: number) => x > 0.25 && x < 0.75 && y > 0.02;
/** A band from the shoulder outward and down, `reach` in widths. */
const sleeves = (x: number, y: number, reach: number, slope: number, thick: number) => {
  const outward = Math.max(0.25 - x, x - 0.75);
  return outward >= 0 && outward < reach && y > 0.03 + outward * slope && y < 0.03 + thick + outward * slope;
};

export const tShirt = (): Alpha => drawn((x, y) => trunk(x, y) || sleeves(x, y, 0.24, 0.7, 0.22));
export const longSleeved = (): Alpha => drawn((x, y) => trunk(x, y) || sleeves(x, y, 0.22, 2.6, 0.28));
/** A wide one, whose sleeves are little longer than its trunk is wide. */
export const jumper = (): Alpha =>
  drawn((x, y) => {
    const outward = Math.abs(x - 0.5) - 0.29;
    return y > 0.02 && (outward < 0 || (outward < 0.2 && y > 0.03 + outward * 1.8 && y < 0.25 + outward * 1.8));
  });
export const tank = (): Alpha => drawn((x, y) => x > 0.06 && x < 0.94 && y > 0.25 || (Math.abs(x - 0.5) > 0.2 && Math.abs(x - 0.5) < 0.36 && y <= 0.25));
export const dress = (): Alpha => drawn((x, y) => Math.abs(x - 0.5) < (y < 0.4 ? 0.24 : 0.24 + (y - 0.4) * 0.4));
export const trousers = (): Alpha => drawn((x, y) => x > 0.2 && x < 0.8 && (y < 0.3 || Math.abs(x - 0.5) > 0.05));
