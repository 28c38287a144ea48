/* Was ein Shop vor dem ersten Foto fragt. */
import type { Strings } from "../index.ts";

export const consent: Strings["consent"] = {
  title: "Vor deinem ersten Foto",
  age: (years: number) => `Ich bin ${years} oder älter.`,
  later: "Du kannst das jederzeit unter den Bildern widerrufen; dann wird alles von dir gelöscht.",
  agree: "Zustimmen und senden",
  decline: "Jetzt nicht",
  outdated: "Der Text wurde inzwischen geändert. Schließ das und leg das Bild noch einmal ein, um den neuen zu lesen.",
  withdraw: "Zustimmung widerrufen",
  withdrawWhy: "Deine Fotos und Anproben werden hier und auf dem Server gelöscht, und nichts bringt sie zurück.",
  withdrawYes: "Widerrufen und löschen",
  keep: "Alles behalten",
};
