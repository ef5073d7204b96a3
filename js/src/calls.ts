/**
 * Floor 6. What one model's views say to the kernel beside edits: calls of actions, which are answered, and
 * messages, which are not (`docs/protocol.md`, rules 4.14 and 4.15).
 *
 * A call is sent once, behind the edits that were made before it. It ends when the kernel says how, when its
 * caller takes it back, or when nobody can know any more what becomes of it.
 *
 * @module
 */

import { type Buffer, bytes } from "./buffers.ts";
import type { Json, JsonObject } from "./document.ts";
import { ActionError, SessionClosed } from "./errors.ts";
import type { CallMessage, CustomMessage, PageMessage, Progress, Result } from "./messages.ts";
import type { Replica } from "./replica.ts";
import { copy } from "./values.ts";

/** What a caller may say of a call besides its arguments. */
export interface CallOptions {
  /** Takes the call back: the action is cancelled in the kernel, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with how far the action is, from 0 to 1, or `null` if it does not know, and with what it is doing. */
  readonly onProgress?: ((value: number | null, text?: string) => void) | undefined;
  /** Arguments by name. */
  readonly keywords?: Readonly<Record<string, unknown>> | undefined;
}

interface Call {
  readonly message: CallMessage;
  readonly onProgress: CallOptions["onProgress"];
  readonly settle: (value: Json) => void;
  readonly fail: (reason: unknown) => void;
}

/** The calls and messages of one model. */
export class Calls {
  readonly #replica: Replica;
  readonly #send: (messages: readonly PageMessage[]) => boolean;
  readonly #calls = new Map<string, Call>();
  // What is to leave when no edit is in front of it any more.
  #waiting: (CallMessage | CustomMessage)[] = [];
  /** Takes each message of the kernel. */
  onMessage: ((message: CustomMessage) => void) | undefined;

  /** Make the calls of a replica's model; `send` takes the messages that they make, unless nothing can be sent. */
  constructor(replica: Replica, send: (messages: readonly PageMessage[]) => boolean) {
    this.#replica = replica;
    this.#send = send;
  }

  /** Call an action; what is wrong with the call rejects the promise. */
  async start(name: string, given: readonly unknown[], options: CallOptions): Promise<Json> {
    const { signal, onProgress, keywords } = options;
    signal?.throwIfAborted();
    const id = this.#identify((why) => unsent(name, why));
    const sent = copy({ arguments: given, ...(keywords && { keywords }) }) as JsonObject;
    count += 1;
    const message = { type: "call", ...id, call: `${count}`, name, ...sent } as unknown as CallMessage;
    const ended = new AbortController(); // a view's signal outlives its calls
    const answer = new Promise<Json>((settle, fail) => {
      const call: Call = { message, onProgress, settle, fail };
      this.#calls.set(message.call, call);
      this.#waiting.push(message);
      signal?.addEventListener("abort", () => this.#cancel(call, signal.reason), { signal: ended.signal });
      this.#flush();
    });
    return answer.finally(() => ended.abort());
  }

  /**
   * Send a message, behind the edits that were made before it: once, or not at all.
   *
   * @throws {SessionClosed} if nobody is there to hear it
   */
  say(content: unknown, buffers: readonly Buffer[]): void {
    const id = this.#identify(unsaid);
    const message: CustomMessage = { type: "message", ...id, content: copy(content) };
    const copies = buffers.map((buffer) => bytes(buffer).slice());
    this.#waiting.push(copies.length > 0 ? { ...message, buffers: copies } : message);
    this.#flush();
  }

  #identify(error: (why: string) => Error): { model: string; epoch: string } {
    const { model, epoch, status, reason } = this.#replica;
    if (status === "closed") throw error(reason);
    if (model === undefined || epoch === undefined) throw error("the state of the model has not come yet");
    return { model, epoch };
  }

  /** Take note that something is another one: send what waits, and give up what cannot be answered any more. */
  follow(): void {
    if (this.#calls.size + this.#waiting.length > 0) queueMicrotask(() => this.#flush()); // behind what is sent in this turn
  }

  /** Take what the kernel says of a call, or beside the state. */
  receive(message: Progress | Result | CustomMessage): void {
    if (message.type === "message") {
      if (message.epoch === this.#replica.epoch) this.onMessage?.(message);
      return;
    }
    const call = this.#calls.get(message.call);
    if (!call) return;
    if (message.type === "progress") {
      const { value, text } = message;
      queueMicrotask(() => call.onProgress?.(value, text)); // what it throws is not the link's
      return;
    }
    this.#calls.delete(message.call);
    const { value = null, error } = message;
    if (error) call.fail(new ActionError(error.type, error.text, error.pointer));
    else call.settle(value);
  }

  /** Give up all calls, or one: nobody can know any more what becomes of it. What waits is not sent. */
  abandon(reason: string, id?: string): void {
    const waiting = this.#waiting;
    for (const call of this.#calls.values()) {
      const { name, call: own } = call.message;
      if (id !== undefined && id !== own) continue;
      this.#calls.delete(own);
      const isSent = id === undefined && !waiting.includes(call.message);
      call.fail(isSent ? lost(name, reason) : unsent(name, reason));
    }
    if (id !== undefined) return;
    this.#waiting = [];
    if (waiting.some(isMessage)) this.refuse(reason);
  }

  /** Tell that a message could not be sent. */
  refuse(reason: string): void {
    const error = unsaid(reason);
    this.#replica.onTrouble?.({ reason: error.message, error: error.name, operations: [], cause: error });
  }

  #cancel({ message, fail }: Call, reason: unknown): void {
    const { model, call } = message;
    if (!this.#calls.delete(call)) return;
    const waiting = this.#waiting.filter((other) => other !== message);
    if (waiting.length === this.#waiting.length) this.#send([{ type: "cancel", model, call }]);
    this.#waiting = waiting;
    fail(reason);
  }

  // Sends what waits, unless edits wait in front of it.
  #flush(): void {
    const { status, reason, epoch, isBehind } = this.#replica;
    const all = [...this.#waiting, ...[...this.#calls.values()].map(({ message }) => message)];
    if (status === "closed") this.abandon(reason);
    else if (all.some((message) => message.epoch !== epoch)) this.abandon("the model was created anew");
    else if (!isBehind && this.#waiting.length > 0) {
      if (!this.#send(this.#waiting)) this.abandon(reason);
      this.#waiting = [];
    }
  }
}

let count = 0;

const isMessage = ({ type }: PageMessage): boolean => type === "message";

const unsaid = (reason: string): SessionClosed => new SessionClosed(`Cannot send a message: ${reason}`);
const unsent = (name: string, reason: string): SessionClosed =>
  new SessionClosed(`Cannot call '${name}': ${reason}; it has not run`);
const lost = (name: string, reason: string): SessionClosed =>
  new SessionClosed(`Cannot tell what became of '${name}': ${reason}; it may have run`);
