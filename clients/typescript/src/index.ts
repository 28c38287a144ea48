/* A client of the public API, and of nothing else. `./feed`: all events of a user over a socket, for pages that stay open. */
export { type ApiClient, type Schemas, connect, done, type Send, type Token } from "./api.ts";
export { follow, type FollowOptions, type Job, JobEnded } from "./follow.ts";
export { type Frame, framesOf } from "./frames.ts";
export { noAnswer, Problem, problemOf } from "./problems.ts";
export { type Batch, type Layer, type Picture, Proteus, type Steps, type SubmitOptions, type TryOn } from "./proteus.ts";
export { streamOf, type Streamed, type StreamOptions } from "./stream.ts";
export { contentTypeOf, type Kind, type Uploaded, upload, type UploadKind } from "./uploads.ts";
export { type Message, verifyWebhook, WebhookRefused } from "./webhooks.ts";
export type { ClientEvent, JobEvent, ProgressEvent } from "./types.ts";
