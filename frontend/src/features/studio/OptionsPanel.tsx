/* What a try-on is made with: engine and its licence, quality, how many, seed, format, how long it is kept. */
import { Icon } from "../../components/Icon.tsx";
import { options, type Options, setOptions, slots } from "../../shared/draft.ts";
import { useSignal } from "../../shared/signal.ts";
import { useStrings } from "../../strings/index.ts";
import { useAllEngines } from "./engines.ts";
import { LicenceChip } from "./LicenceChip.tsx";
import { wearable } from "./wearable.ts";

const QUALITIES = ["fast", "balanced", "best", "approximate"] as const;
const HOUR = 3_600;

export function OptionsPanel() {
  const { studio } = useStrings();
  const chosen = useSignal(options);
  const engines = useAllEngines();
  const cut = useSignal(slots.garment).cut;
  const category = (cut?.wanted === "auto" ? cut.category : cut?.wanted) ?? null;
  const engine = engines.find((one) => (chosen.engine ? one.engine === chosen.engine : one.default));
  // Only where the engine has something to leave out is it a choice; one already chosen stays visible.
  const qualities = QUALITIES.filter((one) => one !== "approximate" || one === chosen.quality || engine?.shortcuts?.length);
  return (
    <details className="options card">
      <summary>
        <span>{studio.options}</span>
        <span className="soft small">
          {[engine?.engine, studio.qualities[chosen.quality], chosen.samples > 1 ? studio.samplesOf(chosen.samples) : "", chosen.seed === null ? "" : studio.seedIs(chosen.seed)]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <Icon name="chevron" />
      </summary>
      <div className="options-body">
        <label className="field wide">
          <span>{studio.engine}</span>
          <select value={chosen.engine ?? ""} onChange={(event) => setOptions({ engine: event.target.value || null })}>
            <option value="">{studio.engineDefault}</option>
            {engines.map((one) => (
              <option key={one.engine} value={one.engine} disabled={!one.allowed || (category !== null && !wearable(category, [one]))}>
                {one.engine}
                {one.state === "absent" ? ` (${studio.engineAbsent})` : ""}
              </option>
            ))}
          </select>
        </label>
        {engine && (
          <details className="licence wide">
            <summary>
              <LicenceChip model={engine} />
              <span className="small soft">{studio.licenceMore}</span>
            </summary>
            <p className="small">{engine.description}</p>
            <ul className="small soft">
              <li>{studio.putsOn(engine.categories.map((one) => studio.categories[one] ?? one).join(", "))}</li>
              <li>{engine.code_licence}</li>
              <li>{engine.weights_licence}</li>
              <li>{engine.training_data_note}</li>
            </ul>
          </details>
        )}
        <fieldset className="field wide">
          <legend>{studio.quality}</legend>
          <div className="segments">
            {qualities.map((one) => (
              <button key={one} type="button" aria-pressed={chosen.quality === one} onClick={() => setOptions({ quality: one })}>
                {studio.qualities[one]}
              </button>
            ))}
          </div>
          {chosen.quality === "approximate" && <p className="small soft">{studio.approximateMeans}</p>}
        </fieldset>
        <fieldset className="field">
          <legend>{studio.samples}</legend>
          <div className="segments">
            {[1, 2, 3, 4].map((n) => (
              <button key={n} type="button" aria-pressed={chosen.samples === n} onClick={() => setOptions({ samples: n })}>
                {n}
              </button>
            ))}
          </div>
        </fieldset>
        <label className="field">
          <span>{studio.seed}</span>
          <input
            type="number"
            min={0}
            max={2_147_483_647}
            inputMode="numeric"
            placeholder={studio.seedRandom}
            value={chosen.seed ?? ""}
            onChange={(event) => setOptions({ seed: event.target.value === "" ? null : Math.max(0, Math.trunc(Number(event.target.value))) })}
          />
        </label>
        <label className="field">
          <span>{studio.format}</span>
          <select value={chosen.format ?? ""} onChange={(event) => setOptions({ format: (event.target.value || null) as Options["format"] })}>
            <option value="">{studio.formatDefault}</option>
            <option value="webp">WebP</option>
            <option value="png">PNG</option>
            <option value="jpeg">JPEG</option>
          </select>
        </label>
        <label className="field">
          <span>{studio.expires}</span>
          <select value={chosen.expiresIn ?? ""} onChange={(event) => setOptions({ expiresIn: event.target.value ? Number(event.target.value) : null })}>
            <option value="">{studio.expiresNever}</option>
            <option value={HOUR}>{studio.hours(1)}</option>
            <option value={24 * HOUR}>{studio.days(1)}</option>
            <option value={7 * 24 * HOUR}>{studio.days(7)}</option>
          </select>
        </label>
      </div>
    </details>
  );
}
