/* German. */
import type { Strings } from "../index.ts";
import { app } from "./app.ts";
import { fleet } from "./fleet.ts";
import { history } from "./history.ts";
import { mirror } from "./mirror.ts";
import { problems, studio } from "./studio.ts";

export const de: Strings = { app, studio, mirror, history, fleet, problems };
