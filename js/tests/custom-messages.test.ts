import { describe, expect, test } from "vitest";
import { putBuffers } from "../src/buffers.ts";
import type { JsonObject } from "../src/document.ts";
import { readMessage } from "../src/messages.ts";
import { cases } from "./support/conformance.ts";

interface Case {
  readonly comment: string;
  readonly frame: JsonObject;
  readonly buffers: number[][];
  readonly content?: unknown;
  readonly bytes?: number[][];
  readonly error?: string;
}

describe("a message beside the state is what the protocol says", () => {
  test.each(cases<Case>("messages"))("$comment", ({ frame, buffers, content, bytes, error }) => {
    const put = putBuffers(
      frame,
      buffers.map((numbers) => new Uint8Array(numbers)),
    );
    const [message] = (put as { messages: unknown[] }).messages;

    if (error !== undefined) expect(() => readMessage(message)).toThrow(error);
    else {
      const read = readMessage(message) as unknown as { content: unknown; buffers?: Uint8Array[] };
      expect(read.content).toEqual(content);
      expect((read.buffers ?? []).map((buffer) => [...buffer])).toEqual(bytes);
    }
  });
});
