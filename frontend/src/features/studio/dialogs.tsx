/* What a result opens: its link, its code, and the question before it goes. */
import { useState } from "react";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { useFound } from "../../shared/blobs.ts";
import { asProblem } from "../../shared/problems.ts";
import { signedTicket } from "../../shared/signed.ts";
import type { Job } from "../../shared/job.ts";
import { moment } from "../../shared/times.ts";
import { useLanguage, useStrings } from "../../strings/index.ts";
import { problemWords } from "./problemWords.ts";
import { LANGUAGES, type Language, snippet } from "./snippets.ts";

export function ShareDialog({ resultUrl, onClose }: { resultUrl: string; onClose: () => void }) {
  const { studio } = useStrings();
  const language = useLanguage();
  const ticket = useFound(() => signedTicket(resultUrl), resultUrl);
  return (
    <Dialog title={studio.shareTitle} onClose={onClose}>
      <p>{studio.shareWhy}</p>
      {ticket && (
        <>
          <label className="field">
            <span>{studio.shareUntil(moment(ticket.expires_at, language))}</span>
            <input type="text" readOnly value={ticket.download_url} onFocus={(event) => event.target.select()} />
          </label>
          <CopyButton text={ticket.download_url} label={studio.copyLink} className="button primary" />
        </>
      )}
    </Dialog>
  );
}

export function CodeDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const { studio } = useStrings();
  const [language, setLanguage] = useState<Language>("curl");
  const text = snippet(language, job, location.origin);
  return (
    <Dialog title={studio.codeTitle} onClose={onClose} wide>
      <div className="segments" role="group" aria-label={studio.codeTitle}>
        {Object.entries(LANGUAGES).map(([one, name]) => (
          <button key={one} type="button" aria-pressed={one === language} onClick={() => setLanguage(one as Language)}>
            {name}
          </button>
        ))}
      </div>
      <pre className="code" tabIndex={0} aria-label={LANGUAGES[language]}>
        {text}
      </pre>
      <div className="row">
        <span className="small soft">{studio.codeToken}</span>
        <CopyButton text={text} label={studio.copy} className="button primary" />
      </div>
    </Dialog>
  );
}

export function DeleteDialog(of: { question: string; onClose: () => void; onDelete: () => Promise<void> }) {
  const strings = useStrings();
  const { studio } = strings;
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const act = () => {
    setBusy(true);
    of.onDelete().catch((error: unknown) => {
      setBusy(false);
      setRefusal(problemWords(asProblem(error), strings).what);
    });
  };
  return (
    <Dialog title={studio.remove1} onClose={of.onClose}>
      <p>{of.question}</p>
      {refusal && (
        <p className="note bad" role="alert">
          {refusal}
        </p>
      )}
      <div className="row">
        <button type="button" className="button" onClick={of.onClose}>
          {studio.keepIt}
        </button>
        <button type="button" className="button danger" disabled={busy} onClick={act}>
          {studio.removeYes}
        </button>
      </div>
    </Dialog>
  );
}
