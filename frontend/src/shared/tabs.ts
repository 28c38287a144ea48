/*
 * Several tabs of one person: who submits, what is being stopped, and which try-on came of it.
 *
 *     a tab submits ─▶ the others' buttons rest ─▶ its id: tabs that show no try-on open it
 *     a tab cancels ─▶ the others say "Stopping…"; the end itself comes to each tab by its own events
 *
 * A lock of the browser makes the submit the only one; where a page has no locks (plain HTTP), messages do their best.
 */
import { Signal } from "./signal.ts";

type Message = { kind: "submitting"; busy: boolean } | { kind: "job"; jobId: string } | { kind: "canceling"; jobId: string };

const LOCK = "proteus.submit";
const LATER_MS = 1_000;
/** A tab that was closed in the middle says nothing more. */
const FORGET_MS = 60_000;

/** Another tab is submitting. */
export const submittingElsewhere = new Signal(false);
/** The try-on that another tab has submitted last. */
export const jobElsewhere = new Signal<string | null>(null);
/** The try-on that was canceled last, in whatever tab; a picture that came nevertheless was faster. */
export const canceling = new Signal<string | null>(null);

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("proteus");
let forgetting: ReturnType<typeof setTimeout> | undefined;

channel?.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data.kind === "canceling") canceling.set(data.jobId);
  else if (data.kind === "job") jobElsewhere.set(data.jobId);
  else {
    clearTimeout(forgetting);
    submittingElsewhere.set(data.busy);
    if (data.busy) forgetting = setTimeout(() => submittingElsewhere.set(false), FORGET_MS);
  }
});

function tell(message: Message): void {
  // A channel reaches our own origin alone.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  channel?.postMessage(message);
}

/** Another tab submits at this moment. */
export const TAKEN = Symbol("taken");

/** Run a submit that no other tab runs at the same time. */
export async function alone(act: () => Promise<string | null>): Promise<string | null | typeof TAKEN> {
  const told = async () => {
    tell({ kind: "submitting", busy: true });
    try {
      return await act();
    } finally {
      tell({ kind: "submitting", busy: false });
    }
  };
  if (!globalThis.navigator?.locks) return told();
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? told() : TAKEN));
}

/** Wait for the try-on that another tab submits now; null: it came to nothing. */
export function theOtherTabsJob(): Promise<string | null> {
  return new Promise((resolve) => {
    const end = () => {
      stopJob();
      stopBusy();
      clearTimeout(timer);
      resolve(jobElsewhere.get());
    };
    const stopJob = jobElsewhere.subscribe(() => jobElsewhere.get() && end());
    // Its id is told right after the submit's end, which alone means that there was none.
    const stopBusy = submittingElsewhere.subscribe(() => submittingElsewhere.get() || setTimeout(end, LATER_MS));
    const timer = setTimeout(end, FORGET_MS);
  });
}

/** Tell the other tabs what was submitted here. */
export function announceJob(jobId: string): void {
  tell({ kind: "job", jobId });
}

/** Tell every tab what is being canceled. */
export function announceCancel(jobId: string): void {
  canceling.set(jobId);
  tell({ kind: "canceling", jobId });
}
