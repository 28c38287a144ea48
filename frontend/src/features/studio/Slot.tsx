/* One of the two places: empty, it asks for a picture; filled, it shows how far that picture is. */
import { Problem } from "@proteus/client";
import { type DragEvent, useRef, useState } from "react";
import { Icon } from "../../components/Icon.tsx";
import { choose, clear, retry, setCategory, setPerson, type Slot as SlotState, slots, stopSending, type Category } from "../../shared/draft.ts";
import type { CategoryScore } from "../../shared/photos.ts";
import { Unreadable } from "../../shared/pictures/normalise.ts";
import { useSignal } from "../../shared/signal.ts";
import { useStrings } from "../../strings/index.ts";
import { areaCategory, useArea } from "./area.ts";
import { useEngines } from "./engines.ts";
import { CameraDialog } from "./CameraDialog.tsx";
import { problemWords } from "./problemWords.ts";
import { blobOf, GARMENT_SAMPLES, PERSON_SAMPLE } from "./samples.ts";
import { wearable } from "./wearable.ts";

const CATEGORIES: Category[] = ["auto", "upper", "lower", "dress", "overall", "outer", "inner", "shoes", "bag", "hat"];

export function Slot({ kind }: { kind: "person" | "garment" }) {
  const strings = useStrings();
  const { studio } = strings;
  const slot = useSignal(slots[kind]);
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [filming, setFilming] = useState(false);
  const words = studio.slots[kind];
  const full = slot.phase !== "empty";

  const take = (file: File | undefined) => file && void choose(kind, file, file.name);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take([...event.dataTransfer.files].find((file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name)));
  };
  const sample = kind === "person" ? PERSON_SAMPLE : GARMENT_SAMPLES.find((one) => one.id === "long-breton");
  return (
    <section
      className={`slot card ${kind}${over ? " over" : ""}${full ? " full" : ""}`}
      aria-label={words.name}
      data-kind={kind}
      data-phase={slot.phase}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <header>
        <h2>{words.name}</h2>
        {full && (
          <span className="slot-tools">
            <button type="button" className="button quiet icon small" aria-label={`${studio.replace}: ${words.name}`} title={studio.replace} onClick={() => input.current?.click()}>
              <Icon name="replace" />
            </button>
            <button type="button" className="button quiet icon small" aria-label={`${studio.remove}: ${words.name}`} title={studio.remove} onClick={() => clear(kind)}>
              <Icon name="close" />
            </button>
          </span>
        )}
      </header>
      <input
        ref={input}
        type="file"
        className="unseen"
        tabIndex={-1}
        aria-label={`${words.name}: ${studio.choose}`}
        accept="image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif"
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = ""; // The same file chosen again is a change, too.
        }}
      />
      {full ? (
        <Filled slot={slot} alt={words.alt} />
      ) : (
        <>
          <button type="button" className="slot-ask" onClick={() => input.current?.click()}>
            <Icon name={kind} />
            <strong>{studio.choose}</strong>
            <span>{studio.dropOrPaste}</span>
            <small>{words.ask}</small>
          </button>
          <div className="slot-ways">
            <button type="button" className="button small" onClick={() => setFilming(true)}>
              <Icon name="camera" />
              {studio.camera}
            </button>
            {sample && (
              <button type="button" className="button small" onClick={() => void blobOf(sample).then((blob) => choose(kind, blob, sample.name))}>
                <Icon name="spark" />
                {studio.sample}
              </button>
            )}
          </div>
        </>
      )}
      {filming && (
        <CameraDialog
          facing={kind === "person" ? "user" : "environment"}
          onClose={() => setFilming(false)}
          onPicture={(blob) => (setFilming(false), void choose(kind, blob, studio.camera))}
        />
      )}
    </section>
  );
}

function Filled({ slot, alt }: { slot: SlotState; alt: string }) {
  const strings = useStrings();
  const { studio } = strings;
  const [plain, setPlain] = useState(false);
  const { cut } = slot;
  const showsCut = Boolean(cut?.preview) && !plain;
  const garment = useSignal(slots.garment);
  const engines = useEngines();
  const area = useArea(slot, slot.kind === "person" ? areaCategory(garment.cut) : null);
  return (
    <>
      <div className={showsCut ? "slot-picture checkered" : "slot-picture"}>
        {slot.shown && <img src={showsCut && cut?.preview ? cut.preview : slot.shown} alt={alt} />}
        {area && !plain && <img className="area" src={area} alt={studio.areaAlt} />}
        {area && (
          <div className="segments small" role="group" aria-label={studio.view}>
            <button type="button" aria-pressed={!plain} onClick={() => setPlain(false)}>
              {studio.area}
            </button>
            <button type="button" aria-pressed={plain} onClick={() => setPlain(true)}>
              {studio.photo}
            </button>
          </div>
        )}
        {cut?.preview && (
          <div className="segments small" role="group" aria-label={studio.view}>
            <button type="button" aria-pressed={showsCut} onClick={() => setPlain(false)}>
              {studio.cutOut}
            </button>
            <button type="button" aria-pressed={!showsCut} onClick={() => setPlain(true)}>
              {studio.photo}
            </button>
          </div>
        )}
        {(slot.phase === "reading" || slot.phase === "sending") && (
          <div className="slot-progress">
            <span role="status">{slot.phase === "reading" ? studio.reading : studio.sending(Math.round(slot.share * 100))}</span>
            <progress max={1} value={slot.phase === "sending" ? slot.share : undefined} aria-label={studio.sending(Math.round(slot.share * 100))} />
            {slot.phase === "sending" && (
              <button type="button" className="button small" onClick={() => stopSending(slot.kind)}>
                {studio.stop}
              </button>
            )}
          </div>
        )}
      </div>
      <div className="slot-notes" aria-live="polite">
        {slot.phase === "failed" && <SlotFailure slot={slot} />}
        {slot.advice.map((one) => (
          <p key={one} className="note warm">
            <Icon name="warn" />
            {studio.advice[one]}
          </p>
        ))}
        {slot.pose.map((one) => (
          <p key={one} className="note warm" data-pose={one}>
            <Icon name="warn" />
            {studio.pose[one]}
          </p>
        ))}
        {(slot.people ?? 0) > 1 && <PersonChoice slot={slot} />}
        {slot.warnings.map((warning) => (
          <p key={warning.code} className="note warm" data-warning={warning.code}>
            <Icon name="warn" />
            {warning.message} {warning.hint}
          </p>
        ))}
        {cut?.phase === "cutting" && <p className="note busy">{studio.cutting}</p>}
        {cut?.phase === "failed" && (
          <p className="note bad">
            <Icon name="warn" />
            <span>
              {cut.problem ? problemWords(cut.problem, strings).what : studio.cutFailed} {cut.problem ? problemWords(cut.problem, strings).todo : ""}
            </span>
            <button type="button" className="button small" onClick={() => void retry("garment")}>
              {studio.retry}
            </button>
          </p>
        )}
        {cut && slot.phase === "ready" && (
          <label className="category">
            <span>{studio.category}</span>
            <select value={cut.wanted} onChange={(event) => void setCategory(event.target.value as Category)}>
              {CATEGORIES.filter((one) => one === "auto" || one === cut.wanted || wearable(one, engines)).map((one) => (
                <option key={one} value={one}>
                  {one === "auto" && cut.wanted === "auto" && cut.category
                    ? studio.seenAs(studio.categories[cut.category] ?? cut.category)
                    : studio.categories[one]}
                  {scoreOf(cut.categories, one) === null ? "" : ` · ${scoreOf(cut.categories, one)} %`}
                </option>
              ))}
            </select>
            {cut.wanted === "auto" && cut.confidence !== null && (
              <span className={cut.confidence < 0.6 ? "chip warm" : "chip good"}>{studio.sure(Math.round(cut.confidence * 100))}</span>
            )}
          </label>
        )}
      </div>
    </>
  );
}

/** Who of several people wears the garment. */
function PersonChoice({ slot }: { slot: SlotState }) {
  const { studio } = useStrings();
  const chosen = slot.personIndex ?? slot.usualPerson;
  return (
    <fieldset className="people">
      <legend className="small">{studio.whoWears}</legend>
      <div className="segments small">
        {Array.from({ length: slot.people ?? 0 }, (_, index) => (
          <button key={index} type="button" aria-pressed={index === chosen} onClick={() => setPerson(index)}>
            {index + 1}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

/** How likely the cut-out is of a category, in percent; null where nobody knows. */
function scoreOf(scores: CategoryScore[], category: Category): number | null {
  const found = scores.find((one) => one.category === category);
  return found ? Math.round(found.score * 100) : null;
}

function SlotFailure({ slot }: { slot: SlotState }) {
  const strings = useStrings();
  const { studio } = strings;
  const { problem } = slot;
  if (problem instanceof Unreadable) {
    return (
      <p className="note bad" role="alert">
        <Icon name="warn" />
        <span>
          {studio.unreadable} {problem.isHeic ? studio.unreadableHeic : studio.unreadableHint}
        </span>
      </p>
    );
  }
  const words = problem instanceof Problem && problem.code !== "stopped" ? problemWords(problem, strings) : null;
  return (
    <p className="note bad" role="alert">
      <Icon name="warn" />
      <span>{words ? `${words.what} ${words.todo}` : studio.stopped}</span>
      <button type="button" className="button small" onClick={() => void retry(slot.kind)}>
        {studio.retry}
      </button>
    </p>
  );
}
