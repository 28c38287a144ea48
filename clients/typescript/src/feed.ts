/*
 * A user's events, in order and without a hole, over whatever connection there is.
 *
 *     Socket.IO at /updates ──┐ fails thrice          every path resumes beyond the last `seq` that was delivered;
 *     GET /v1/events (SSE)  ◄─┘ fails, too            what two paths deliver is delivered once
 *     the caller polls      ◄── state "polling"
 *
 * The socket goes on trying in the background and takes over again when it can.
 */
import { io, type Socket } from "socket.io-client";
import type { Token } from "./api.ts";
import { Problem } from "./problems.ts";
import { streamOf } from "./stream.ts";
import type { ClientEvent } from "./types.ts";

/** How events arrive. `polling`: they do not; the caller has to ask for what it needs. */
export type Connection = "connecting" | "socket" | "stream" | "polling";

export interface FeedOptions {
  baseUrl: string;
  token: Token;
  /** The last event that was delivered before, on another page for instance; null: begin with what comes now. */
  lastSeq: number | null;
  onEvent: (event: ClientEvent) => void;
  onConnection: (connection: Connection) => void;
  /** The token is not accepted; the next try asks `token` again. */
  onRefused: () => Promise<void>;
}

const SOCKET_TRIES = 3;
const STREAM_TRIES = 2;
const RETRY_MS = 1_500;
const RETRY_MOST_MS = 15_000;
const REFUSALS = new Set(["unauthorized", "not_found", "forbidden"]);

export class EventFeed {
  private readonly options: FeedOptions;
  private readonly socket: Socket;
  private seq: number | null;
  private usedToken: string | null = null;
  private failures = 0;
  private stream: AbortController | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(options: FeedOptions) {
    this.options = options;
    this.seq = options.lastSeq;
    this.socket = io(options.baseUrl, {
      path: "/updates",
      transports: ["websocket"],
      autoConnect: false,
      reconnectionDelay: RETRY_MS / 3,
      reconnectionDelayMax: RETRY_MOST_MS,
      // Without a token the socket waits, its server closes it, and the next try asks again.
      auth: (give) => void this.token().then((token) => give({ token, last_seq: this.seq }), () => undefined),
    });
    this.socket.on("connect", () => this.onSocket());
    this.socket.on("connect_error", (error) => void this.onSocketError(error));
    this.socket.on("disconnect", (reason) => this.onDisconnect(reason));
    this.socket.on("job", (event: ClientEvent) => this.deliver(event));
    this.socket.on("progress", (event: ClientEvent) => this.deliver(event));
  }

  get lastSeq(): number | null {
    return this.seq;
  }

  start(): void {
    this.options.onConnection("connecting");
    this.socket.connect();
  }

  /** End every connection for good. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.stream?.abort();
    this.socket.disconnect();
  }

  /** Return the token to use now; another user's events have numbers of their own. */
  private async token(): Promise<string | null> {
    const token = await this.options.token();
    if (this.usedToken !== null && token !== this.usedToken) this.seq = null;
    this.usedToken = token;
    return token;
  }

  private deliver(event: ClientEvent): void {
    if (event.kind === "job") {
      if (this.seq !== null && event.seq <= this.seq) return; // The other path was faster.
      this.seq = event.seq;
    }
    this.options.onEvent(event);
  }

  private onSocket(): void {
    this.failures = 0;
    this.stream?.abort();
    this.stream = null;
    this.options.onConnection("socket");
  }

  private async onSocketError(error: Error & { data?: { code?: string } }): Promise<void> {
    if (this.stopped) return;
    const refusal = error.data?.code;
    if (refusal) {
      // The server answered: the transport works, and Socket.IO does not try again by itself.
      if (REFUSALS.has(refusal)) await this.options.onRefused();
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.stopped || this.socket.connect(), RETRY_MS);
      return;
    }
    this.failures += 1;
    if (this.failures === SOCKET_TRIES && !this.stream) void this.follow();
  }

  private onDisconnect(reason: string): void {
    if (this.stopped) return;
    this.options.onConnection("connecting");
    // A gateway that ends closes its sockets on purpose; another one, or the same one anew, takes over.
    if (reason === "io server disconnect") this.socket.connect();
  }

  /** Follow the stream until the socket is back; where it fails as well, say so and go on trying. */
  private async follow(): Promise<void> {
    const ours = new AbortController();
    this.stream = ours;
    for (let failed = 0; !ours.signal.aborted; ) {
      try {
        const token = await this.token(); // Before `seq`, which another user's token takes away.
        const lastId = this.seq === null ? "" : String(this.seq);
        const events = await streamOf(`${this.options.baseUrl}/v1/events`, { token: async () => token, lastId, signal: ours.signal });
        failed = 0;
        this.options.onConnection("stream");
        for await (const { event } of events) this.deliver(event);
      } catch (error) {
        if (error instanceof Problem && error.status === 401) await this.options.onRefused();
        failed += 1;
      }
      if (ours.signal.aborted) return;
      if (failed >= STREAM_TRIES) this.options.onConnection("polling");
      await new Promise((resume) => setTimeout(resume, Math.min(RETRY_MS * 2 ** failed, RETRY_MOST_MS)));
    }
  }
}
