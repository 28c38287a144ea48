/* Was um jede Seite herum steht. */
import type { Strings } from "../index.ts";

export const app: Strings["app"] = {
  title: "Proteus",
  studio: "Studio",
  skip: "Zum Inhalt springen",
  pages: "Seiten",
  theme: "Darstellung",
  themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
  language: "Sprache",
  loading: "Lädt …",
  api: "API",
  licences: "Lizenzen",
  broken: "Diese Seite ist abgestürzt.",
  brokenHint: "Der Server behält deine Anproben. Lade die Seite neu, um weiterzumachen.",
  reload: "Neu laden",
};
