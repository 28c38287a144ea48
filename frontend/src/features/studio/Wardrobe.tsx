/* Garments to try next: those used before, then the samples. One click puts one on the same person. */
import { useBlobUrl, useFound } from "../../shared/blobs.ts";
import { all, type KeptGarment } from "../../shared/db.ts";
import { choose, slots } from "../../shared/draft.ts";
import { wardrobeChanged } from "../../shared/order.ts";
import { useSignal } from "../../shared/signal.ts";
import { useStrings } from "../../strings/index.ts";
import { blobOf, GARMENT_SAMPLES } from "./samples.ts";

const MOST = 8;

export function Wardrobe({ onWear }: { onWear: () => void }) {
  const { studio } = useStrings();
  const person = useSignal(slots.person);
  const turn = useSignal(wardrobeChanged);
  const found = useFound(async () => (await all("garments")).toSorted((a, b) => b.usedAt - a.usedAt).slice(0, MOST), `wardrobe ${turn}`);
  const used = found ?? [];
  const dressed = person.phase !== "empty" && person.phase !== "failed";
  const wear = (blob: Blob, name: string) => {
    void choose("garment", blob, name);
    if (dressed) onWear();
  };
  const names = new Set(used.map((one) => one.name));
  return (
    <section className="shelf" aria-labelledby="wardrobe">
      <header>
        <h2 id="wardrobe">{dressed ? studio.wardrobe : studio.wardrobeEmpty}</h2>
        <span className="small soft">{dressed ? studio.wardrobeHint : studio.wardrobeEmptyHint}</span>
      </header>
      <ul>
        {used.map((one) => (
          <li key={one.id}>
            <Used garment={one} onWear={() => wear(one.blob, one.name)} />
          </li>
        ))}
        {GARMENT_SAMPLES.filter((one) => !names.has(one.name)).map((sample) => (
          <li key={sample.id}>
            <button type="button" aria-label={studio.wear(sample.name)} title={studio.wear(sample.name)} onClick={() => void blobOf(sample).then((blob) => wear(blob, sample.name))}>
              <img src={sample.url} alt="" loading="lazy" width={512} height={640} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Used({ garment, onWear }: { garment: KeptGarment; onWear: () => void }) {
  const { studio } = useStrings();
  const url = useBlobUrl(garment.thumb);
  return (
    <button type="button" aria-label={studio.wear(garment.name)} title={studio.wear(garment.name)} onClick={onWear}>
      {url && <img src={url} alt="" />}
    </button>
  );
}
