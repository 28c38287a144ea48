/* A dialog: the browser's own, so focus, Esc and the ground behind it are right. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useStrings } from "../strings/index.ts";
import { Icon } from "./Icon.tsx";

export function Dialog(of: { title: string; onClose: () => void; wide?: boolean; children: ReactNode }) {
  const { studio } = useStrings();
  const place = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = place.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={place}
      className={of.wide ? "dialog wide" : "dialog"}
      aria-labelledby={title}
      onClose={of.onClose}
      onClick={(event) => event.target === place.current && of.onClose()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="dialog-body">
        <header>
          <h2 id={title}>{of.title}</h2>
          <button type="button" className="button quiet icon small" aria-label={studio.close} onClick={of.onClose}>
            <Icon name="close" />
          </button>
        </header>
        {of.children}
      </div>
    </dialog>
  );
}
