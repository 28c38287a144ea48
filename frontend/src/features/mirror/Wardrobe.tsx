/* The garments: samples, one's own, and a place to add one. */
import { useRef, useState } from "react";
import { Icon } from "../../components/Icon.tsx";
import { useStrings } from "../../strings/index.ts";
import { type Garment, samples } from "./garments.ts";
import { addGarment, useOwnGarments } from "./wardrobe.ts";

export function Wardrobe({ chosen, onChoose }: { chosen: Garment; onChoose: (garment: Garment) => void }) {
  const { mirror } = useStrings();
  const { own, load } = useOwnGarments();
  const [adding, setAdding] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const file = useRef<HTMLInputElement | null>(null);

  const guarded = async (work: () => Promise<Garment>) => {
    setAdding(true);
    setProblem(null);
    try {
      onChoose(await work());
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setAdding(false);
    }
  };
  return (
    <section className="card mirror-panel" aria-labelledby="mirror-garments">
      <h2 id="mirror-garments">{mirror.garments}</h2>
      <ul className="mirror-garments">
        {samples.map((garment) => (
          <Choice key={garment.id} name={garment.name ? mirror.samples[garment.name] : ""} picture={garment.cutOut} chosen={garment.id === chosen.id} onChoose={() => onChoose(garment)} />
        ))}
        {own.map((kept, i) => (
          <Choice key={kept.id} name={mirror.own(i + 1)} picture={kept.thumbnail} chosen={kept.id === chosen.id} onChoose={() => void guarded(() => load(kept.id))} />
        ))}
        <li>
          <button type="button" className="mirror-garment add" disabled={adding} title={mirror.add} onClick={() => file.current?.click()}>
            <Icon name="plus" />
            <span className="unseen">{mirror.add}</span>
          </button>
        </li>
      </ul>
      <input
        ref={file}
        type="file"
        accept="image/*"
        hidden
        aria-label={mirror.add}
        onChange={(event) => {
          const picture = event.target.files?.[0];
          event.target.value = "";
          if (picture) void guarded(() => addGarment(picture));
        }}
      />
      {chosen.name === null && (
        <label className="mirror-delay">
          <span>{mirror.category}</span>
          <select value={chosen.category} onChange={(event) => onChoose({ ...chosen, category: event.target.value as Garment["category"] })}>
            {(["upper", "dress", "lower"] as const).map((category) => (
              <option key={category} value={category}>
                {mirror.categories[category]}
              </option>
            ))}
          </select>
        </label>
      )}
      <p className="small soft" role="status">
        {adding ? mirror.adding : ""}
      </p>
      {problem !== null && (
        <p className="mirror-problem" role="alert">
          {mirror.addFailed} {problem}
        </p>
      )}
    </section>
  );
}

function Choice({ name, picture, chosen, onChoose }: { name: string; picture: string; chosen: boolean; onChoose: () => void }) {
  return (
    <li>
      <button type="button" className="mirror-garment" aria-pressed={chosen} title={name} onClick={onChoose}>
        <img src={picture} alt={name} loading="lazy" />
      </button>
    </li>
  );
}
