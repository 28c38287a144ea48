/*
 * Two pictures of the same frame, compared: a slider, side by side, blinking, the second alone, or only what changed. One zoom
 * holds for both. The slider is the browser's own, so keys, touch and screen readers work.
 */
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { release } from "../../shared/blobs.ts";
import { useStrings } from "../../strings/index.ts";
import { Icon } from "../Icon.tsx";
import { changesOf } from "./changes.ts";
import { moved, transformOf, type View, WHOLE, zoomed } from "./view.ts";

export const MODES = ["slider", "side", "blink", "after", "changed"] as const;
export type Mode = (typeof MODES)[number];
const ALONE: readonly Mode[] = ["after"];
const BLINK_MS = 700;
const STEP = 1.5;

export interface Shown {
  url: string;
  alt: string;
  label: string;
}

export function Compare(of: { before: Shown | null; after: Shown; modes?: readonly Mode[]; children?: ReactNode }) {
  const { studio } = useStrings();
  const modes: readonly Mode[] = of.before ? (of.modes ?? MODES) : ALONE;
  const [wanted, setMode] = useState<Mode>("slider");
  const mode = modes.find((one) => one === wanted) ?? modes[0] ?? "after";
  const [view, setView] = useState<View>(WHOLE);
  const [split, setSplit] = useState(50);
  const [ratio, setRatio] = useState(3 / 4);
  const [blinked, setBlinked] = useState(false);
  const [changes, setChanges] = useState<string | null>(null);
  const stage = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; y: number } | null>(null);
  const { before, after } = of;

  useEffect(() => {
    if (mode !== "blink") return;
    const timer = setInterval(() => setBlinked((now) => !now), BLINK_MS);
    return () => clearInterval(timer);
  }, [mode]);

  useEffect(() => {
    if (mode !== "changed" || !before) return;
    let current = true;
    let made: string | null = null;
    const make = async () => {
      const blob = await changesOf(before.url, after.url);
      if (!current || !blob) return;
      made = URL.createObjectURL(blob);
      setChanges(made);
    };
    void make();
    return () => {
      current = false;
      release(made);
      setChanges(null);
    };
  }, [mode, before, after.url]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.target instanceof HTMLElement && event.target.matches("input:not([type=range]), select, textarea")) return;
      const chosen = modes[Number.parseInt(event.key, 10) - 1];
      if (chosen) setMode(chosen);
      else if (event.key === "+" || event.key === "=") setView((now) => zoomed(now, STEP));
      else if (event.key === "-") setView((now) => zoomed(now, 1 / STEP));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [modes]);

  useEffect(() => {
    const place = stage.current;
    if (!place) return;
    // React's wheel handlers are passive; a zoom has to keep the page where it is.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      setView((now) => zoomed(now, event.deltaY < 0 ? 1.15 : 1 / 1.15, pointIn(place, event)));
    };
    place.addEventListener("wheel", onWheel, { passive: false });
    return () => place.removeEventListener("wheel", onWheel);
  }, []);

  const onDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    drag.current = { x: event.clientX, y: event.clientY };
    event.currentTarget.setPointerCapture(event.pointerId);
    if (mode === "slider" && view.scale === 1) setSplit(percentIn(event.currentTarget, event));
  };
  const onMove = (event: PointerEvent<HTMLDivElement>) => {
    const from = drag.current;
    if (!from) return;
    if (mode === "slider" && view.scale === 1) {
      setSplit(percentIn(event.currentTarget, event));
      return;
    }
    const box = event.currentTarget.getBoundingClientRect();
    const width = mode === "side" ? box.width / 2 : box.width;
    setView((now) => moved(now, (event.clientX - from.x) / width, (event.clientY - from.y) / box.height));
    drag.current = { x: event.clientX, y: event.clientY };
  };
  const onUp = () => {
    drag.current = null;
  };

  const style = { transform: transformOf(view) };
  const picture = (shown: Shown, more: { clip?: string; url?: string; alt?: string } = {}) => (
    <span className="compare-clip" style={more.clip ? { clipPath: more.clip } : undefined}>
      <img
        src={more.url ?? shown.url}
        alt={more.alt ?? shown.alt}
        style={style}
        draggable={false}
        onLoad={(event) => shown === after && setRatio(event.currentTarget.naturalWidth / event.currentTarget.naturalHeight)}
      />
    </span>
  );
  return (
    <figure className="compare">
      <div className="compare-ground">
        <div
          ref={stage}
          className={`compare-stage ${mode}${view.scale > 1 ? " zoomed" : ""}`}
          style={{ aspectRatio: String(mode === "side" ? ratio * 2 : ratio), ["--ratio" as string]: String(mode === "side" ? ratio * 2 : ratio) }}
          onPointerDown={onDown}
          onPointerMove={onMove}
          onPointerUp={onUp}
          onPointerCancel={onUp}
          onDoubleClick={(event) => setView((now) => (now.scale > 1 ? WHOLE : zoomed(now, 3, pointIn(event.currentTarget, event))))}
        >
          {mode === "side" && before && (
            <>
              <div className="compare-half">
                {picture(before)}
                <span className="compare-label">{before.label}</span>
              </div>
              <div className="compare-half">
                {picture(after)}
                <span className="compare-label">{after.label}</span>
              </div>
            </>
          )}
          {mode !== "side" && picture(after)}
          {mode === "slider" && before && (
            <>
              {picture(before, { clip: `inset(0 ${100 - split}% 0 0)` })}
              <span className="compare-line" style={{ left: `${split}%` }}>
                <span className="compare-handle">
                  <Icon name="slider" />
                </span>
              </span>
              <span className="compare-label left" style={{ opacity: split > 18 ? 1 : 0 }}>
                {before.label}
              </span>
              <span className="compare-label right" style={{ opacity: split < 82 ? 1 : 0 }}>
                {after.label}
              </span>
            </>
          )}
          {mode === "blink" && before && (
            <>
              {blinked && picture(before)}
              <span className="compare-label left">{blinked ? before.label : after.label}</span>
            </>
          )}
          {mode === "changed" && changes && picture(after, { url: changes, alt: studio.changedAlt })}
          {of.children}
        </div>
      </div>
      <figcaption className="compare-bar">
        {modes.length > 1 && (
          <div className="segments" role="group" aria-label={studio.view}>
            {modes.map((one) => (
              <button key={one} type="button" aria-pressed={one === mode} title={studio.modes[one]} onClick={() => setMode(one)}>
                <Icon name={one} />
                <span>{studio.modes[one]}</span>
              </button>
            ))}
          </div>
        )}
        {mode === "slider" && before && (
          <input
            type="range"
            className="compare-range"
            min={0}
            max={100}
            value={split}
            aria-label={studio.split}
            aria-valuetext={studio.splitValue(split)}
            onChange={(event) => setSplit(Number(event.target.value))}
          />
        )}
        <div className="zoom">
          <button type="button" className="button quiet icon small" aria-label={studio.zoomOut} disabled={view.scale <= 1} onClick={() => setView((now) => zoomed(now, 1 / STEP))}>
            <Icon name="minus" />
          </button>
          <button type="button" className="button quiet small zoom-now" aria-label={`${Math.round(view.scale * 100)} %, ${studio.zoomFit}`} disabled={view.scale <= 1} onClick={() => setView(WHOLE)}>
            {Math.round(view.scale * 100)} %
          </button>
          <button type="button" className="button quiet icon small" aria-label={studio.zoomIn} onClick={() => setView((now) => zoomed(now, STEP))}>
            <Icon name="plus" />
          </button>
        </div>
      </figcaption>
    </figure>
  );
}

function pointIn(place: Element, event: { clientX: number; clientY: number }): { x: number; y: number } {
  const box = place.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

function percentIn(place: Element, event: { clientX: number; clientY: number }): number {
  return Math.round(100 * Math.min(1, Math.max(0, pointIn(place, event).x)));
}
