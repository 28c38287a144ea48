/* What the lists of an operator share: a table that scrolls, what stands there without rows, more of them, a filter by text. */
import type { ReactNode } from "react";
import { useState } from "react";
import { asProblem } from "../../shared/problems.ts";
import { useStrings } from "../../strings/index.ts";

export interface Pages {
  error: Error | null;
  isSuccess: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** Show the rows under their columns, or why there are none, and the way to more. */
export function Listing(of: { name: string; columns: readonly string[]; none: string; pages: Pages; children: readonly ReactNode[] }) {
  const { fleet } = useStrings();
  return (
    <>
      {of.pages.error && (
        <p className="note bad" role="alert">
          {asProblem(of.pages.error).message}
        </p>
      )}
      {of.pages.isSuccess && of.children.length === 0 && <p className="soft none">{of.none}</p>}
      {of.children.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label={of.name}>
          <table className="listing">
            <thead>
              <tr>
                {of.columns.map((one) => (
                  <th key={one} scope="col">
                    {one}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{of.children}</tbody>
          </table>
        </div>
      )}
      {of.pages.hasNextPage && (
        <button type="button" className="button small" disabled={of.pages.isFetchingNextPage} onClick={() => void of.pages.fetchNextPage()}>
          {fleet.moreJobs}
        </button>
      )}
    </>
  );
}

/** A filter by text counts when it is finished: each letter would be another question. */
export function Text(of: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(of.value);
  const { fleet } = useStrings();
  return (
    <label className="field">
      <span>{of.label}</span>
      <input
        type="search"
        value={text}
        placeholder={fleet.any}
        onChange={(event) => {
          setText(event.target.value);
          if (!event.target.value) of.onChange("");
        }}
        onBlur={() => of.onChange(text)}
        onKeyDown={(event) => event.key === "Enter" && of.onChange(text)}
      />
    </label>
  );
}
