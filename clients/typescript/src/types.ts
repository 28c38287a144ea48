/* Names for the generated types that callers use. */
import type { components as events } from "./generated/events.ts";

export type JobEvent = events["schemas"]["JobEvent"] & { kind: "job" };
export type ProgressEvent = events["schemas"]["ProgressEvent"] & { kind: "progress" };
export type ClientEvent = JobEvent | ProgressEvent;
