/* Copies a text and says so. */
import { useEffect, useState } from "react";
import { useStrings } from "../strings/index.ts";

export function CopyButton({ text, label, className = "button small" }: { text: string; label: string; className?: string }) {
  const { studio } = useStrings();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button type="button" className={className} aria-live="polite" onClick={() => void copyText(text).then(setCopied)}>
      {copied ? studio.copied : label}
    </button>
  );
}

/** Copy a text; without HTTPS browsers have no clipboard, so a selection has to do. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
