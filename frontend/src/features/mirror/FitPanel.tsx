/* The fit without dragging: a slider for each direction and one for the size. */
import { useStrings } from "../../strings/index.ts";
import { AS_MEASURED, bounded, type Fit, MOST_SHIFT, SCALES } from "./fit.ts";

export function FitPanel({ fit, onFit, disabled }: { fit: Fit; onFit: (fit: Fit) => void; disabled: boolean }) {
  const { mirror } = useStrings();
  const sliders = [
    { name: mirror.size, key: "scale", min: SCALES.least, max: SCALES.most, text: `${Math.round(100 * fit.scale)} %` },
    { name: mirror.sideways, key: "x", min: -MOST_SHIFT, max: MOST_SHIFT, text: `${Math.round(100 * fit.x)} %` },
    { name: mirror.height, key: "y", min: -MOST_SHIFT, max: MOST_SHIFT, text: `${Math.round(-100 * fit.y)} %` },
  ] as const;
  return (
    <section className="card mirror-panel" aria-labelledby="mirror-fit">
      <div className="mirror-row">
        <h2 id="mirror-fit">{mirror.fit}</h2>
        <button type="button" className="button quiet small" disabled={disabled} onClick={() => onFit(AS_MEASURED)}>
          {mirror.reset}
        </button>
      </div>
      <p className="small soft">{mirror.fitHint}</p>
      {sliders.map(({ name, key, min, max, text }) => (
        <label key={key} className="mirror-slider">
          <span>{name}</span>
          <input
            type="range"
            min={min}
            max={max}
            step={0.01}
            value={key === "y" ? -fit.y : fit[key]}
            aria-valuetext={text}
            disabled={disabled}
            onChange={(event) => onFit(bounded({ ...fit, [key]: event.target.valueAsNumber * (key === "y" ? -1 : 1) }))}
          />
          <span className="small soft">{text}</span>
        </label>
      ))}
    </section>
  );
}
