/* What stands around every page: name, navigation, appearance, language. */
import type { ReactNode } from "react";
import { Icon } from "../components/Icon.tsx";
import { Link } from "../components/Link.tsx";
import { operator } from "../shared/operator.ts";
import { addressOf } from "../shared/routes.ts";
import { useSignal } from "../shared/signal.ts";
import { LANGUAGES, type Language, useStrings } from "../strings/index.ts";
import { Connection } from "./Connection.tsx";
import type { Page } from "./pages.ts";
import { type Theme, useTheme } from "./theme.ts";
import { ConsentDialog } from "./ConsentDialog.tsx";
import { TokenDialog } from "./TokenDialog.tsx";

const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

export function Shell(of: {
  page: Page;
  pages: readonly Page[];
  language: Language;
  onLanguage: (language: Language) => void;
  children: ReactNode;
}) {
  const strings = useStrings();
  const { app } = strings;
  const [theme, setTheme] = useTheme();
  const operates = useSignal(operator) !== null;
  const named = of.pages.filter((page) => !page.forOperators || operates || page === of.page);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {app.skip}
      </a>
      <header className="bar">
        <Link to={addressOf({})} className="brand" label={app.title}>
          <Icon name="brand" />
          <span>{app.title}</span>
        </Link>
        <nav aria-label={app.pages}>
          {named.map((page) => (
            <Link key={page.path} to={addressOf({ page: page.path })} current={page === of.page}>
              {page.name(strings)}
            </Link>
          ))}
        </nav>
        <div className="bar-end">
          {!of.page.forOperators && <Connection />}
          <select
            aria-label={app.language}
            value={of.language}
            onChange={(event) => of.onLanguage(event.target.value as Language)}
          >
            {Object.keys(LANGUAGES).map((language) => (
              <option key={language} value={language}>
                {language.toUpperCase()}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="button quiet icon"
            aria-label={`${app.theme}: ${app.themes[theme]}`}
            title={`${app.theme}: ${app.themes[theme]}`}
            onClick={() => setTheme(NEXT[theme])}
          >
            <Icon name={theme} />
          </button>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {of.children}
      </main>
      <TokenDialog />
      <ConsentDialog />
    </div>
  );
}
