/* Light or dark: what the system prefers, until a person chooses. */
import { useEffect, useState } from "react";
import { kept } from "../shared/kept.ts";

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const stored = kept("theme");

/** Return the chosen theme and the way to change it; the document shows it at once. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => THEMES.find((one) => one === stored.read()) ?? "system");
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    stored.write(theme === "system" ? null : theme);
  }, [theme]);
  return [theme, setTheme];
}
