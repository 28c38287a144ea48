/* What a shop asks before the first photo. */
export const consent = {
  title: "Before your first photo",
  age: (years: number) => `I am ${years} or older.`,
  later: "You can withdraw this at any time below the pictures; everything of yours is deleted then.",
  agree: "Agree and send",
  decline: "Not now",
  outdated: "The text was changed meanwhile. Close this and put the picture in again to read the new one.",
  withdraw: "Withdraw your consent",
  withdrawWhy: "Your photos and try-ons are deleted, here and on the server, and nothing brings them back.",
  withdrawYes: "Withdraw and delete",
  keep: "Keep everything",
};
