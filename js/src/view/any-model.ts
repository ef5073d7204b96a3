/**
 * Floor 9. A model as modules written for anywidget know it: the model interface of its front-end modules (AFM).
 *
 * A face has our own contract too. What tells them apart is the first argument of `get` and `set`: a pointer begins
 * with `/` (or is empty), and the name of a member does not. All faces of one model share what was set and not
 * saved; each has listeners of its own, which end with it.
 *
 * @module
 */

import { isArray, isView } from "../arrays.ts";
import { type Buffer, bytes } from "../buffers.ts";
import { isBytes, isList, isObject, type Json, type JsonObject, own, put, same } from "../document.ts";
import { NotSyncable } from "../errors.ts";
import { formOf } from "../forms.ts";
import { Model, type ModelEvents } from "../model.ts";
import { find, join } from "../pointer.ts";
import { MAX_DEPTH } from "../values.ts";
import { whenAborted } from "./ends.ts";

/** What a listener of any event is called with depends on the event. */
type Callback = (...given: never[]) => unknown;

/** What a front-end module of anywidget may do with a model. */
export interface AnyModel {
  /** The value of a member, a copy that is the caller's; it is the same object until the member is another one. */
  get(name: string): unknown;
  /** Set a member, here at once and in the kernel with `save_changes`; or, by its pointer, any place, at once. */
  set(name: string | Readonly<Record<string, unknown>>, value?: unknown): void;
  /** Send what was set to the kernel, as one edit. */
  save_changes(): void;
  /** Call back at `change:name`, `change`, `msg:custom`, or an event of our own. */
  on(name: string, callback: Callback, options?: unknown): () => void;
  /** End what this face listens to: all, all of an event, all of a callback, or one of an event. */
  off(name?: string | null, callback?: Callback | null): void;
  /** Say something to the kernel, with buffers in the second or in the third place. */
  send(content: unknown, callbacks?: unknown, buffers?: readonly Buffer[]): void;
  /** There is no widget manager: what is asked of it is refused. */
  readonly widget_manager: { get_model(id: string): Promise<never> };
}

/** A model with both contracts. */
export type Face = AnyModel & Omit<Model, keyof AnyModel>;

/** What a front-end module is given beside its model. */
export interface Experimental {
  /** Call a command of the widget, or an action of the model; resolves to what it returns and its buffers. */
  invoke(
    name: string,
    message?: unknown,
    options?: { readonly buffers?: readonly Buffer[]; readonly signal?: AbortSignal },
  ): Promise<[response: unknown, buffers: DataView[]]>;
}

/** Return a face of a model, whose listeners end with the signal. */
export function faceOf(model: Model, signal: AbortSignal): Face {
  const face = new AnyFace(model, Shared.of(model));
  whenAborted(signal, () => face.off());
  return face as unknown as Face;
}

/** Let a model's messages through: who might listen was asked to. */
export function letMessagesIn(model: Model): void {
  Shared.of(model).letIn();
}

/** Return what a front-end module finds under `experimental`. */
export function experimentalOf(model: Model): Experimental {
  return {
    async invoke(name, message, { buffers = [], signal } = {}) {
      const keywords = buffers.length > 0 ? { buffers: buffers.map(bytes) } : undefined;
      const given = message === undefined ? [] : [portable(message)];
      const answer = await model.action(name, { signal, keywords })(...given);
      if (!isAnswer(answer)) return [handOut(answer), []];
      return [handOut(answer.response), answer.buffers.map((buffer) => handOut(buffer) as DataView)];
    },
  };
}

/** A command of anywidget returns a value and buffers; so may an action that returns an object of these two. */
function isAnswer(value: Json): value is { response: Json; buffers: Json[] } {
  if (!isObject(value) || Object.keys(value).length !== 2 || own(value, "response") === undefined)
    return false;
  const buffers = own(value, "buffers");
  return isList(buffers) && buffers.every(isBytes);
}

interface Listener {
  readonly name: string;
  readonly callback: Callback;
  readonly end: () => void;
}

/** One module's view of a model. */
class AnyFace implements AnyModel {
  readonly #model: Model;
  readonly #shared: Shared;
  #listeners: Listener[] = [];

  // What it has of our own contract alone is the model's: once for all faces, of which each view has some.
  static {
    for (const name of Object.getOwnPropertyNames(Model.prototype)) {
      if (name in AnyFace.prototype) continue;
      const get = function (this: AnyFace): unknown {
        const value = this.#model[name as keyof Model] as unknown;
        return typeof value === "function" ? value.bind(this.#model) : value;
      };
      Object.defineProperty(AnyFace.prototype, name, { get });
    }
  }

  constructor(model: Model, shared: Shared) {
    this.#model = model;
    this.#shared = shared;
  }

  get(name: string): unknown {
    return isPointer(name) ? handOut(find(this.#model.state, name)) : this.#shared.get(name);
  }

  set(name: string | Readonly<Record<string, unknown>>, value?: unknown): void {
    if (typeof name !== "string") this.#shared.set(name, this);
    else if (isPointer(name)) this.#model.set(name, value);
    else this.#shared.set({ [name]: value }, this);
  }

  save_changes(): void {
    this.#shared.save();
  }

  on(names: string, callback: Callback, options?: unknown): () => void {
    const added = names
      .split(/\s+/)
      .filter(Boolean)
      .map((name) => ({ name, callback, end: this.#listen(name, callback) }));
    this.#listeners.push(...added);
    const end = (): void => {
      for (const listener of added) listener.end();
      this.#listeners = this.#listeners.filter((listener) => !added.includes(listener));
    };
    const signal = (options as { signal?: AbortSignal } | undefined)?.signal;
    if (signal?.aborted) end();
    else signal?.addEventListener?.("abort", end, { once: true });
    return end;
  }

  off(names?: string | null, callback?: Callback | null): void {
    const wanted = names?.split(/\s+/);
    const goes = (listener: Listener): boolean =>
      (!wanted || wanted.includes(listener.name)) && (!callback || callback === listener.callback);
    for (const listener of this.#listeners) if (goes(listener)) listener.end();
    this.#listeners = this.#listeners.filter((listener) => !goes(listener));
  }

  send(content: unknown, callbacks?: unknown, buffers?: readonly Buffer[]): void {
    const beside = buffers ?? (Array.isArray(callbacks) ? (callbacks as Buffer[]) : []);
    this.#model.send(portable(content), beside);
  }

  get widget_manager(): AnyModel["widget_manager"] {
    return {
      get_model: async (id) => {
        throw new Error(
          `Cannot get the model '${id}': there is no widget manager; a model stands alone here`,
        );
      },
    };
  }

  #listen(name: string, callback: Callback): () => void {
    const shared = this.#shared.listen(name, this, callback as (...given: unknown[]) => unknown);
    if (!isOurs(name)) return shared;
    const end = this.#model.on(name, callback as (event: unknown) => void);
    return () => {
      shared();
      end();
    };
  }
}

type Heard = (...given: unknown[]) => unknown;

/** What all faces of one model share. */
class Shared {
  static readonly #known = new WeakMap<Model, Shared>();
  readonly #model: Model;
  // What was set and is still to be saved; what the document has no place for stays here.
  readonly #unsaved = new Map<string, Json>();
  // What was handed out, and of which value.
  readonly #given = new Map<string, { readonly source: Json | undefined; readonly value: unknown }>();
  // The value of each member that listeners heard of last.
  readonly #told = new Map<string, Json | undefined>();
  readonly #listeners = new Map<string, Set<{ readonly face: unknown; readonly callback: Heard }>>();
  #state: JsonObject;
  // Messages that came before anybody could listen.
  #early: ModelEvents["message"][] | undefined = [];

  private constructor(model: Model) {
    this.#model = model;
    this.#state = model.state;
    for (const [name, value] of Object.entries(this.#state)) this.#told.set(name, value);
    model.on("change", () => this.#follow());
    model.on("message", (message) => (this.#early ? this.#early.push(message) : this.#hear(message)));
  }

  static of(model: Model): Shared {
    const known = Shared.#known.get(model) ?? new Shared(model);
    Shared.#known.set(model, known);
    return known;
  }

  letIn(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#hear(message);
  }

  get(name: string): unknown {
    const source = this.#current(name);
    const given = this.#given.get(name);
    if (given && given.source === source) return given.value;
    const value = given && same(given.source, source) ? given.value : handOut(source);
    this.#given.set(name, { source, value });
    return value;
  }

  set(values: Readonly<Record<string, unknown>>, face: unknown): void {
    const changed: string[] = [];
    for (const [name, value] of Object.entries(values)) {
      const current = this.#current(name);
      const taken = isArray(current) && isView(value) ? (value as Json) : portable(value);
      const isNew = !same(taken, current);
      this.#given.set(name, { source: isNew ? taken : current, value });
      if (!isNew) continue;
      this.#unsaved.set(name, taken);
      this.#told.set(name, taken);
      changed.push(name);
    }
    if (changed.length > 0) this.#tell(changed, face);
  }

  save(): void {
    const state = this.#model.state;
    const known = [...this.#unsaved].filter(([name]) => own(state, name) !== undefined);
    for (const [name] of known) this.#unsaved.delete(name);
    if (known.length === 0) return;
    try {
      this.#model.apply(known.map(([name, value]) => ({ op: "replace", path: join(name), value })));
    } catch (error) {
      this.#state = Object.fromEntries(known); // they are not what they were told to be
      this.#follow();
      throw error;
    }
  }

  listen(name: string, face: unknown, callback: Heard): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    const listener = { face, callback };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  #current(name: string): Json | undefined {
    return this.#unsaved.has(name) ? this.#unsaved.get(name) : own(this.#model.state, name);
  }

  // The kernel, or another view, has the last word on what it changed.
  #follow(): void {
    const [before, state] = [this.#state, this.#model.state];
    this.#state = state;
    const changed = [...new Set([...Object.keys(before), ...Object.keys(state)])].filter((name) => {
      const value = own(state, name);
      if (value === own(before, name)) return false;
      this.#unsaved.delete(name);
      const isNews = !same(value, this.#told.get(name));
      this.#told.set(name, value);
      return isNews;
    });
    if (changed.length > 0) this.#tell(changed);
  }

  // With a face, it is the one that set them: `change` is then not the model's, and is told here.
  #tell(names: readonly string[], face?: unknown): void {
    const errors: unknown[] = [];
    for (const name of names) this.#emit(`change:${name}`, errors, (to) => [to, this.get(name), {}]);
    const { state, version } = this.#model;
    if (face !== undefined) this.#emit("change", errors, () => [{ state, version }]);
    if (errors.length > 0) throw errors[0];
  }

  #hear({ content, buffers }: ModelEvents["message"]): void {
    const errors: unknown[] = [];
    const [told, views] = [handOut(content), buffers.map(handOut)];
    this.#emit("msg:custom", errors, () => [told, views]);
    if (errors.length > 0) throw errors[0];
  }

  // What one listener throws is no business of the others.
  #emit(name: string, errors: unknown[], given: (face: unknown) => unknown[]): void {
    for (const { face, callback } of [...(this.#listeners.get(name) ?? [])]) {
      try {
        callback(...given(face));
      } catch (error) {
        errors.push(error);
      }
    }
  }
}

const isPointer = (name: string): boolean => name === "" || name.startsWith("/");

const OURS: readonly string[] = ["change", "status", "error", "message"] satisfies (keyof ModelEvents)[];
const isOurs = (name: string): name is keyof ModelEvents => OURS.includes(name);

/** Return a value of a document as an author's own: copies that may be changed, and bytes as a `DataView`. */
function handOut(value: Json | undefined): unknown {
  if (isBytes(value)) return new DataView(value.slice().buffer);
  if (isArray(value)) {
    const { shape, dtype } = value;
    return Object.assign(value.slice(), { shape: [...shape], dtype });
  }
  if (isList(value)) return value.map(handOut);
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) put(result, name, handOut(member));
  return result;
}

/** Return a value of an author's as it travels: as JSON would have it, but with its bytes. */
function portable(value: unknown, depth = 0): Json {
  if (typeof value === "object" && value !== null) {
    if (isArray(value) || formOf(value as Json)) return value as Json;
    if (ArrayBuffer.isView(value) || isBuffer(value)) return bytes(value).slice();
    if (depth > MAX_DEPTH) {
      throw new NotSyncable("", value, `it nests deeper than ${MAX_DEPTH} levels, or contains itself`);
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return portable(toJSON.call(value, ""), depth + 1);
    if (Array.isArray(value)) return Array.from(value, (element) => portable(element, depth + 1));
    const result: Record<string, Json> = {};
    for (const [name, member] of Object.entries(value))
      if (member !== undefined && typeof member !== "function")
        put(result, name, portable(member, depth + 1));
    return result;
  }
  const isLacking = value === undefined || typeof value === "function" || typeof value === "symbol";
  return isLacking ? null : (value as Json);
}

// Also one of another frame.
const isBuffer = (value: object): value is ArrayBuffer =>
  Object.prototype.toString.call(value) === "[object ArrayBuffer]";
