/* What stands around every page. */
export const app = {
  title: "Proteus",
  studio: "Studio",
  skip: "Skip to the content",
  pages: "Pages",
  theme: "Appearance",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  language: "Language",
  loading: "Loading…",
  api: "API",
  licences: "Licences",
  broken: "This page broke.",
  brokenHint: "Your try-ons are kept by the server. Load the page again to go on.",
  reload: "Load again",
};
