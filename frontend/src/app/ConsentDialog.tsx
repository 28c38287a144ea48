/* The shop's question before the first photo. */
import { useState } from "react";
import { Dialog } from "../components/Dialog.tsx";
import { question, type Question } from "../shared/consent.ts";
import { asProblem } from "../shared/problems.ts";
import { useSignal } from "../shared/signal.ts";
import { useStrings } from "../strings/index.ts";

export function ConsentDialog() {
  const asked = useSignal(question);
  return asked && <Asked asked={asked} />;
}

function Asked({ asked }: { asked: Question }) {
  const { consent } = useStrings();
  const [isOldEnough, setOldEnough] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const agree = () => {
    setBusy(true);
    asked.agree(isOldEnough).catch((error: unknown) => {
      const { code, message } = asProblem(error);
      setBusy(false);
      setRefusal(code === "consent_outdated" ? consent.outdated : message);
    });
  };
  return (
    <Dialog title={consent.title} onClose={asked.decline}>
      <p className="consent-text">{asked.text}</p>
      {asked.minimumAge !== null && (
        <label className="check">
          <input type="checkbox" checked={isOldEnough} onChange={(event) => setOldEnough(event.target.checked)} />
          <span>{consent.age(asked.minimumAge)}</span>
        </label>
      )}
      {refusal && (
        <p className="note bad" role="alert">
          {refusal}
        </p>
      )}
      <p className="small soft">{consent.later}</p>
      <div className="row">
        <button type="button" className="button" onClick={asked.decline}>
          {consent.decline}
        </button>
        <button type="button" className="button primary" disabled={busy || (asked.minimumAge !== null && !isOldEnough)} onClick={agree}>
          {consent.agree}
        </button>
      </div>
    </Dialog>
  );
}
