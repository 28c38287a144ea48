/* Taking back what one agreed to: the server deletes the person, this browser what it kept. */
import { useEffect, useState } from "react";
import { Dialog } from "../../components/Dialog.tsx";
import { isWithdrawable, look, withdraw } from "../../shared/consent.ts";
import { forget } from "../../shared/db.ts";
import { asProblem } from "../../shared/problems.ts";
import { api, dropToken } from "../../shared/session.ts";
import { useSignal } from "../../shared/signal.ts";
import { useStrings } from "../../strings/index.ts";

export function Withdraw() {
  const { consent } = useStrings();
  const canWithdraw = useSignal(isWithdrawable);
  const [asks, setAsks] = useState(false);
  const [refusal, setRefusal] = useState("");
  useEffect(() => void look(api), []);
  if (!canWithdraw) return null;
  const act = async () => {
    try {
      await withdraw(api);
    } catch (error) {
      setRefusal(asProblem(error).message);
      return;
    }
    dropToken();
    await forget();
    location.assign("/app");
  };
  return (
    <>
      <button type="button" className="button quiet small" onClick={() => setAsks(true)}>
        {consent.withdraw}
      </button>
      {asks && (
        <Dialog title={consent.withdraw} onClose={() => setAsks(false)}>
          <p>{consent.withdrawWhy}</p>
          {refusal && (
            <p className="note bad" role="alert">
              {refusal}
            </p>
          )}
          <div className="row">
            <button type="button" className="button" onClick={() => setAsks(false)}>
              {consent.keep}
            </button>
            <button type="button" className="button danger" onClick={() => void act()}>
              {consent.withdrawYes}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
