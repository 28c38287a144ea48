/* Icons: strokes on a 24 x 24 grid, in the colour of the text beside them. They are never the only name of a thing. */

const PATHS = {
  brand: "M9 3.5 4 6l1.6 4.5L8 9.8V20h8V9.8l2.4.7L20 6l-5-2.5a3 3 0 0 1-6 0M8 15c1.3-1.3 2.7-1.3 4 0s2.7 1.3 4 0",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  dark: "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z",
  person: "M12 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M5 20c.6-4 3.4-6 7-6s6.4 2 7 6",
  garment: "M9 4 3.5 7 5 11l2.5-.7V20h9v-9.7L19 11l1.5-4L15 4a3 3 0 0 1-6 0z",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 10a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4",
  spark: "M12 3v4M12 17v4M3 12h4M17 12h4M7 7l2 2M15 15l2 2M7 17l2-2M15 9l2-2",
  replace: "M4 12a8 8 0 0 1 13.7-5.6L20 9M20 4v5h-5M20 12a8 8 0 0 1-13.7 5.6L4 15M4 20v-5h5",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warn: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.3v.2",
  chevron: "M7 10l5 5 5-5",
  download: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15",
  share: "M12 15V4M8 7.5 12 3.5l4 4M5 12v8h14v-8",
  code: "M8.5 7 3.5 12l5 5M15.5 7l5 5-5 5",
  more: "M5 8h9v11H5zM9 8V4h10v11h-5",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  slider: "M12 3v18M8.5 9 5.5 12l3 3M15.5 9l3 3-3 3",
  side: "M4 5h7v14H4zM13 5h7v14h-7z",
  blink: "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  after: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  changed: "M4 5h16v14H4zM9 9h6v6H9zM9 5v4M15 5v4M9 15v4M15 15v4",
  keyboard: "M3 7h18v10H3zM7 10.5h.2M11 10.5h.2M15 10.5h.2M8 14h8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
