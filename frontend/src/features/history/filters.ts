/* Which try-ons are shown, and which are selected. Pure. */

export const FILTERS = ["all", "completed", "active", "failed"] as const;
export type Filter = (typeof FILTERS)[number];

const STATUSES: Record<Filter, readonly string[] | null> = {
  all: null,
  completed: ["completed"],
  active: ["queued", "running"],
  failed: ["failed", "canceled", "expired"],
};

export function matches(status: string, filter: Filter): boolean {
  return STATUSES[filter]?.includes(status) ?? true;
}

export function toggled(selected: readonly string[], id: string): readonly string[] {
  return selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id];
}
