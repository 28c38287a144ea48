/* Verlauf: alles, was anprobiert wurde. */
import type { Strings } from "../index.ts";

export const history: Strings["history"] = {
  name: "Verlauf",
  lead: "Alles, was du anprobiert hast, das Neueste zuerst.",
  filter: "Zeige",
  filters: { all: "Alle", completed: "Fertig", active: "Unterwegs", failed: "Nicht entstanden" },
  empty: "Noch nichts",
  emptyHint: "Deine erste Anprobe steht hier, auch wenn du den Tab schließt.",
  emptyFilter: "Keine von dieser Art",
  toStudio: "Zum Studio",
  more: "Mehr zeigen",
  open: "Öffnen",
  select: (name) => `${name} zum Vergleich auswählen`,
  compare: "Vergleichen",
  compareHint: "Wähle zwei Bilder, um sie zu vergleichen.",
  compareTitle: "Zwei Anproben vergleichen",
  first: "Erste",
  second: "Zweite",
  selected: (n) => `${n} ausgewählt`,
  clear: "Auswahl aufheben",
  remove: (n) => (n === 1 ? "Löschen" : `${n} löschen`),
  removeSure: (n) => (n === 1 ? "Diese Anprobe und ihre Bilder endgültig löschen?" : `Diese ${n} Anproben und ihre Bilder endgültig löschen?`),
  removed: (n) => (n === 1 ? "Gelöscht." : `${n} gelöscht.`),
  statuses: {
    draft: "Entwurf", queued: "Wartet", running: "Entsteht", completed: "Fertig", failed: "Gescheitert", canceled: "Abgebrochen", expired: "Abgelaufen",
  },
  tryon: (when) => `Anprobe von ${when}`,
  expires: (when) => `wird gelöscht ${when}`,
};
