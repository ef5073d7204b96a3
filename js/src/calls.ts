/**
 * Floor 6. The calls of actions that one model has under way (`docs/protocol.md`, rule 4.14).
 *
 * A call is sent once, behind the edits that were made before it. It ends when the kernel says how, when its
 * caller takes it back, or when nobody can know any more what becomes of it.
 *
 * @module
 */

import type { Json, JsonObject } from "./document.ts";
import { ActionError, SessionClosed } from "./errors.ts";
import type { CallMessage, PageMessage, Progress, Result } from "./messages.ts";
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
  isSent: boolean;
}

/** The calls of one model. */
export class Calls {
  readonly #replica: Replica;
  readonly #send: (messages: readonly PageMessage[]) => boolean;
  readonly #calls = new Map<string, Call>();

  /** Make the calls of a replica's model; `send` takes the messages that they make, unless nothing can be sent. */
  constructor(replica: Replica, send: (messages: readonly PageMessage[]) => boolean) {
    this.#replica = replica;
    this.#send = send;
  }

  /** Call an action; what is wrong with the call rejects the promise. */
  async start(name: string, given: readonly unknown[], options: CallOptions): Promise<Json> {
    const { signal, onProgress, keywords } = options;
    const { model, epoch, status, reason } = this.#replica;
    signal?.throwIfAborted();
    if (status === "closed") throw unsent(name, reason);
    if (model === undefined || epoch === undefined)
      throw unsent(name, "the state of the model has not come yet");
    const sent = copy({ arguments: given, ...(keywords && { keywords }) }) as JsonObject;
    count += 1;
    const message = { type: "call", model, epoch, call: `${count}`, name, ...sent } as unknown as CallMessage;
    const ended = new AbortController(); // a view's signal outlives its calls
    const answer = new Promise<Json>((settle, fail) => {
      const call: Call = { message, onProgress, settle, fail, isSent: false };
      this.#calls.set(message.call, call);
      signal?.addEventListener("abort", () => this.#cancel(call, signal.reason), { signal: ended.signal });
      this.#flush();
    });
    return answer.finally(() => ended.abort());
  }

  /** Take note that something is another one: send what waits, and give up what cannot be answered any more. */
  follow(): void {
    if (this.#calls.size > 0) queueMicrotask(() => this.#flush()); // behind what is sent in this turn
  }

  /** Take what the kernel says of a call. */
  receive(message: Progress | Result): void {
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

  /** Give up all calls, or one: nobody can know any more what becomes of it. */
  abandon(reason: string, id?: string): void {
    for (const call of this.#calls.values()) {
      const { name, call: own } = call.message;
      if (id !== undefined && id !== own) continue;
      this.#calls.delete(own);
      call.fail(call.isSent && id === undefined ? lost(name, reason) : unsent(name, reason));
    }
  }

  #cancel({ message: { model, call }, fail, isSent }: Call, reason: unknown): void {
    if (!this.#calls.delete(call)) return;
    if (isSent) this.#send([{ type: "cancel", model, call }]);
    fail(reason);
  }

  // Sends what waits, unless edits wait in front of it.
  #flush(): void {
    const { status, reason, epoch, isBehind } = this.#replica;
    const calls = [...this.#calls.values()];
    if (status === "closed") this.abandon(reason);
    else if (calls.some(({ message }) => message.epoch !== epoch)) this.abandon("the model was created anew");
    else if (!isBehind) {
      const waiting = calls.filter(({ isSent }) => !isSent);
      if (waiting.length > 0 && !this.#send(waiting.map(({ message }) => message))) this.abandon(reason);
      for (const call of waiting) call.isSent = true;
    }
  }
}

let count = 0;

const unsent = (name: string, reason: string): SessionClosed =>
  new SessionClosed(`Cannot call '${name}': ${reason}; it has not run`);
const lost = (name: string, reason: string): SessionClosed =>
  new SessionClosed(`Cannot tell what became of '${name}': ${reason}; it may have run`);
