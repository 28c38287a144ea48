/* German. */
import type { Strings } from "../index.ts";
import { app } from "./app.ts";

export const de: Strings = { app };
