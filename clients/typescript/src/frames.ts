/* Server-sent events out of a body, whose pieces end anywhere: in a line, in a character. */

export interface Frame {
  id: string;
  event: string;
  data: string;
}

/** Yield the frames of a stream; comments and frames without data are left out. */
export async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      // A "\r" at the end may be the first half of a line's end.
      const whole = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
      const frames = whole.replace(/\r\n?/g, "\n").split("\n\n");
      rest = (frames.pop() ?? "") + (whole === rest ? "" : "\r");
      for (const text of frames) {
        const frame = frameOf(text);
        if (frame) yield frame;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function frameOf(text: string): Frame | null {
  const fields: Record<string, string[]> = {};
  for (const line of text.split("\n")) {
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    (fields[name] ??= []).push(value);
  }
  if (!fields.data) return null;
  return { id: fields.id?.at(-1) ?? "", event: fields.event?.at(-1) ?? "message", data: fields.data.join("\n") };
}
