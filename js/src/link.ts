/**
 * Floor 8. Many models over one transport.
 *
 * The link gives each model on screen its replica, brings the kernel's messages to them, and sends what
 * they answer: all that is said within one turn of the event loop leaves as one frame. It notices when
 * frames were lost or the kernel is another one, and says `hello` again.
 *
 * @module
 */

import { type Buffer, putBuffers, takeBuffers } from "./buffers.ts";
import { isObject, type JsonObject, own } from "./document.ts";
import {
  type KernelFrame,
  type KernelMessage,
  type PageMessage,
  PROTOCOL,
  readFrame,
  readMessage,
  readSeed,
} from "./messages.ts";
import { Model } from "./model.ts";
import { Replica } from "./replica.ts";
import type { Transport } from "./transports/transport.ts";

// A model on screen.
interface Entry {
  readonly replica: Replica;
  readonly model: Model;
  /** How many views show it. */
  views: number;
  /** Whether it has said hello. */
  isKnown: boolean;
}

/** The models of one kernel, as one page has them. */
export class Link {
  /** The id that signs what this page sends. */
  readonly id: string = randomId();
  readonly #transport: Transport;
  // A plain comm may bring a model whose key is not known yet; it stands under undefined.
  readonly #entries = new Map<string | undefined, Entry>();
  // The number of the last edit of models that are no longer shown: numbers never begin anew.
  readonly #numbers = new Map<string, number>();
  #outgoing: PageMessage[] = [];
  #isFlushing = false;
  #sent = 0;
  #heard: number | undefined;
  #kernel: string | undefined;
  // Why nothing can be sent, if so.
  #obstacle: string | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.onFrame = (frame, buffers) => this.#receive(frame, buffers);
    transport.onClose = (reason) => this.#each(({ replica }) => replica.close(reason));
  }

  /**
   * Return the model of a key, one for all who ask; each that asked calls {@link release} when it is done.
   *
   * @param key - may be left out on a plain comm, which carries one model
   * @param bundle - what is embedded in an output: shown until the kernel is heard
   */
  model<State = JsonObject>(key?: string, bundle?: unknown): Model<State> {
    const entry = this.#entries.get(key) ?? this.#enter(key, bundle);
    entry.views += 1;
    entry.isKnown = false; // if it is not live by then, hello is said (again)
    this.#schedule();
    return entry.model as unknown as Model<State>;
  }

  /** Give back a model; with the last view of it, and its last edit answered, the kernel is told `bye`. */
  release(model: Pick<Model, "key">): void {
    for (const entry of this.#entries.values()) {
      if (entry.model !== model) continue;
      entry.views -= 1;
      this.#leave(entry);
    }
  }

  /** Show everything as old, and say why: the kernel cannot be heard. */
  stale(reason: string): void {
    this.#obstacle = reason;
    this.#outgoing = [];
    this.#each(({ replica }) => replica.stale(reason));
  }

  /** Say hello for everything on screen: the transport was opened anew. */
  reopen(): void {
    this.#obstacle = undefined;
    this.#sent = 0;
    this.#heard = undefined;
    this.#hello();
  }

  /** Close the transport; every model is closed with it. */
  close(reason = "the page closed the connection"): void {
    this.#each(({ replica }) => replica.close(reason));
    this.#transport.close();
  }

  #enter(key: string | undefined, bundle: unknown): Entry {
    const replica = new Replica(this.id, {
      model: key,
      seed: readSeed(bundle),
      number: this.#numbers.get(key ?? ""),
    });
    const model = new Model(replica, (messages) => this.#say(messages));
    const entry = { replica, model, views: 0, isKnown: false };
    this.#entries.set(key, entry);
    if (this.#obstacle !== undefined) replica.stale(this.#obstacle);
    return entry;
  }

  // A view may go while its last edit is on the way; the model stays until that is answered.
  #leave(entry: Entry): void {
    const { replica, views } = entry;
    if (views > 0 || (replica.status === "live" && replica.pending.length > 0)) return;
    this.#entries.delete(replica.model);
    if (replica.model !== undefined) {
      this.#numbers.set(replica.model, replica.number);
      this.#say([{ type: "bye", model: replica.model }]);
    }
    replica.close("nobody shows it any more");
  }

  #each(action: (entry: Entry) => unknown): void {
    for (const entry of [...this.#entries.values()]) action(entry);
  }

  #hello(): void {
    this.#each((entry) => {
      entry.isKnown = true;
      this.#say(entry.replica.hello());
    });
  }

  // Whatever comes in, nothing is thrown at the host: some swallow it, others would lose the comm.
  #receive(data: unknown, buffers: readonly Buffer[]): void {
    try {
      const frame = readFrame(putBuffers(data, buffers));
      this.#follow(frame);
      for (const message of frame.messages) this.#read(message);
    } catch (error) {
      this.#miss(error, () => true);
    }
  }

  #read(message: unknown): void {
    try {
      const known = readMessage(message);
      if (known) this.#route(known);
    } catch (error) {
      const model = isObject(message) ? own(message, "model") : undefined;
      this.#miss(error, (replica) => replica.model === model);
    }
  }

  // Something could not be read. What a model missed by it shows with the next message that can.
  #miss(error: unknown, isConcerned: (replica: Replica) => boolean): void {
    console.error(error);
    this.#each(({ replica }) => isConcerned(replica) && replica.stale((error as Error).message));
  }

  // Notices that the kernel is another one, or that frames were lost.
  #follow({ kernel, seq }: KernelFrame): void {
    const isOther = this.#kernel !== undefined && this.#kernel !== kernel;
    const isHole = this.#heard !== undefined && seq > this.#heard + 1;
    this.#heard = isOther ? seq : Math.max(seq, this.#heard ?? 0);
    this.#kernel = kernel;
    this.#obstacle = undefined;
    if (isOther) this.#each(({ replica }) => replica.stale(RESTARTED));
    if (isOther || isHole) this.#hello();
  }

  #route(message: KernelMessage): void {
    if (message.type === "ready") this.#each((entry) => this.#tell(entry, message));
    else {
      const entry = this.#entries.get(message.model) ?? this.#entries.get(undefined);
      if (entry) this.#tell(entry, message);
    }
  }

  #tell(entry: Entry, message: KernelMessage): void {
    this.#say(entry.replica.receive(message));
    if (this.#entries.get(undefined) === entry && entry.replica.model !== undefined) {
      this.#entries.delete(undefined);
      this.#entries.set(entry.replica.model, entry);
    }
    this.#leave(entry);
  }

  #say(messages: readonly PageMessage[]): void {
    this.#outgoing.push(...messages);
    if (messages.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (!this.#isFlushing) queueMicrotask(() => this.#flush());
    this.#isFlushing = true;
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#obstacle !== undefined) return;
    for (const entry of this.#entries.values()) {
      if (!entry.isKnown && entry.replica.status !== "live") this.#outgoing.push(...entry.replica.hello());
      entry.isKnown = true;
    }
    const messages = this.#outgoing;
    this.#outgoing = [];
    if (messages.length > 0) this.#send(messages);
  }

  #send(messages: readonly PageMessage[]): void {
    this.#sent += 1;
    const whole = { protocol: PROTOCOL, replica: this.id, seq: this.#sent, messages };
    const { frame, buffers } = takeBuffers(whole as unknown as JsonObject);
    try {
      this.#transport.send(frame, buffers);
    } catch (error) {
      this.stale((error as Error).message);
    }
  }
}

const RESTARTED = "the kernel was restarted; run the cell again to make this live";

function randomId(): string {
  // not randomUUID: a page that was served without TLS has none
  return [...crypto.getRandomValues(new Uint8Array(4))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
