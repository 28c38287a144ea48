/* A link to a page of ours: it behaves as any link, and loads nothing anew. */
import type { ReactNode } from "react";
import { navigate } from "../shared/routes.ts";

export function Link(of: { to: string; className?: string; current?: boolean; label?: string; children: ReactNode }) {
  return (
    <a
      href={of.to}
      className={of.className}
      aria-label={of.label}
      aria-current={of.current ? "page" : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(of.to);
      }}
    >
      {of.children}
    </a>
  );
}
