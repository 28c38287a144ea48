/* The stage: video below, transparent canvas above, and what the Mirror has to say. Pointers and keys move the garment. */
import { type CSSProperties, type KeyboardEvent, type PointerEvent, type RefObject, useRef } from "react";
import { Icon } from "../../components/Icon.tsx";
import { Link } from "../../components/Link.tsx";
import { addressOf } from "../../shared/routes.ts";
import { useStrings } from "../../strings/index.ts";
import { afterKey, afterTouches, type Fit, type Touch } from "./fit.ts";
import type { Follower } from "./follower.ts";
import { type Drawing, Overlay } from "./Overlay.tsx";
import type { Cloth } from "./texture.ts";
import type { Running } from "./useMirror.ts";

export function Stage({
  video,
  drawing,
  attempt,
  running,
  follower,
  cloth,
  fit,
  count,
  onFit,
  onFrame,
  onStart,
}: {
  video: RefObject<HTMLVideoElement | null>;
  drawing: RefObject<Drawing | null>;
  attempt: number;
  running: Running;
  follower: Follower;
  cloth: Cloth | null;
  fit: Fit;
  count: number | null;
  onFit: (change: (before: Fit) => Fit) => void;
  onFrame: (nowMs: number, elapsedMs: number) => void;
  onStart: () => void;
}) {
  const { mirror } = useStrings();
  const live = attempt > 0 && running.camera === "live";
  const touches = useRef(new Map<number, Touch>());

  const onPointer = (event: PointerEvent<HTMLElement>) => {
    const known = touches.current;
    const here = { id: event.pointerId, x: event.clientX, y: event.clientY };
    if (event.type === "pointerdown") {
      if (known.size >= 2 || event.target instanceof HTMLButtonElement) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      known.set(event.pointerId, here);
    } else if (event.type === "pointermove") {
      if (!known.has(event.pointerId)) return;
      const before = [...known.values()];
      known.set(event.pointerId, here);
      const after = [...known.values()];
      const unit = follower.unit * event.currentTarget.clientHeight;
      onFit((was) => afterTouches(was, before, after, unit));
    } else known.delete(event.pointerId);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || afterKey(fit, event.key) === null) return;
    event.preventDefault();
    onFit((was) => afterKey(was, event.key) ?? was);
  };
  return (
    <section
      className="mirror-stage"
      data-live={live}
      style={{ "--aspect": running.aspect } as CSSProperties}
      // A region with a name that takes keys: its label says which.
      role="application"
      tabIndex={live ? 0 : -1}
      aria-label={mirror.stage}
      onKeyDown={onKey}
      onPointerDown={onPointer}
      onPointerMove={onPointer}
      onPointerUp={onPointer}
      onPointerCancel={onPointer}
    >
      <video ref={video} className="mirror-video" muted playsInline aria-hidden="true" />
      {live && (
        <Overlay
          follower={follower}
          cloth={cloth}
          aspect={running.aspect}
          sharpness={running.sharpness}
          onFrame={onFrame}
          drawing={drawing}
        />
      )}
      {count !== null && count > 0 && (
        <output className="mirror-count" aria-live="assertive">
          {count}
        </output>
      )}
      <Say attempt={attempt} running={running} onStart={onStart} />
    </section>
  );
}

/** What the Mirror says: before the camera runs a card, afterwards one line at the lower edge. */
function Say({ attempt, running, onStart }: { attempt: number; running: Running; onStart: () => void }) {
  const { mirror } = useStrings();
  if (attempt === 0) {
    return (
      <div className="mirror-card">
        <Icon name="camera" />
        <p>{mirror.privacy}</p>
        <button type="button" className="button primary" onClick={onStart}>
          {mirror.start}
        </button>
      </div>
    );
  }
  if (running.camera === "asking") {
    return (
      <div className="mirror-card" role="status">
        <p>{mirror.starting}</p>
      </div>
    );
  }
  if (running.camera !== "live" || running.model === "failed") {
    const [what, instead] = (running.camera === "live" ? mirror.unsupported : mirror.camera[running.camera]) as [string, string];
    return (
      <div className="mirror-card" role="alert">
        <h2>{what}</h2>
        <p>{instead}</p>
        <div className="mirror-row">
          <button type="button" className="button primary" onClick={onStart}>
            {mirror.again}
          </button>
          <Link to={addressOf({})} className="button">
            {mirror.toStudio}
          </Link>
        </div>
      </div>
    );
  }
  const advice = running.pose === "ok" ? "" : mirror.pose[running.pose];
  const words = running.model === "loading" ? mirror.loadingModel : advice;
  return (
    <p className="mirror-advice" role="status" hidden={words === ""}>
      {words}
    </p>
  );
}
