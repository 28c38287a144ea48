/* English, the catalogue's first language: a file per feature. */
import { app } from "./app.ts";
import { mirror } from "./mirror.ts";

export const en = { app, mirror };
