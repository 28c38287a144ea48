/* Where guests are not welcome: the question for an access token. */
import { useState } from "react";
import { Dialog } from "../components/Dialog.tsx";
import { putToken, tokenIsWanted } from "../shared/session.ts";
import { useSignal } from "../shared/signal.ts";
import { useStrings } from "../strings/index.ts";

export function TokenDialog() {
  const { studio } = useStrings();
  const wanted = useSignal(tokenIsWanted);
  const [text, setText] = useState("");
  if (!wanted) return null;
  return (
    <Dialog title={studio.tokenTitle} onClose={() => tokenIsWanted.set(false)}>
      <p>{studio.tokenWhy}</p>
      <form
        className="notice-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!text.trim()) return;
          putToken(text);
          location.reload();
        }}
      >
        <label className="field">
          <span>{studio.token}</span>
          <input type="password" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <div className="row">
          <button type="submit" className="button primary">
            {studio.tokenGo}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
