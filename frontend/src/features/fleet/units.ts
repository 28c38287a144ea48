/* Numbers with their units, as people read them. Pure. */
import { duration } from "../../shared/times.ts";

/** Return a number with the digits that matter. */
export function number(value: number, language: string): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** Return a share as per cent. */
export function percent(share: number, language: string): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** Return seconds: milliseconds below a tenth, minutes and seconds above ninety. */
export function seconds(value: number, language: string): string {
  const format = (number: number, unit: string, unitDisplay: "short" | "narrow") =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay, maximumFractionDigits: 0 }).format(number);
  if (value > 0 && value < 0.0995) return format(value * 1000, "millisecond", "short");
  if (value < 90 || value >= 5_400) return duration(value, language);
  const whole = Math.round(value);
  return `${format(Math.floor(whole / 60), "minute", "narrow")} ${format(whole % 60, "second", "narrow")}`;
}

/** Return a price; one below a cent with the digits that show it. */
export function money(value: number, currency: string, language: string): string {
  const digits = value > 0 && value < 0.1 ? { minimumSignificantDigits: 2, maximumSignificantDigits: 2 } : {};
  return new Intl.NumberFormat(language, { style: "currency", currency, ...digits }).format(value);
}

/** Return the time of the day, to the second or to the millisecond. */
export function clock(iso: string, language: string, { precise = false } = {}): string {
  const options: Intl.DateTimeFormatOptions = { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit", ...(precise ? { fractionalSecondDigits: 3 } : {}) };
  return new Intl.DateTimeFormat(language, options).format(new Date(iso));
}
