/* English, the catalogue's first language: a file per feature. */
import { app } from "./app.ts";

export const en = { app };
