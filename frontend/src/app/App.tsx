/* The application: language, query cache, and the page that the address names. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useMemo, useState } from "react";
import { routeOf, usePathname } from "../shared/routes.ts";
import { LANGUAGES, StringsProvider, useChosenLanguage } from "../strings/index.ts";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { PAGES } from "./pages.ts";
import { Shell } from "./Shell.tsx";

const PATHS = PAGES.map((page) => page.path);

export function App() {
  const [language, setLanguage] = useChosenLanguage();
  const strings = LANGUAGES[language];
  const [queries] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: 2, staleTime: 30_000 } } }));
  const route = routeOf(usePathname(), PATHS);
  const page = PAGES.find((one) => one.path === route.page) ?? PAGES[0];
  const provided = useMemo(() => ({ language, strings }), [language, strings]);
  if (!page) return null;
  const Body = page.body;
  return (
    <StringsProvider value={provided}>
      <QueryClientProvider client={queries}>
        <Shell page={page} pages={PAGES} language={language} onLanguage={setLanguage}>
          <ErrorBoundary key={page.path}>
            <Suspense fallback={<p className="loading">{strings.app.loading}</p>}>
              <Body />
            </Suspense>
          </ErrorBoundary>
        </Shell>
      </QueryClientProvider>
    </StringsProvider>
  );
}
