/* Icons: strokes on a 24 x 24 grid, in the colour of the text beside them. They are never the only name of a thing. */

const PATHS = {
  brand: "M9 3.5 4 6l1.6 4.5L8 9.8V20h8V9.8l2.4.7L20 6l-5-2.5a3 3 0 0 1-6 0M8 15c1.3-1.3 2.7-1.3 4 0s2.7 1.3 4 0",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  dark: "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z",
  camera: "M4 7.5h3.2L9 5h6l1.8 2.5H20v11H4zM12 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7",
  add: "M12 5v14M5 12h14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
