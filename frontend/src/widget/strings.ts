/* Every sentence that a shopper reads; English decides which there are. */
import type { Milestone } from "../shared/job.ts";

interface Words {
  what: string;
  todo: string;
}

const en = {
  button: "Try it on",
  title: "See it on you",
  close: "Close",
  opening: "One moment…",
  consentTitle: "Before your first photo",
  consentVersion: (version: string) => `Version ${version} of this text`,
  age: (years: number) => `I am ${years} or older.`,
  agree: "Agree",
  decline: "Not now",
  outdated: "The text was changed meanwhile. Please read the new one.",
  pickTitle: "A photo of you",
  pickLead: "Facing the camera, shoulders and hips in the picture, good light.",
  choose: "Choose a photo",
  camera: "Use the camera",
  privacy: "Your photo goes to this shop’s try-on server alone, without the place it was taken at.",
  cameraTitle: "Take a photo",
  cameraAsk: "Allow the camera in your browser’s question.",
  cameraOff: "There is no camera here, or it is not allowed. Choose a photo instead.",
  take: "Take it",
  back: "Back",
  reading: "Preparing your photo…",
  sending: (percent: number) => `Uploading your photo: ${percent} %`,
  workingTitle: "Making your picture",
  now: {
    preparing: "Finding you and the garment",
    waiting: "Waiting in the queue",
    denoising: "Making the picture",
    storing: "Almost there",
    done: "Done",
  } satisfies Record<Milestone | "done", string>,
  ahead: (n: number, least: boolean) => (n === 0 ? "You are next." : `${n}${least ? " or more" : ""} ahead of you.`),
  left: (seconds: number) => (seconds < 1 ? "Any moment now." : `About ${seconds} s left.`),
  lost: "The connection is lost. It goes on by itself when it is back.",
  photoAlt: "Your photo",
  progress: "Progress",
  cancel: "Cancel",
  resultTitle: "This is you in it",
  resultAlt: "You, wearing the garment",
  compare: "How much of your photo is shown",
  before: "Before",
  after: "After",
  download: "Download",
  again: "Try again",
  another: "Another photo",
  mine: "Made by AI: how it really fits may differ.",
  remove: "Delete my photos",
  removeTitle: "Delete your photos?",
  removeWhy: "Your photos and pictures are deleted from the server, and your consent is withdrawn. Nothing brings them back.",
  removeYes: "Delete everything",
  removeNo: "Keep them",
  removed: "Everything is deleted.",
  problemTitle: "That did not work",
  number: "For the shop’s support",
};

export type Strings = typeof en;

const de: Strings = {
  button: "Anprobieren",
  title: "Sieh es an dir",
  close: "Schließen",
  opening: "Einen Moment…",
  consentTitle: "Vor deinem ersten Foto",
  consentVersion: (version) => `Fassung ${version} dieses Textes`,
  age: (years) => `Ich bin ${years} oder älter.`,
  agree: "Zustimmen",
  decline: "Jetzt nicht",
  outdated: "Der Text wurde inzwischen geändert. Bitte lies den neuen.",
  pickTitle: "Ein Foto von dir",
  pickLead: "Von vorn, Schultern und Hüften im Bild, gutes Licht.",
  choose: "Foto auswählen",
  camera: "Kamera benutzen",
  privacy: "Dein Foto geht nur an den Anprobe-Server dieses Shops, ohne den Ort der Aufnahme.",
  cameraTitle: "Foto aufnehmen",
  cameraAsk: "Erlaube die Kamera in der Frage deines Browsers.",
  cameraOff: "Hier ist keine Kamera, oder sie ist nicht erlaubt. Wähle stattdessen ein Foto.",
  take: "Aufnehmen",
  back: "Zurück",
  reading: "Dein Foto wird vorbereitet…",
  sending: (percent) => `Dein Foto wird hochgeladen: ${percent} %`,
  workingTitle: "Dein Bild entsteht",
  now: {
    preparing: "Du und das Kleidungsstück werden gesucht",
    waiting: "In der Warteschlange",
    denoising: "Das Bild wird gemacht",
    storing: "Gleich fertig",
    done: "Fertig",
  },
  ahead: (n, least) => (n === 0 ? "Du bist als Nächstes dran." : `${n}${least ? " oder mehr" : ""} vor dir.`),
  left: (seconds) => (seconds < 1 ? "Jeden Moment." : `Noch etwa ${seconds} s.`),
  lost: "Die Verbindung ist weg. Es geht von selbst weiter, wenn sie wieder da ist.",
  photoAlt: "Dein Foto",
  progress: "Fortschritt",
  cancel: "Abbrechen",
  resultTitle: "So sieht es an dir aus",
  resultAlt: "Du mit dem Kleidungsstück",
  compare: "Wie viel von deinem Foto zu sehen ist",
  before: "Vorher",
  after: "Nachher",
  download: "Herunterladen",
  again: "Noch einmal",
  another: "Anderes Foto",
  mine: "Von KI gemacht: Wie es wirklich sitzt, kann abweichen.",
  remove: "Meine Fotos löschen",
  removeTitle: "Deine Fotos löschen?",
  removeWhy: "Deine Fotos und Bilder werden auf dem Server gelöscht, und deine Zustimmung ist widerrufen. Nichts bringt sie zurück.",
  removeYes: "Alles löschen",
  removeNo: "Behalten",
  removed: "Alles ist gelöscht.",
  problemTitle: "Das hat nicht geklappt",
  number: "Für den Support des Shops",
};

export const LANGUAGES = { en, de };

/** Return the catalogue for the first language of those given that there is one for. */
export function stringsFor(...wanted: (string | null | undefined)[]): { language: keyof typeof LANGUAGES; strings: Strings } {
  for (const one of wanted) {
    const language = one?.slice(0, 2).toLowerCase();
    if (language === "en" || language === "de") return { language, strings: LANGUAGES[language] };
  }
  return { language: "en", strings: en };
}

type Said = Record<string, Words>;

const later = { en: "Try again in a few minutes.", de: "Versuch es in ein paar Minuten noch einmal." };
const shop = { en: "This is the shop’s to mend, not yours.", de: "Das muss der Shop in Ordnung bringen, nicht du." };
const otherPhoto = { en: "Choose another photo.", de: "Wähle ein anderes Foto." };

/** What happened and what to do, by the API's code. */
export const PROBLEMS: Record<keyof typeof LANGUAGES, Said> = {
  en: {
    network: { what: "The server cannot be reached.", todo: "Look at your connection, then try again." },
    rate_limited: { what: "That were many requests in a short time.", todo: later.en },
    queue_full: { what: "Many people are trying things on.", todo: later.en },
    intake_paused: { what: "Nothing is tried on for now.", todo: later.en },
    no_capacity: { what: "Nobody can make the picture now.", todo: later.en },
    user_cap: { what: "You have several pictures in the making already.", todo: "Wait for one to end." },
    tenant_cap: { what: "Many people are trying things on in this shop.", todo: later.en },
    spend_cap_reached: { what: "This shop has made all of today’s pictures.", todo: "Come again tomorrow." },
    quota_exceeded: { what: "You have as many photos here as you may.", todo: "Delete your photos, then try again." },
    no_person_detected: { what: "No person was found in the photo.", todo: "Use a photo of one person, facing the camera, well lit." },
    person_cropped: { what: "Too little of you is in the photo.", todo: "Use one that shows shoulders and hips; for trousers the legs as well." },
    photo_rejected: { what: "The photo was refused.", todo: otherPhoto.en },
    unsupported_media: { what: "The file is not a picture that can be used.", todo: "Use JPEG, PNG or WebP." },
    unreadable: { what: "This browser cannot read the file as a picture.", todo: "Use JPEG, PNG or WebP." },
    image_unreadable: { what: "The picture is damaged.", todo: otherPhoto.en },
    image_too_large: { what: "The picture is too large.", todo: "Choose a smaller one." },
    image_too_small: { what: "The picture is too small.", todo: "Choose a larger one." },
    content_blocked: { what: "The picture shows what this shop does not accept.", todo: otherPhoto.en },
    quality_too_low: { what: "The picture did not become good enough.", todo: "Use a photo facing the camera, well lit." },
    age_not_confirmed: { what: "This shop takes photos only of people who confirm their age.", todo: "Read the question again." },
    consent_required: { what: "This shop takes no photo before you agree.", todo: "Read the question again." },
    no_garment_detected: { what: "No garment was found in this product’s picture.", todo: shop.en },
    garment_unreachable: { what: "This product’s picture cannot be read.", todo: shop.en },
    origin_not_allowed: { what: "Trying on is not allowed on this page.", todo: shop.en },
    token_refused: { what: "The shop did not let you in.", todo: "Log in to the shop or load the page again, then try again." },
    token_unusable: { what: "The shop’s server gave no usable token.", todo: shop.en },
    revoked: { what: "The shop’s key has ended.", todo: shop.en },
    expired: { what: "It waited too long.", todo: "Try again." },
    too_old: { what: "It waited too long.", todo: "Try again." },
    other: { what: "Something went wrong.", todo: "Try again; if it happens again, tell the shop." },
  },
  de: {
    network: { what: "Der Server ist nicht zu erreichen.", todo: "Sieh nach deiner Verbindung und versuch es noch einmal." },
    rate_limited: { what: "Das waren viele Anfragen in kurzer Zeit.", todo: later.de },
    queue_full: { what: "Gerade probieren viele etwas an.", todo: later.de },
    intake_paused: { what: "Im Moment wird nichts anprobiert.", todo: later.de },
    no_capacity: { what: "Gerade kann niemand das Bild machen.", todo: later.de },
    user_cap: { what: "Von dir entstehen schon mehrere Bilder.", todo: "Warte, bis eines fertig ist." },
    tenant_cap: { what: "In diesem Shop probieren gerade viele etwas an.", todo: later.de },
    spend_cap_reached: { what: "Dieser Shop hat für heute alle Bilder gemacht.", todo: "Komm morgen wieder." },
    quota_exceeded: { what: "Du hast so viele Fotos hier, wie du haben darfst.", todo: "Lösch deine Fotos und versuch es noch einmal." },
    no_person_detected: { what: "Auf dem Foto wurde niemand gefunden.", todo: "Nimm ein Foto von einer Person, von vorn, gut beleuchtet." },
    person_cropped: { what: "Von dir ist zu wenig auf dem Foto.", todo: "Nimm eines mit Schultern und Hüften, für Hosen auch mit den Beinen." },
    photo_rejected: { what: "Das Foto wurde abgelehnt.", todo: otherPhoto.de },
    unsupported_media: { what: "Die Datei ist kein brauchbares Bild.", todo: "Nimm JPEG, PNG oder WebP." },
    unreadable: { what: "Dieser Browser kann die Datei nicht als Bild lesen.", todo: "Nimm JPEG, PNG oder WebP." },
    image_unreadable: { what: "Das Bild ist beschädigt.", todo: otherPhoto.de },
    image_too_large: { what: "Das Bild ist zu groß.", todo: "Wähle ein kleineres." },
    image_too_small: { what: "Das Bild ist zu klein.", todo: "Wähle ein größeres." },
    content_blocked: { what: "Das Bild zeigt, was dieser Shop nicht annimmt.", todo: otherPhoto.de },
    quality_too_low: { what: "Das Bild wurde nicht gut genug.", todo: "Nimm ein Foto von vorn, gut beleuchtet." },
    age_not_confirmed: { what: "Dieser Shop nimmt nur Fotos von Menschen, die ihr Alter bestätigen.", todo: "Lies die Frage noch einmal." },
    consent_required: { what: "Dieser Shop nimmt kein Foto, bevor du zustimmst.", todo: "Lies die Frage noch einmal." },
    no_garment_detected: { what: "Auf dem Bild dieses Artikels wurde kein Kleidungsstück gefunden.", todo: shop.de },
    garment_unreachable: { what: "Das Bild dieses Artikels ist nicht zu lesen.", todo: shop.de },
    origin_not_allowed: { what: "Auf dieser Seite ist das Anprobieren nicht erlaubt.", todo: shop.de },
    token_refused: { what: "Der Shop hat dich nicht eingelassen.", todo: "Melde dich im Shop an oder lade die Seite neu, dann versuch es noch einmal." },
    token_unusable: { what: "Der Server des Shops gab keinen brauchbaren Token.", todo: shop.de },
    revoked: { what: "Der Schlüssel des Shops gilt nicht mehr.", todo: shop.de },
    expired: { what: "Es hat zu lange gewartet.", todo: "Versuch es noch einmal." },
    too_old: { what: "Es hat zu lange gewartet.", todo: "Versuch es noch einmal." },
    other: { what: "Etwas ist schiefgegangen.", todo: "Versuch es noch einmal; wenn es wieder passiert, sag es dem Shop." },
  },
};

/** Return what to say of a problem; of one that the catalogue lacks, that something went wrong. */
export function wordsFor(code: string, language: keyof typeof LANGUAGES): Words {
  return PROBLEMS[language][code] ?? (PROBLEMS[language].other as Words);
}
