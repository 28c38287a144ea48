/* Pausing and resuming intake, with the words that refused users read. */
import { done } from "@proteus/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Dialog } from "../../components/Dialog.tsx";
import { operatorApi } from "../../shared/operator.ts";
import { asProblem } from "../../shared/problems.ts";
import { useStrings } from "../../strings/index.ts";
import type { Overview } from "./figures.ts";

const REASON_CHARS = 200;

export function IntakeControl({ intake }: { intake: Overview["intake"] }) {
  const { fleet, studio } = useStrings();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const [trouble, setTrouble] = useState("");

  const put = async (paused: boolean) => {
    setTrouble("");
    try {
      await done(operatorApi.PUT("/v1/queue/intake", { body: { paused, reason: paused ? reason : "" } }));
      setAsking(false);
      await queries.invalidateQueries({ queryKey: ["fleet", "overview"] });
    } catch (error) {
      setTrouble(asProblem(error).message);
    }
  };
  return (
    <>
      {intake.paused ? (
        <button type="button" className="button small primary" onClick={() => void put(false)}>
          {fleet.resume}
        </button>
      ) : (
        <button type="button" className="button small" onClick={() => setAsking(true)}>
          {fleet.pause}
        </button>
      )}
      {trouble && !asking && (
        <span className="note bad" role="alert">
          {trouble}
        </span>
      )}
      {asking && (
        <Dialog title={fleet.pauseTitle} onClose={() => setAsking(false)}>
          <p>{fleet.pauseWhy}</p>
          <label className="field">
            <span>{fleet.pauseReason}</span>
            <input type="text" maxLength={REASON_CHARS} value={reason} onChange={(event) => setReason(event.target.value)} />
          </label>
          {trouble && (
            <p className="note bad" role="alert">
              {trouble}
            </p>
          )}
          <div className="row">
            <button type="button" className="button" onClick={() => setAsking(false)}>
              {studio.keepIt}
            </button>
            <button type="button" className="button danger" onClick={() => void put(true)}>
              {fleet.pauseYes}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
