/* The Mirror: a garment on the live camera picture, all on this device, and "Snap" for a real try-on. */
import { useEffect, useRef, useState } from "react";
import { Link } from "../../components/Link.tsx";
import { addressOf } from "../../shared/routes.ts";
import { useStrings } from "../../strings/index.ts";
import { AS_MEASURED, type Fit } from "./fit.ts";
import { FitPanel } from "./FitPanel.tsx";
import { cutOutOf, type Garment, samples } from "./garments.ts";
import { hasWebgl } from "./graphics.ts";
import "./mirror.css";
import type { Drawing } from "./Overlay.tsx";
import { SnapBar } from "./SnapBar.tsx";
import { Stage } from "./Stage.tsx";
import { type Cloth, readCloth } from "./texture.ts";
import { useMirror } from "./useMirror.ts";
import { Wardrobe } from "./Wardrobe.tsx";

/** How long after a first refusal the browser is asked for WebGL again. */
const SECOND_LOOK_MS = 1_500;

export default function Mirror() {
  const [able, setAble] = useState(hasWebgl);
  useEffect(() => {
    if (able) return;
    const timer = setTimeout(() => setAble(hasWebgl()), SECOND_LOOK_MS);
    return () => clearTimeout(timer);
  }, [able]);
  return able ? <Live /> : <Unsupported onAgain={() => setAble(hasWebgl())} />;
}

function Unsupported({ onAgain }: { onAgain: () => void }) {
  const { mirror } = useStrings();
  const [what, instead] = mirror.unsupported as [string, string];
  return (
    <section className="card notice" role="alert">
      <h1>{mirror.title}</h1>
      <p>
        {what} {instead}
      </p>
      <div className="mirror-row">
        <Link to={addressOf({})} className="button primary">
          {mirror.toStudio}
        </Link>
        <button type="button" className="button" onClick={onAgain}>
          {mirror.again}
        </button>
      </div>
    </section>
  );
}

function Live() {
  const { mirror } = useStrings();
  const [garment, setGarment] = useState<Garment>(samples[0] as Garment);
  const [fit, setFit] = useState<Fit>(AS_MEASURED);
  // Starts count: nought before the first, and each further one opens the camera anew.
  const [attempt, setAttempt] = useState(0);
  const [count, setCount] = useState<number | null>(null);
  const video = useRef<HTMLVideoElement | null>(null);
  const drawing = useRef<Drawing | null>(null);
  const cloth = useCloth(garment);
  const { running, follower, onFrame } = useMirror(video, cloth, attempt);
  useStartIfAllowed(() => setAttempt((before) => before || 1));
  useEffect(() => {
    follower.adjust(fit);
  }, [follower, fit]);

  const live = attempt > 0 && running.camera === "live";
  return (
    <div className="mirror">
      <header className="mirror-head">
        <h1>{mirror.title}</h1>
        <p className="soft">{mirror.intro}</p>
      </header>
      <Stage
        video={video}
        drawing={drawing}
        attempt={attempt}
        running={running}
        follower={follower}
        cloth={cloth}
        fit={fit}
        count={count}
        onFit={setFit}
        onFrame={onFrame}
        onStart={() => setAttempt((before) => before + 1)}
      />
      <div className="mirror-side">
        <SnapBar live={live} ready={live && running.pose !== "no_person"} video={video} drawing={drawing} garment={garment} onCount={setCount} count={count} />
        <Wardrobe
          chosen={garment}
          onChoose={(next) => {
            setGarment(next);
            setFit(AS_MEASURED);
          }}
        />
        <FitPanel fit={fit} onFit={setFit} disabled={!live} />
      </div>
    </div>
  );
}

/** Return the garment as the canvas draws it; null while it is being read. */
function useCloth(garment: Garment): Cloth | null {
  const [cloth, setCloth] = useState<Cloth | null>(null);
  useEffect(() => {
    let current = true;
    void (async () => {
      const read = await readCloth(await cutOutOf(garment), garment.category);
      if (current) setCloth(read);
    })().catch(() => current && setCloth(null));
    return () => {
      current = false;
    };
  }, [garment]);
  return cloth;
}

/** Start at once where the camera was allowed before: then no question of the browser surprises anyone. */
function useStartIfAllowed(start: () => void) {
  const begin = useRef(start);
  useEffect(() => {
    let current = true;
    navigator.permissions
      ?.query({ name: "camera" as PermissionName })
      .then((permission) => current && permission.state === "granted" && begin.current())
      .catch(() => undefined); // Not every browser knows this permission's name.
    return () => {
      current = false;
    };
  }, []);
}
