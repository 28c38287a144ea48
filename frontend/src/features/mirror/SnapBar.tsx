/* Snap: an optional countdown, one picture, and off to Studio. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { addressOf, navigate } from "../../shared/routes.ts";
import { useStrings } from "../../strings/index.ts";
import { type Delay, DELAYS, remaining, untilNext } from "./countdown.ts";
import type { Garment } from "./garments.ts";
import type { Drawing } from "./Overlay.tsx";
import { snap } from "./snap.ts";

export function SnapBar(of: {
  live: boolean;
  ready: boolean;
  video: RefObject<HTMLVideoElement | null>;
  drawing: RefObject<Drawing | null>;
  garment: Garment;
  count: number | null;
  onCount: (count: number | null) => void;
}) {
  const { mirror } = useStrings();
  const [delay, setDelay] = useState<Delay>(3);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const counting = of.count !== null;

  const take = async () => {
    of.onCount(null);
    const canvas = of.drawing.current?.canvas();
    if (!of.video.current || !canvas) return;
    setSending(true);
    setProblem(null);
    try {
      navigate(addressOf({ jobId: await snap(of.video.current, canvas, of.garment) }));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setSending(false);
    }
  };
  const begin = () => {
    const counted = { startedMs: performance.now(), seconds: delay };
    const turn = () => {
      const now = performance.now();
      const left = remaining(counted, now);
      of.onCount(left);
      if (left === 0) void take();
      else timer.current = setTimeout(turn, untilNext(counted, now));
    };
    turn();
  };
  const stop = () => {
    clearTimeout(timer.current);
    of.onCount(null);
  };
  return (
    <section className="card mirror-panel">
      <div className="mirror-row">
        {counting ? (
          <button type="button" className="button mirror-snap" onClick={stop}>
            {mirror.stopCountdown}
          </button>
        ) : (
          <button type="button" className="button primary mirror-snap" disabled={!of.ready || sending} onClick={begin}>
            {mirror.snap}
          </button>
        )}
        <label className="mirror-delay">
          <span>{mirror.countdown}</span>
          <select value={delay} disabled={counting || sending} onChange={(event) => setDelay(Number(event.target.value) as Delay)}>
            {DELAYS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {mirror.delay(seconds)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p className="small soft" role="status">
        {sending ? mirror.sending : mirror.snapHint}
      </p>
      {problem !== null && (
        <p className="mirror-problem" role="alert">
          {mirror.snapFailed} {problem}
        </p>
      )}
      <p className="small soft">{mirror.privacy}</p>
    </section>
  );
}
