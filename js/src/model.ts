/**
 * Floor 7. The page's model: what a view reads, watches and edits.
 *
 * A model is a replica with listeners. Its `state` is immutable, and what did not change in it keeps its
 * identity, so that React, signals and `subscribe` tell by `===` what did. Edits show at once; one that the
 * kernel refuses is taken back and told as an `error` event.
 *
 * @module
 */

import { bind, type Options } from "./bind.ts";
import type { Buffer } from "./buffers.ts";
import type { CallOptions, Calls } from "./calls.ts";
import type { Json, JsonObject } from "./document.ts";
import { type Draft, record } from "./draft.ts";
import { SessionClosed } from "./errors.ts";
import type { PageMessage, Seed } from "./messages.ts";
import { beforePaint } from "./paint.ts";
import type { Patch } from "./patch.ts";
import { find, parse, step } from "./pointer.ts";
import type { Replica, Status, Trouble } from "./replica.ts";
import { copy } from "./values.ts";

/** What a model tells of itself, by the name of the event. */
export interface ModelEvents<State = JsonObject> {
  /** The state, or what the kernel has confirmed of it, is another. */
  change: { readonly state: State; readonly version: number };
  status: { readonly status: Status; readonly reason: string };
  /** The code that draws the model is another: a file was saved, or a cell was run again. */
  view: ViewCode;
  /** The kernel says something beside the state: `model.sync.send` in Python. */
  message: { readonly content: Json; readonly buffers: readonly Uint8Array[] };
  /** An edit was taken back, or something went wrong that nobody else can be told. */
  error: Trouble;
}

/** What an author wrote to draw a model; without a module, one of ours draws it. */
export interface ViewCode {
  readonly esm?: string | undefined;
  readonly css?: string | undefined;
  /** The name of the file that the module is from. */
  readonly file?: string | undefined;
}

type Listener<Event> = (event: Event) => void;

interface Subscription {
  readonly tokens: readonly string[];
  readonly callback: (value: Json | undefined) => void;
  value: Json | undefined;
}

/** One model of the kernel, as a page has it. All views of it on one connection share it. */
export class Model<State = JsonObject> {
  readonly #replica: Replica;
  readonly #send: (messages: readonly PageMessage[]) => void;
  readonly #calls: Calls | undefined;
  readonly #subscriptions = new Set<Subscription>();
  readonly #listeners: { [Name in keyof ModelEvents<State>]: Set<Listener<ModelEvents<State>[Name]>> } = {
    change: new Set(),
    status: new Set(),
    view: new Set(),
    message: new Set(),
    error: new Set(),
  };
  // What was told last, and what is still to be told.
  #told: Told;
  #troubles: Trouble[] = [];
  #code: ViewCode | undefined;

  /** Make a model of a replica; `send` takes the messages that its edits make, `calls` makes those of its actions. */
  constructor(replica: Replica, send: (messages: readonly PageMessage[]) => void, calls?: Calls) {
    this.#replica = replica;
    this.#send = send;
    this.#calls = calls;
    this.#told = { ...replica, document: replica.document };
    replica.onChange = () => {
      calls?.follow();
      beforePaint(this.#tell);
    };
    if (calls)
      calls.onMessage = ({ content, buffers = [] }) => {
        this.#tell(); // it may be about what came before it
        if (content !== undefined) this.#emit("message", { content, buffers });
      };
    replica.onTrouble = (trouble) => {
      this.#troubles.push(trouble);
      beforePaint(this.#tell);
    };
  }

  /** The model's name on the wire; empty while a plain comm has not told it. */
  get key(): string {
    return this.#replica.model ?? "";
  }

  /** What the page shows: what the kernel confirmed, with this page's own edits on top. Never change it. */
  get state(): State {
    return this.#replica.document as State;
  }

  /** How many commits the kernel has made; own edits that are pending do not count. */
  get version(): number {
    return this.#replica.version;
  }

  /** The newest state that the kernel has confirmed: what a notebook stores. */
  get seed(): Seed | undefined {
    return this.#replica.seed;
  }

  /** Whether the page is in step with the kernel. */
  get status(): Status {
    return this.#replica.status;
  }

  /** Why the status is what it is, in a sentence that says what to do. */
  get reason(): string {
    return this.#replica.reason;
  }

  /** The members that a page may not write. */
  get readOnly(): readonly string[] {
    return this.#replica.readOnly;
  }

  /** What the kernel said last that draws the model, if it is not what an output says. */
  get code(): ViewCode | undefined {
    return this.#code;
  }

  /** Take note of what draws the model: views are told. The link calls it. */
  redraw(code: ViewCode | undefined): void {
    this.#code = code;
    if (code) this.#emit("view", code);
  }

  /** The own operations that the kernel has not answered yet. */
  get pending(): Patch {
    return this.#replica.pending;
  }

  /**
   * Call back with the value at a pointer, now and whenever it has become another.
   *
   * The value is undefined while nothing is there. What a callback throws is told as an `error` event.
   *
   * @returns what ends the subscription; so does `signal`
   *
   * @example
   * model.subscribe("/rows", (rows) => draw(rows), { signal });
   */
  subscribe(
    pointer: string,
    callback: (value: Json | undefined) => void,
    { signal }: Options = {},
  ): () => void {
    const tokens = parse(pointer);
    const subscription: Subscription = { tokens, callback, value: this.#at(tokens) };
    const end = keep(this.#subscriptions, subscription, signal);
    if (!signal?.aborted) this.#call(() => callback(subscription.value));
    return end;
  }

  /**
   * Set the value at a pointer, be it there already or not.
   *
   * @example
   * model.set("/threshold", 0.7);
   *
   * @throws {PatchError} if nothing can stand there
   * @throws {NotWritable} if the member is read-only
   * @throws {NotSyncable} if the value has no JSON form
   */
  set(pointer: string, value: unknown): void {
    const old = find(this.#replica.document, pointer);
    if (Object.is(old, value) && old !== undefined) return;
    this.apply([{ op: old === undefined ? "add" : "replace", path: pointer, value: copy(value, pointer) }]);
  }

  /**
   * Change the state by plain mutations of a draft; they leave as one edit, and happen all or not at all.
   *
   * @example
   * model.update((draft) => {
   *   draft.rows[3].price = 4;
   *   draft.rows.push({ name: "tea", price: 3 });
   * });
   */
  update(recipe: (draft: Draft<State>) => void): void {
    this.apply(record(this.state, recipe));
  }

  /** Apply operations of RFC 6902; they leave as one edit, and happen all or not at all. */
  apply(operations: Patch): void {
    this.#send(this.#replica.edit(operations));
    this.#tell(); // what a person does shows at once
  }

  /**
   * Call an action: a method of the model that says `@action`. It runs once, or not at all.
   *
   * That of a model in this one is named by a pointer: `"/lines/1/rename"`.
   *
   * @returns what the method returns, when what it did is in the state
   *
   * @example
   * const count = await model.call("add", "tea", 3);
   */
  call(name: string, ...given: readonly unknown[]): Promise<Json> {
    return this.action(name)(...given);
  }

  /**
   * Return what calls an action, with more to say of the call than its arguments.
   *
   * @example
   * const fit = model.action("fit", { signal, onProgress: (value, text) => show(value, text) });
   * const best = await fit([0.1, 0.2]);
   */
  action(name: string, options: CallOptions = {}): (...given: readonly unknown[]) => Promise<Json> {
    return async (...given) => {
      if (this.#calls) return this.#calls.start(name, given, options);
      throw new SessionClosed(`Cannot call '${name}': this model has no kernel`);
    };
  }

  /**
   * Say something to the kernel beside the state: what was given to `model.sync.on_msg` hears it.
   *
   * It leaves behind the edits that were made before it, once or not at all. What must not be lost belongs in
   * the state.
   *
   * @throws {SessionClosed} if nobody is there to hear it
   * @throws {NotSyncable} if the content has no JSON form
   */
  send(content: unknown, buffers: readonly Buffer[] = []): void {
    if (!this.#calls) throw new SessionClosed("Cannot send a message: this model has no kernel");
    this.#calls.say(content, buffers);
  }

  /**
   * Take back this page's last edit, carried over what others did since; a drag counts as one.
   *
   * The kernel does it, after the edits that are pending. Why it may not is told as an `error` event.
   */
  undo(): void {
    this.#send(this.#replica.back("undo"));
  }

  /** Do again what `undo` took back last, unless this page has made a new edit since. */
  redo(): void {
    this.#send(this.#replica.back("redo"));
  }

  /** Call back at each event of a name; returns what ends it, and so does `signal`. */
  on<Name extends keyof ModelEvents<State>>(
    name: Name,
    callback: Listener<ModelEvents<State>[Name]>,
    { signal }: Options = {},
  ): () => void {
    return keep(this.#listeners[name], callback, signal);
  }

  /**
   * Tie an element, and all inside it, to the state by their `data-sync-…` attributes
   * (`docs/guide/binding.md`).
   *
   * @throws {SyncStateError} if an attribute is spelled wrong, or state would become code
   */
  bind(element: Element, options?: Options): void {
    bind(this, element, options);
  }

  #at(tokens: readonly string[]): Json | undefined {
    return tokens.reduce<Json | undefined>(step, this.#replica.document);
  }

  #tell = (): void => {
    const told = this.#told;
    const { document, version, readOnly, status, reason } = this.#replica;
    this.#told = { document, version, readOnly, status, reason };
    for (const subscription of this.#subscriptions) this.#update(subscription);
    if (status !== told.status || reason !== told.reason) this.#emit("status", { status, reason });
    if (document !== told.document || version !== told.version || readOnly !== told.readOnly) {
      this.#emit("change", { state: this.state, version });
    }
    const troubles = this.#troubles;
    this.#troubles = [];
    for (const trouble of troubles) this.#complain(trouble);
  };

  #update(subscription: Subscription): void {
    const value = this.#at(subscription.tokens);
    if (Object.is(value, subscription.value)) return;
    subscription.value = value;
    this.#call(() => subscription.callback(value));
  }

  #complain(trouble: Trouble): void {
    if (this.#listeners.error.size === 0) console.error(trouble.reason); // an edit is not lost without a word
    this.#emit("error", trouble);
  }

  #emit<Name extends keyof ModelEvents<State>>(name: Name, event: ModelEvents<State>[Name]): void {
    for (const listener of this.#listeners[name]) this.#call(() => listener(event), name);
  }

  // What one listener throws is no business of the others.
  #call(callback: () => void, name?: keyof ModelEvents): void {
    try {
      callback();
    } catch (error) {
      console.error(error);
      const { name: type = "Error", message = String(error) } = error instanceof Error ? error : {};
      if (name !== "error")
        this.#emit("error", { reason: message, error: type, operations: [], cause: error });
    }
  }
}

type Told = Pick<Replica, "document" | "version" | "readOnly" | "status" | "reason">;

function keep<Item>(items: Set<Item>, item: Item, signal: AbortSignal | undefined): () => void {
  const end = (): void => void items.delete(item);
  if (signal?.aborted) return end;
  items.add(item);
  signal?.addEventListener("abort", end, { once: true });
  return end;
}
