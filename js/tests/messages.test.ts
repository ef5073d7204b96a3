import { describe, expect, test } from "vitest";
import { putBuffers, takeBuffers } from "../src/buffers.ts";
import type { JsonObject } from "../src/document.ts";
import { MessageError, SyncStateError } from "../src/errors.ts";
import { readFrame, readMessage, readSeed } from "../src/messages.ts";
import { cases, frozen } from "./support/conformance.ts";

const frame = { protocol: 1, kernel: "5b1c", seq: 17, messages: [] };
const patch = { type: "patch", model: "board", epoch: "a1", base: 4, version: 5, operations: [] };
const snapshot = {
  type: "snapshot",
  model: "board",
  epoch: "a1",
  version: 4,
  document: {},
  read_only: [],
  number: 0,
};

const without = (object: object, name: string): object =>
  Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));

describe("a frame", () => {
  test("is read", () => {
    expect(readFrame(frozen({ ...frame, messages: [patch], more: 1 }))).toMatchObject({
      kernel: "5b1c",
      seq: 17,
      messages: [patch],
    });
  });

  test.each<[unknown, string]>([
    [null, "Cannot read the frame: it is null, not an object"],
    ["text", "Cannot read the frame: it is a string, not an object"],
    [[frame], "Cannot read the frame: it is a list, not an object"],
    [
      { ...frame, protocol: 2 },
      "Cannot join a kernel that speaks protocol 2: this page speaks 1; reload the page",
    ],
    [
      without(frame, "protocol"),
      "Cannot join a kernel that speaks protocol undefined: this page speaks 1; reload the page",
    ],
    [without(frame, "kernel"), "Cannot read the frame: 'kernel' is missing"],
    [{ ...frame, seq: -1 }, "Cannot read the frame: 'seq' is a number, not a count"],
    [{ ...frame, seq: "1" }, "Cannot read the frame: 'seq' is a string, not a count"],
    [{ ...frame, messages: {} }, "Cannot read the frame: 'messages' is an object, not a list"],
    [
      Object.create(frame),
      "Cannot join a kernel that speaks protocol undefined: this page speaks 1; reload the page",
    ],
  ])("%j is refused", (data, sentence) => {
    expect(() => readFrame(data)).toThrow(MessageError);
    expect(() => readFrame(data)).toThrow(sentence);
  });
});

describe("a message", () => {
  test.each<[object]>([
    [{ type: "ready", models: [{ model: "board", epoch: "a1" }] }],
    [{ type: "ready", models: [] }],
    [snapshot],
    [{ ...snapshot, to: "d2" }],
    [patch],
    [
      {
        ...patch,
        operations: [{ op: "remove", path: "/n" }],
        replaced: ["/rows"],
        replica: "d2",
        number: 1,
        to: "d2",
      },
    ],
    [{ type: "reject", model: "board", epoch: "a1", version: 5, replica: "d2", number: 2, reason: "no" }],
    [
      {
        type: "reject",
        model: "board",
        epoch: "a1",
        version: 5,
        replica: "d2",
        number: 2,
        reason: "no",
        error: "TraitError",
        pointer: "/n",
      },
    ],
    [{ type: "closed", model: "board", reason: "gone" }],
  ])("%j is read", (message) => {
    expect(readMessage(frozen(message))).toBe(message);
  });

  test("of a type that nobody knows yet is nobody's", () => {
    expect(readMessage({ type: "rumour" })).toBeUndefined();
    expect(readMessage({ type: "constructor" })).toBeUndefined();
    expect(readMessage({ type: "__proto__" })).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [null, "Cannot read a message: 'type' is missing"],
    ["patch", "Cannot read a message: 'type' is missing"],
    [{}, "Cannot read a message: 'type' is missing"],
    [{ type: 1 }, "Cannot read a message: 'type' is missing"],
    [Object.create(patch), "Cannot read a message: 'type' is missing"],
    ...["model", "epoch", "base", "version", "operations"].map((name): [object, string] => [
      without(patch, name),
      `Cannot read message 'patch': '${name}' is missing`,
    ]),
    ...["model", "epoch", "version", "document", "read_only", "number"].map((name): [object, string] => [
      without(snapshot, name),
      `Cannot read message 'snapshot': '${name}' is missing`,
    ]),
    [{ ...patch, base: 1.5 }, "Cannot read message 'patch': 'base' is a number, not a count"],
    [{ ...patch, base: null }, "Cannot read message 'patch': 'base' is null, not a count"],
    [{ ...patch, model: 7 }, "Cannot read message 'patch': 'model' is a number, not text"],
    [{ ...patch, to: 7 }, "Cannot read message 'patch': 'to' is a number, not text"],
    [{ ...patch, replaced: ["/a", 7] }, "Cannot read message 'patch': 'replaced' is a number, not text"],
    [
      { ...patch, operations: [{ op: "inc", path: "/n" }] },
      "Cannot read message 'patch': 'operations' is no patch: Cannot read operation 0 of the patch",
    ],
    [{ ...patch, operations: {} }, "Cannot read message 'patch': 'operations' is no patch"],
    [{ ...snapshot, document: [] }, "Cannot read message 'snapshot': 'document' is a list, not an object"],
    [{ ...snapshot, read_only: "n" }, "Cannot read message 'snapshot': 'read_only' is a string, not a list"],
    [
      { type: "ready", models: [{ model: "board" }] },
      "Cannot read message 'ready': 'models' 'epoch' is missing",
    ],
    [
      { type: "ready", models: ["board"] },
      "Cannot read message 'ready': 'models' is a string, not an object",
    ],
  ])("%j is refused", (message, sentence) => {
    expect(() => readMessage(message)).toThrow(MessageError);
    expect(() => readMessage(message)).toThrow(sentence);
  });
});

test("what is embedded in an output is read, or is nothing", () => {
  const bundle = {
    protocol: 1,
    model: "board",
    epoch: "a1",
    version: 4,
    class: "Board",
    read_only: ["n"],
    document: { n: 1 },
    esm: "",
  };

  expect(readSeed(bundle)).toBe(bundle);
  expect(readSeed(without(bundle, "document"))).toBeDefined();
  for (const wrong of [
    undefined,
    null,
    "x",
    { ...bundle, protocol: 2 },
    without(bundle, "epoch"),
    { ...bundle, document: 1 },
  ]) {
    expect(readSeed(wrong)).toBeUndefined();
  }
});

describe("the bytes of a frame", () => {
  const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
  const full = (): JsonObject =>
    frozen({ seq: 1, messages: [{ value: bytes(1, 2), "a/b": [null, bytes(3)], text: "x" }] });

  test("travel as buffers and come back to their places", () => {
    const { frame, buffers } = takeBuffers(full());

    expect(JSON.parse(JSON.stringify(frame))).toEqual(frame);
    expect(frame).toMatchObject({ messages: [{ value: null, "a/b": [null, null] }] });
    expect(new Set(frame.buffers as string[])).toEqual(new Set(["/messages/0/value", "/messages/0/a~1b/1"]));
    expect(putBuffers(frozen(frame), buffers)).toMatchObject(full());
  });

  test("are copied: a comm may send them later", () => {
    const value = bytes(1);
    const { buffers } = takeBuffers({ value });

    value[0] = 9;

    expect(new Uint8Array(buffers[0] as ArrayBuffer)).toEqual(bytes(1));
  });

  test("of a part of a larger buffer are that part", () => {
    const { buffers } = takeBuffers({ value: new Uint8Array([0, 1, 2, 3]).subarray(1, 3) });
    const view = new DataView(new Uint8Array([0, 1, 2, 3]).buffer, 1, 2);

    expect(new Uint8Array(buffers[0] as ArrayBuffer)).toEqual(bytes(1, 2));
    expect(putBuffers({ value: null, buffers: ["/value"] }, [view])).toMatchObject({ value: bytes(1, 2) });
  });

  test("leave a frame that has none as it is", () => {
    expect(takeBuffers(frame)).toEqual({ frame, buffers: [] });
    expect(takeBuffers(frame).frame).toBe(frame);
    expect(putBuffers(frame, [])).toBe(frame);
    expect(putBuffers("no frame", [])).toBe("no frame");
  });

  test.each<[unknown, ArrayBuffer[]]>([
    [{ a: null, buffers: ["/a"] }, []],
    [{ a: null, buffers: [] }, [new ArrayBuffer(1)]],
    [{ a: null }, [new ArrayBuffer(1)]],
    [{ a: null, buffers: "/a" }, [new ArrayBuffer(1)]],
    [{ a: null, buffers: ["/b"] }, [new ArrayBuffer(1)]],
    [{ a: null, buffers: ["a"] }, [new ArrayBuffer(1)]],
    [{ a: null, buffers: [7] }, [new ArrayBuffer(1)]],
    [{ a: {}, buffers: ["/__proto__/x"] }, [new ArrayBuffer(1)]],
    [null, [new ArrayBuffer(1)]],
  ])("must fit what came: %j", (data, buffers) => {
    expect(() => putBuffers(data, buffers)).toThrow(SyncStateError);
    expect({}).not.toHaveProperty("x");
  });

  test("are found however deep they are", () => {
    const deep = { value: JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) } as JsonObject;

    expect(takeBuffers(deep).buffers).toEqual([]);
  });
});

interface ViewCase {
  comment: string;
  message: JsonObject;
  error?: string;
}

test.each(cases<ViewCase>("views"))("$comment", ({ message, error }) => {
  if (error === undefined) expect(readMessage(message)).toBe(message);
  else expect(() => readMessage(message)).toThrow(error);
});
