/* Every sentence that a person reads, in one catalogue; English decides which sentences there are. */
import { createContext, useContext, useEffect, useState } from "react";
import { kept } from "../shared/kept.ts";
import { de } from "./de/index.ts";
import { en } from "./en/index.ts";

export type Strings = typeof en;
export const LANGUAGES = { en, de } satisfies Record<string, Strings>;
export type Language = keyof typeof LANGUAGES;

const stored = kept("language");

/** Return the language to begin with: the chosen one, else the first of the browser's that the catalogue has. */
export function languageOf(chosen: string | null, preferred: readonly string[]): Language {
  const wanted = [chosen ?? "", ...preferred.map((one) => one.slice(0, 2).toLowerCase())];
  return wanted.find((one): one is Language => one in LANGUAGES) ?? "en";
}

const Context = createContext<{ language: Language; strings: Strings }>({ language: "en", strings: en });
export const StringsProvider = Context.Provider;

/** Return the sentences in the reader's language. */
export function useStrings(): Strings {
  return useContext(Context).strings;
}

/** Return the reader's language, for numbers and dates. */
export function useLanguage(): Language {
  return useContext(Context).language;
}

/** The state behind the provider: the language, and how it is changed. */
export function useChosenLanguage(): [Language, (language: Language) => void] {
  const [language, setLanguage] = useState(() => languageOf(stored.read(), navigator.languages));
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return [
    language,
    (chosen) => {
      stored.write(chosen);
      setLanguage(chosen);
    },
  ];
}
