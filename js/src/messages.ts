/**
 * Floor 4. The wire format: one type for each message of `docs/protocol.md`, and the reading of a frame.
 *
 * {@link readFrame} and {@link readMessage} are the one door for what comes from a kernel: after them every
 * member that a message needs is there and has its shape.
 *
 * @module
 */

import {
  isBytes,
  isList,
  isObject,
  type Json,
  type JsonList,
  type JsonObject,
  kind,
  nestsDeeper,
  own,
  show,
} from "./document.ts";
import { MessageError, type SyncStateError } from "./errors.ts";
import { check, type Patch } from "./patch.ts";
import { MAX_DEPTH } from "./values.ts";

/** The number of the wire format. */
export const PROTOCOL = 1;

/** How deep a frame may nest: beyond it, what recurses here or in an author's code would end in the middle. */
export const FRAME_DEPTH: number = 2 * MAX_DEPTH;

/** Models were published, or the link was just opened. */
export interface Ready {
  readonly type: "ready";
  readonly models: readonly { readonly model: string; readonly epoch: string }[];
}

/** A whole document at a version. */
export interface Snapshot {
  readonly type: "snapshot";
  readonly model: string;
  readonly epoch: string;
  readonly version: number;
  readonly document: JsonObject;
  /** The members that a page may not write. */
  readonly read_only: readonly string[];
  /** The last edit of replica `to` that was answered. */
  readonly number: number;
  readonly to?: string;
  /** How many parts follow. */
  readonly parts?: number;
}

/** Operations that lead from version `base` to `version`. */
export interface PatchMessage {
  readonly type: "patch";
  readonly model: string;
  readonly epoch: string;
  readonly base: number;
  readonly version: number;
  readonly operations: Patch;
  /** Locations that count as replaced, though the operations say less. */
  readonly replaced?: readonly string[];
  /** Whose edit it was; with `to`, the last edit of that replica that was answered. */
  readonly replica?: string;
  readonly number?: number;
  readonly to?: string;
  /** How many parts follow. */
  readonly parts?: number;
}

/** What the message before it lacks. */
export interface Part {
  readonly type: "part";
  /** Where in that message a list or an object is that goes on with `value`. */
  readonly path: string;
  readonly value: Json;
}

/** An edit was refused; nothing of it happened. */
export interface Reject {
  readonly type: "reject";
  readonly model: string;
  readonly epoch: string;
  readonly version: number;
  readonly replica: string;
  readonly number: number;
  readonly reason: string;
  readonly error?: string;
  readonly pointer?: string;
}

/** The model was closed, or nobody in the kernel knows its key. */
export interface Closed {
  readonly type: "closed";
  readonly model: string;
  readonly reason: string;
  readonly epoch?: string;
  readonly to?: string;
}

/** The kernel is at work, and a document too large to be said to all is at this version. */
export interface VersionNote {
  readonly type: "version";
  readonly model: string;
  readonly epoch: string;
  readonly version: number;
}

/** What draws models from now on: what is left out they have not got. */
export interface Drawing {
  readonly type: "view";
  readonly models: readonly { readonly model: string; readonly epoch: string }[];
  readonly esm?: string;
  readonly css?: string;
  /** The name of the file that the module is from. */
  readonly file?: string;
  readonly to?: string;
}

/** How a call of an action ended. */
export interface Result {
  readonly type: "result";
  readonly model: string;
  readonly epoch: string;
  readonly to: string;
  readonly call: string;
  readonly value?: Json;
  readonly error?: { readonly type: string; readonly text: string; readonly pointer?: string };
}

/** How far a call of an action is, from 0 to 1. */
export interface Progress {
  readonly type: "progress";
  readonly model: string;
  readonly epoch: string;
  readonly to: string;
  readonly call: string;
  readonly value: number | null;
  readonly text?: string;
}

/** What one side has to say to the other beside the state. */
export interface CustomMessage {
  readonly type: "message";
  readonly model: string;
  readonly epoch: string;
  /** Without it, it only says that what came before is to be told now, and not with what comes after. */
  readonly content?: Json;
  readonly buffers?: readonly Uint8Array[];
}

/** What a kernel says to a replica. */
export type KernelMessage = Ready | Snapshot | PatchMessage | Reject | Closed;

/** What a kernel says to a page. */
export type Told = KernelMessage | VersionNote | Drawing | Result | Progress | CustomMessage;

/** The page shows a model, and says what it has of it. */
export interface Hello {
  readonly type: "hello";
  readonly model?: string;
  readonly epoch?: string;
  readonly version?: number;
}

/** One patch of this replica, made against version `base`. */
export interface Edit {
  readonly type: "edit";
  readonly model: string;
  readonly epoch: string;
  readonly base: number;
  readonly number: number;
  readonly operations: Patch;
  readonly undo?: true;
  readonly redo?: true;
}

/** Run an action. */
export interface CallMessage {
  readonly type: "call";
  readonly model: string;
  readonly epoch: string;
  readonly call: string;
  readonly name: string;
  readonly arguments: JsonList;
  readonly keywords?: JsonObject;
}

/** That call is not wanted any more. */
export interface Cancel {
  readonly type: "cancel";
  readonly model: string;
  readonly call: string;
}

/** The page shows a model no longer. */
export interface Bye {
  readonly type: "bye";
  readonly model: string;
}

/** The page has drawn everything up to a frame that asked. */
export interface Ack {
  readonly type: "ack";
  readonly seq: number;
}

/** What a page says. */
export type PageMessage = Hello | Edit | CallMessage | Cancel | CustomMessage | Bye | Ack;

/** A state that a page starts from: what is embedded in an output. */
export interface Seed {
  readonly epoch: string;
  readonly version: number;
  readonly read_only: readonly string[];
  /** Absent when it was too large to embed. */
  readonly document?: JsonObject;
}

/** What a kernel sends in one comm message; each message is still to be read. */
export interface KernelFrame {
  readonly kernel: string;
  readonly seq: number;
  readonly messages: readonly unknown[];
  /** Whether the page is to say when it has drawn all this. */
  readonly ack?: unknown;
}

/** What a page sends in one comm message. */
export interface PageFrame {
  readonly protocol: typeof PROTOCOL;
  readonly replica: string;
  readonly seq: number;
  readonly messages: readonly PageMessage[];
}

/**
 * Return what came from a kernel as a frame; its messages are for {@link readMessage}.
 *
 * @throws {MessageError} if it is no frame, or speaks another protocol
 */
export function readFrame(data: unknown): KernelFrame {
  if (!isObject(data)) throw new MessageError(`Cannot read the frame: it is ${kind(data)}, not an object`);
  const protocol = own(data, "protocol");
  if (protocol !== PROTOCOL) {
    throw new MessageError(
      `Cannot join a kernel that speaks protocol ${show(protocol)}: this page speaks ${PROTOCOL}; reload the page`,
    );
  }
  demand(data, FRAME, "the frame");
  if (nestsDeeper(data, FRAME_DEPTH)) {
    throw new MessageError(`Cannot read the frame: it nests deeper than ${FRAME_DEPTH} levels`);
  }
  return data as unknown as KernelFrame;
}

/**
 * Return a message with everything that its type needs, or nothing if it is of a type that this page does
 * not know: then it is a newer kernel's.
 *
 * @throws {MessageError} if a member is missing or has another shape; the error names it
 */
export function readMessage(message: unknown): Told | Part | undefined {
  const type = isObject(message) ? own(message, "type") : undefined;
  if (typeof type !== "string") throw new MessageError("Cannot read a message: 'type' is missing");
  const shape = own(SHAPES, type);
  if (!shape) return undefined;
  demand(message as JsonObject, shape, `message '${type}'`);
  return message as unknown as Told | Part;
}

/** Return the state that is embedded in an output, or nothing if this page cannot read it. */
export function readSeed(bundle: unknown): Seed | undefined {
  const isReadable = isObject(bundle) && own(bundle, "protocol") === PROTOCOL && !flaw(bundle, SEED);
  return isReadable && !nestsDeeper(bundle, FRAME_DEPTH) ? (bundle as unknown as Seed) : undefined;
}

// A test returns nothing, or what is wrong with a member's value.
type Test = (value: Json) => string | undefined;
type Shape = Readonly<Record<string, Test>>;

const be =
  (what: string, isIt: (value: Json) => boolean): Test =>
  (value) =>
    isIt(value) ? undefined : `is ${kind(value)}, not ${what}`;
const each =
  (test: Test): Test =>
  (value) =>
    list(value) ?? (value as JsonList).map(test).find(Boolean);

const text = be("text", (value) => typeof value === "string");
const count = be("a count", (value) => Number.isSafeInteger(value) && Number(value) >= 0);
const object = be("an object", isObject);
const list = be("a list", isList);
const texts = each(text);
const chunks = each(be("bytes", isBytes));

const MODEL: Shape = { model: text, epoch: text };
const CALL: Shape = { ...MODEL, to: text, call: text };
const models = each((item) => object(item) ?? flaw(item as JsonObject, MODEL));

const operations: Test = (value) => {
  try {
    check(value);
    return undefined;
  } catch (error) {
    return `is no patch: ${(error as SyncStateError).message}`;
  }
};

const FRAME: Shape = { kernel: text, seq: count, messages: list };
const SEED: Shape = { epoch: text, version: count, read_only: texts, "document?": object };

// A member whose name ends with "?" may be absent.
const SHAPES: Readonly<Record<string, Shape>> = {
  ready: { models },
  snapshot: {
    ...MODEL,
    version: count,
    document: object,
    read_only: texts,
    number: count,
    "to?": text,
    "parts?": count,
  },
  patch: {
    ...MODEL,
    base: count,
    version: count,
    operations,
    "replaced?": texts,
    "replica?": text,
    "number?": count,
    "to?": text,
    "parts?": count,
  },
  part: { path: text, value: () => undefined },
  reject: {
    ...MODEL,
    version: count,
    replica: text,
    number: count,
    reason: text,
    "error?": text,
    "pointer?": text,
  },
  closed: { model: text, reason: text, "epoch?": text, "to?": text },
  version: { ...MODEL, version: count },
  view: { models, "esm?": text, "css?": text, "file?": text, "to?": text },
  result: { ...CALL, "error?": object },
  progress: { ...CALL, "text?": text },
  message: { ...MODEL, "content?": () => undefined, "buffers?": chunks },
};

function demand(object: JsonObject, shape: Shape, what: string): void {
  const why = flaw(object, shape);
  if (why) throw new MessageError(`Cannot read ${what}: ${why}`);
}

// Says what is wrong with an object's members, or nothing.
function flaw(object: JsonObject, shape: Shape): string | undefined {
  for (const [key, test] of Object.entries(shape)) {
    const name = key.replace("?", "");
    const value = own(object, name);
    if (value === undefined && name === key) return `'${name}' is missing`;
    const why = value === undefined ? undefined : test(value);
    if (why) return `'${name}' ${why}`;
  }
  return undefined;
}
