/* Times and durations as people read them. */

/** Return seconds as words: tenths below ten, minutes above ninety. */
export function duration(seconds: number, language: string): string {
  const format = (value: number, unit: "second" | "minute" | "hour", digits: number) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: digits }).format(value);
  if (seconds < 9.95) return format(seconds, "second", 1);
  if (seconds < 90) return format(Math.round(seconds), "second", 0);
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? format(minutes, "minute", 0) : format(Math.round(minutes / 60), "hour", 0);
}

/** Return a moment as date and time. */
export function moment(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** Return a moment as a small card shows it: without the year, while it is this one. */
export function briefMoment(iso: string, now: number, language: string): string {
  const at = new Date(iso);
  const year = at.getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(language, { ...year, month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }).format(at);
}

/** Return how far a moment is away: "in 3 hours", "2 days ago". */
export function away(iso: string, now: number, language: string): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]] as const;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(Math.round(seconds), "second");
}
