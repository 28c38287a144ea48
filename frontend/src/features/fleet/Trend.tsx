/* One of the small charts that share an hour: a title, the newest value, a line or bars, and what the top means. */
import { useStrings } from "../../strings/index.ts";
import { ceiling, latest, pathOf } from "./figures.ts";

export interface Series {
  name: string;
  values: readonly (number | null)[];
  tone: "first" | "second" | "bad";
  bars?: boolean;
}

/** Draw series of one unit over the same minutes; the first one's newest value is the chart's. */
export function Trend(of: {
  title: string;
  unit: string;
  format: (value: number) => string;
  series: readonly Series[];
  /** The values count what happens in a minute, so the running one is too small to be shown as the newest. */
  counts?: boolean;
  minutes: number;
}) {
  const { fleet } = useStrings();
  const most = ceiling(of.series.flatMap((one) => one.values));
  const shown = of.series.map((one) => {
    const value = latest(one.values, { whole: of.counts ?? false });
    return { ...one, now: value === null ? "–" : of.format(value) };
  });
  const known = of.series.some((one) => one.values.some((value) => value !== null));
  const told = shown.map((one) => `${one.name}: ${one.now}`).join(", ");
  return (
    <figure className="trend">
      <figcaption>
        <h3>{of.title}</h3>
        <span className="soft small">{of.unit}</span>
      </figcaption>
      <ul className="legend small">
        {shown.map((one) => (
          <li key={one.name} className={one.tone}>
            <span className="swatch" aria-hidden="true" />
            {one.name} <strong>{one.now}</strong>
          </li>
        ))}
      </ul>
      <div className="plot">
        <span className="top soft">{of.format(most)}</span>
        {known ? (
          <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={fleet.chart(of.title, told, of.minutes)}>
            {of.series.map((one) => (
              <g key={one.name} className={one.tone}>
                {one.bars ? <Bars values={one.values} most={most} /> : <path d={pathOf(one.values, most)} />}
              </g>
            ))}
          </svg>
        ) : (
          <p className="soft small nothing">{fleet.nothingSeen}</p>
        )}
      </div>
      <p className="axis soft" aria-hidden="true">
        <span>{fleet.minutesAgo(of.minutes)}</span>
        <span>{fleet.now}</span>
      </p>
    </figure>
  );
}

function Bars({ values, most }: { values: readonly (number | null)[]; most: number }) {
  const width = 100 / values.length;
  return values.map((value, index) => {
    const height = (100 * Math.min(value ?? 0, most)) / most;
    return <rect key={`${index}:${values.length}`} x={index * width + width * 0.1} width={width * 0.8} y={100 - height} height={height} />;
  });
}
