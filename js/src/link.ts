/**
 * Floor 8. Many models over one transport.
 *
 * The link gives each model on screen its replica, brings the kernel's messages to them, and sends what
 * they answer: all that is said within one turn of the event loop leaves as one frame, and one `hello` for all
 * that is shown before the next picture. It notices when frames were lost, the kernel is another one or does
 * not answer, and says `hello` again.
 *
 * @module
 */

import { type Buffer, putBuffers, takeBuffers } from "./buffers.ts";
import { Calls } from "./calls.ts";
import { isObject, type JsonObject, own } from "./document.ts";
import {
  type Drawing,
  type Edit,
  type KernelFrame,
  type KernelMessage,
  type PageMessage,
  PROTOCOL,
  readFrame,
  readMessage,
  readSeed,
  type Seed,
  type Told,
  type VersionNote,
} from "./messages.ts";
import { Model } from "./model.ts";
import { beforePaint } from "./paint.ts";
import { Assembly } from "./parts.ts";
import { Patience, type Reminder } from "./patience.ts";
import { Replica } from "./replica.ts";
import type { Transport } from "./transports/transport.ts";
import { cut, LIMIT } from "./uploads.ts";

// A model on screen.
interface Entry {
  readonly replica: Replica;
  readonly model: Model;
  readonly calls: Calls;
  /** How many views show it. */
  views: number;
  /** Whether it has said hello. */
  isKnown: boolean;
}

/** Return the state that is embedded in an output, or nothing if this page cannot read it. */
export function seedOf(bundle: unknown): Seed | undefined {
  try {
    return readSeed(putBuffers(bundle, []));
  } catch {
    return undefined;
  }
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
  readonly #patience = new Patience<Entry>((entry, reminder) => this.#remind(entry, reminder));
  readonly #assembly = new Assembly();
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
    transport.onClose = (reason) => this.#shut(reason);
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
    beforePaint(this.#schedule); // of all that are shown until then in one frame
    return entry.model as unknown as Model<State>;
  }

  /** Give back a model; with the last view of it, and its last edit answered, the kernel is told `bye`. */
  release(model: Pick<Model, "key">): void {
    this.#each((entry) => {
      if (entry.model !== model) return;
      entry.views -= 1;
      this.#leave(entry);
    });
  }

  /** Show everything as old, and say why: the kernel cannot be heard. */
  stale(reason: string): void {
    this.#obstacle = reason;
    this.#outgoing = [];
    this.#patience.clear();
    this.#each(({ replica, calls }) => {
      calls.abandon(reason);
      replica.stale(reason);
    });
  }

  /** Say hello for everything on screen: the transport was opened anew. */
  reopen(): void {
    this.#obstacle = undefined;
    this.#sent = 0;
    this.#heard = undefined;
    this.#assembly.clear();
    this.#hello();
  }

  /** Close the transport; every model is closed with it. */
  close(reason = "the page closed the connection"): void {
    this.#shut(reason);
    this.#transport.close();
  }

  #shut(reason: string): void {
    this.#patience.clear();
    this.#each(({ replica }) => replica.close(reason));
  }

  #enter(key: string | undefined, bundle: unknown): Entry {
    const replica = new Replica(this.id, {
      model: key,
      seed: seedOf(bundle),
      number: this.#numbers.get(key ?? ""),
    });
    const calls = new Calls(replica, (messages) => this.#post(messages));
    const model = new Model(replica, (messages) => this.#say(entry, messages), calls);
    const entry: Entry = { replica, model, calls, views: 0, isKnown: false };
    this.#entries.set(key, entry);
    if (this.#obstacle !== undefined) replica.stale(this.#obstacle);
    return entry;
  }

  // A view may go while its last edit is on the way; the model stays until that is answered, or cannot be.
  #leave(entry: Entry): void {
    const { replica, views } = entry;
    const mayBeAnswered = replica.status === "live" || replica.status === "connecting";
    if (views > 0 || (mayBeAnswered && replica.isPending)) return;
    this.#entries.delete(replica.model);
    this.#patience.settle(entry);
    if (replica.model !== undefined) {
      if (replica.number > 0) this.#numbers.set(replica.model, replica.number);
      this.#outgoing.push({ type: "bye", model: replica.model });
      this.#schedule();
    }
    replica.close("nobody shows it any more");
  }

  #each(action: (entry: Entry) => unknown): void {
    for (const entry of [...this.#entries.values()]) action(entry);
  }

  #hello(): void {
    this.#each((entry) => {
      entry.isKnown = true;
      this.#say(entry, entry.replica.hello());
    });
  }

  // Whatever comes in, nothing is thrown at the host: some swallow it, others would lose the comm.
  #receive(data: unknown, buffers: readonly Buffer[]): void {
    this.#patience.hear();
    try {
      const frame = readFrame(putBuffers(data, buffers));
      const isRepeated = this.#follow(frame);
      for (const message of frame.messages) this.#read(message, isRepeated);
      if (frame.ack && this.#entries.size > 0) this.#acknowledge(frame.seq);
    } catch (error) {
      this.#miss(error, () => true);
    }
  }

  // The kernel sends no faster than a page draws; one that is not to be seen has nothing to draw.
  #acknowledge(seq: number): void {
    const say = (): void => {
      this.#outgoing.push({ type: "ack", seq });
      this.#schedule();
    };
    if (globalThis.document?.hidden) say();
    else beforePaint(say);
  }

  #read(message: unknown, isRepeated: boolean): void {
    try {
      const known = readMessage(message);
      const whole = known && this.#assembly.take(known, isRepeated);
      if (whole?.type === "message" && isRepeated) return;
      if (whole) this.#route(whole);
      else this.#expect(this.#assembly.model);
    } catch (error) {
      const model = isObject(message) ? own(message, "model") : undefined;
      this.#miss(error, (replica) => model === undefined || replica.model === model);
    }
  }

  // What is still to come of an answer is on its way: it is not asked for again.
  #expect(model: string | undefined): void {
    const entry = this.#entryOf(model);
    if (!entry || !this.#patience.awaits(entry)) return;
    this.#patience.settle(entry);
    this.#patience.ask(entry);
  }

  // Something could not be read. What a model missed by it shows with the next message that can.
  #miss(error: unknown, isConcerned: (replica: Replica) => boolean): void {
    console.error(error);
    this.#each(({ replica }) => isConcerned(replica) && replica.stale((error as Error).message));
  }

  // Notices that the kernel is another one, or that frames were lost; returns whether this one came before.
  #follow({ kernel, seq }: KernelFrame): boolean {
    const isOther = this.#kernel !== undefined && this.#kernel !== kernel;
    const isRepeated = !isOther && this.#heard !== undefined && seq <= this.#heard;
    const isHole = this.#heard !== undefined && seq > this.#heard + 1;
    this.#heard = isOther ? seq : Math.max(seq, this.#heard ?? 0);
    this.#kernel = kernel;
    this.#obstacle = undefined;
    if (isOther) this.#each((entry) => this.#restart(entry));
    if (isOther || isHole) {
      // what is in this frame has not been read yet
      queueMicrotask(() => this.#each(({ calls }) => calls.abandon(isOther ? RESTARTED : MISSED)));
      this.#assembly.clear();
      this.#hello();
    }
    return isRepeated;
  }

  // What another process draws it by, that process says.
  #restart({ replica, model }: Entry): void {
    replica.stale(RESTARTED);
    model.redraw(undefined);
  }

  #route(message: Told): void {
    if (message.type === "ready") this.#each((entry) => this.#tell(entry, message));
    else if (message.type === "view") this.#redraw(message);
    else {
      const entry = this.#entryOf(message.model);
      if (message.type === "result" || message.type === "progress") {
        if (message.to === this.id) entry?.calls.receive(message);
      } else if (message.type === "message") entry?.calls.receive(message);
      else if (entry && message.type === "version") this.#compare(entry, message);
      else if (entry) this.#tell(entry, message as KernelMessage);
    }
  }

  #redraw({ models, to = this.id, esm, css, file }: Drawing): void {
    if (to !== this.id) return;
    for (const { model } of models) this.#entryOf(model)?.model.redraw({ esm, css, file });
  }

  #entryOf(model: string | undefined): Entry | undefined {
    return this.#entries.get(model) ?? this.#entries.get(undefined);
  }

  // The kernel is at work, and may not hear a hello: a page that has an old state says so.
  #compare(entry: Entry, { epoch, version }: VersionNote): void {
    const { replica } = entry;
    if (replica.status === "closed" || (replica.epoch === epoch && replica.version >= version)) return;
    replica.stale(BEHIND);
    const hello = replica.hello();
    if (!this.#patience.awaits(entry)) this.#say(entry, hello);
  }

  #tell(entry: Entry, message: KernelMessage): void {
    if (this.#isAnswer(entry, message)) this.#patience.settle(entry);
    this.#say(entry, entry.replica.receive(message));
    if (entry.replica.isPending && entry.replica.status === "live") this.#patience.ask(entry);
    if (this.#entries.get(undefined) === entry && entry.replica.model !== undefined) {
      this.#entries.delete(undefined);
      this.#entries.set(entry.replica.model, entry);
    }
    this.#leave(entry);
  }

  // A snapshot for all answers a page that was not live; to a live one it says nothing of its edits.
  #isAnswer({ replica }: Entry, message: KernelMessage): boolean {
    if (message.type === "ready") return false;
    if ("replica" in message && message.replica === this.id) return true;
    if ("to" in message) return message.to === this.id;
    return message.type === "closed" || (message.type === "snapshot" && replica.status !== "live");
  }

  // Says hello for a model with what it has, though it goes on with what it hears: the answer settles its edits.
  #remind(entry: Entry, { repeats, isSilent }: Reminder): void {
    const { replica } = entry;
    if (isSilent) replica.stale(SILENT);
    this.#leave(entry);
    if (!this.#patience.awaits(entry)) return;
    if (repeats > 0) this.#transport.renew?.();
    this.#say(entry, replica.greeting());
  }

  #say(entry: Entry, messages: readonly PageMessage[]): void {
    if (messages.length > 0 && this.#post(messages)) this.#patience.ask(entry);
  }

  // Returns whether they can be sent.
  #post(messages: readonly PageMessage[]): boolean {
    if (this.#obstacle !== undefined) return false;
    this.#outgoing.push(...messages);
    this.#schedule();
    return true;
  }

  readonly #schedule = (): void => {
    if (!this.#isFlushing) queueMicrotask(() => this.#flush());
    this.#isFlushing = true;
  };

  #flush(): void {
    this.#isFlushing = false;
    if (this.#obstacle !== undefined) return;
    for (const entry of this.#entries.values()) {
      if (!entry.isKnown && entry.replica.status !== "live") this.#say(entry, entry.replica.hello());
      entry.isKnown = true;
    }
    const messages = this.#outgoing;
    this.#outgoing = [];
    if (messages.length > 0) this.#send(messages);
  }

  #send(messages: readonly PageMessage[]): void {
    const whole = { protocol: PROTOCOL, replica: this.id, seq: this.#sent + 1, messages };
    const { frame, buffers } = takeBuffers(whole as unknown as JsonObject);
    const parcels = cut(frame, buffers, randomId());
    if (parcels.length === 0) this.#shrink(messages);
    this.#sent += parcels.length;
    try {
      for (const parcel of parcels) this.#transport.send(parcel.frame, parcel.buffers);
    } catch (error) {
      this.stale((error as Error).message);
    }
  }

  // No kernel takes so much in one frame, and of one edit that is too large none ever will.
  #shrink(messages: readonly PageMessage[]): void {
    for (const message of messages) {
      if (messages.length > 1) this.#send([message]);
      else if (message.type === "edit") this.#refuse(message);
      else if (message.type === "call") this.#entryOf(message.model)?.calls.abandon(TOO_LARGE, message.call);
      else if (message.type === "message") this.#entryOf(message.model)?.calls.refuse(TOO_LARGE);
    }
  }

  #refuse(edit: Edit): void {
    const entry = this.#entries.get(edit.model);
    const reason = `Cannot send the edit: it has more than ${LIMIT / 2 ** 20} MiB; make it in smaller steps`;
    const refusal = { type: "reject", error: "MessageError", replica: this.id, version: edit.base } as const;
    if (entry) this.#tell(entry, { ...edit, ...refusal, reason });
  }
}

const TOO_LARGE = `it has more than ${LIMIT / 2 ** 20} MiB`;
const SILENT = "The kernel does not answer; it may be busy. Your changes wait and are sent when it does";
const BEHIND =
  "The kernel is busy, and this is an old state. It is brought up to date when the kernel answers";
const MISSED = "frames of the kernel were lost";
const RESTARTED = "the kernel was restarted; run the cell again to make this live";

function randomId(): string {
  // not randomUUID: a page that was served without TLS has none
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number.toString(16).padStart(8, "0");
}
