/* Studio: a person, a garment, one button, and the picture. */
import { useCallback, useEffect, useRef, useState } from "react";
import "./studio.css";
import { Dialog } from "../../components/Dialog.tsx";
import { Icon } from "../../components/Icon.tsx";
import { choose, isComplete, restore, slots } from "../../shared/draft.ts";
import { finishPending, submit, submitting } from "../../shared/order.ts";
import { addressOf, navigate, routeOf, usePathname } from "../../shared/routes.ts";
import { useSignal } from "../../shared/signal.ts";
import { jobElsewhere, submittingElsewhere } from "../../shared/tabs.ts";
import { useStrings } from "../../strings/index.ts";
import { OptionsPanel } from "./OptionsPanel.tsx";
import { Recent } from "./Recent.tsx";
import { Slot } from "./Slot.tsx";
import { Stage } from "./Stage.tsx";
import { Wardrobe } from "./Wardrobe.tsx";
import { Withdraw } from "./Withdraw.tsx";

export function Studio() {
  const { app, studio } = useStrings();
  const { jobId } = routeOf(usePathname(), []);
  const person = useSignal(slots.person);
  const garment = useSignal(slots.garment);
  const busyHere = useSignal(submitting);
  const busyElsewhere = useSignal(submittingElsewhere);
  const busy = busyHere || busyElsewhere;
  const other = useSignal(jobElsewhere);
  const [help, setHelp] = useState(false);
  const stage = useRef<HTMLDivElement>(null);
  const complete = isComplete(person, garment);
  const waits = complete && (person.phase !== "ready" || garment.phase !== "ready");

  const go = useCallback(async () => {
    const id = await submit();
    if (id) navigate(addressOf({ jobId: id }));
    // On a narrow page the stage lies below the button that was pressed.
    const place = stage.current;
    if (place && place.getBoundingClientRect().top > innerHeight / 2) place.scrollIntoView({ block: "start" });
  }, []);

  useEffect(() => {
    void restore();
    void finishPending().then((id) => id && navigate(addressOf({ jobId: id })));
  }, []);

  // A tab that shows no try-on follows the one that another tab has begun.
  useEffect(() => {
    if (!other) return;
    jobElsewhere.set(null);
    if (!jobId) navigate(addressOf({ jobId: other }));
  }, [other, jobId]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]")) return;
      const types = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        if (isComplete(slots.person.get(), slots.garment.get())) void go();
      } else if (event.key === "?" && !types) setHelp(true);
    };
    const onPaste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      const focused = document.activeElement?.closest<HTMLElement>("[data-kind]")?.dataset.kind;
      const kind = focused === "garment" || focused === "person" ? focused : slots.person.get().phase === "empty" ? "person" : "garment";
      void choose(kind, file, file.name);
    };
    // A file that misses its place must not replace the page.
    const onStray = (event: DragEvent) => event.preventDefault();
    addEventListener("keydown", onKey);
    addEventListener("paste", onPaste);
    addEventListener("dragover", onStray);
    addEventListener("drop", onStray);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener("paste", onPaste);
      removeEventListener("dragover", onStray);
      removeEventListener("drop", onStray);
    };
  }, [go]);

  const need = person.phase === "empty" && garment.phase === "empty" ? "both" : person.phase === "empty" ? "person" : "garment";
  return (
    <div className="studio">
      <section className="inputs" aria-label={studio.heading}>
        <header className="intro">
          <h1>{studio.heading}</h1>
          <p className="soft">{studio.lead}</p>
        </header>
        <div className="pair">
          <Slot kind="person" />
          <Slot kind="garment" />
        </div>
        <OptionsPanel />
        <div className="action">
          <button type="button" id="go" className="button primary large" disabled={!complete || busy} onClick={() => void go()}>
            {busy ? studio.going : studio.go}
            {!busy && <kbd>Ctrl ⏎</kbd>}
          </button>
          <p className="small soft" role="status">
            {complete ? (waits ? studio.goWaits : studio.consent) : studio.need[need]}
          </p>
        </div>
      </section>
      <section className="stage" ref={stage} aria-label={studio.after}>
        <Stage jobId={jobId} onSubmit={() => void go()} />
        <Wardrobe onWear={() => void go()} />
      </section>
      <Recent current={jobId} />
      <footer className="help small">
        <button type="button" className="button quiet small shortcuts" onClick={() => setHelp(true)}>
          <Icon name="keyboard" />
          {studio.shortcuts}
        </button>
        <Withdraw />
        <a href="/docs">{app.api}</a>
        <a href="/app/licences.md">{app.licences}</a>
      </footer>
      {help && (
        <Dialog title={studio.shortcuts} onClose={() => setHelp(false)}>
          <dl className="keys">
            {studio.keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </div>
  );
}

