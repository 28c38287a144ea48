/* German. */
import type { Strings } from "../index.ts";
import { app } from "./app.ts";
import { consent } from "./consent.ts";
import { fleet } from "./fleet.ts";
import { history } from "./history.ts";
import { mirror } from "./mirror.ts";
import { problems, studio } from "./studio.ts";

export const de: Strings = { app, consent, studio, mirror, history, fleet, problems };
