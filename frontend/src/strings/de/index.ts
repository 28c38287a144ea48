/* German. */
import type { Strings } from "../index.ts";
import { app } from "./app.ts";
import { mirror } from "./mirror.ts";

export const de: Strings = { app, mirror };
