/* Small values that outlive the tab: `localStorage`, whose absence or fullness must break nothing. */

export interface Kept {
  read(): string | null;
  write(value: string | null): void;
}

/** Return the place of one value; without storage it lasts as long as the page. */
export function kept(name: string): Kept {
  const key = `proteus.${name}`;
  let here: string | null = null;
  return {
    read() {
      try {
        return localStorage.getItem(key) ?? here;
      } catch {
        return here;
      }
    },
    write(value) {
      here = value;
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch {
        // Private windows refuse storage; `here` serves the page.
      }
    },
  };
}
