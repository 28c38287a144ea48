/* A client of the public API, and of nothing else. */
export { type ApiClient, type Schemas, connect, done, type Token } from "./api.ts";
export { type Connection, EventFeed } from "./events.ts";
export { type Frame, framesOf } from "./frames.ts";
export { noAnswer, Problem, problemOf } from "./problems.ts";
export { type Kind, type Uploaded, upload } from "./uploads.ts";
export type { ClientEvent, JobEvent, ProgressEvent } from "./types.ts";
