/**
 * Floor 5. Operations recorded from plain mutations: `draft.rows[3].price = 4; draft.rows.push(row)`.
 *
 * A draft is a proxy that holds no data. It knows its place, and reads and changes the one candidate that
 * all drafts of a recording share: so the cost follows the change, and the draft of an element stays right
 * while others come and go before it. What is taken out of the document goes on as a draft of its own,
 * whose changes nobody hears.
 *
 * A list has one primitive, `splice`; an object has two, `set` and `deleteProperty`. A draft shows own members only:
 * nothing inherited is reached through it.
 *
 * @module
 */

import { isView } from "./arrays.ts";
import { isContainer, isList, type Json, type JsonList, type JsonObject, own, same } from "./document.ts";
import { NotSyncable, SyncStateError } from "./errors.ts";
import { isDate } from "./forms.ts";
import { Candidate, type Operation } from "./patch.ts";
import { index, join } from "./pointer.ts";
import { copy } from "./values.ts";

/** A state as a recipe may change it. */
export type Draft<State> = State extends ArrayBufferView | Date
  ? State
  : State extends readonly (infer Element)[]
    ? Draft<Element>[]
    : State extends object
      ? { -readonly [Member in keyof State]: Draft<State[Member]> }
      : State;

/**
 * Return the operations that a recipe's mutations make.
 *
 * The document is not changed. A value that is set to what it was records nothing. Values are copied in. Of bytes,
 * arrays and dates the recipe sees copies: what it writes there counts when it assigns them.
 *
 * @throws {NotSyncable} if the recipe assigns what has no JSON form, or makes a hole in a list
 *
 * @example
 * record({ rows: [1] }, (draft) => draft.rows.push(2)); // [{ op: "add", path: "/rows/1", value: 2 }]
 */
export function record<State>(document: State, recipe: (draft: Draft<State>) => void): Operation[] {
  const recorder = new Recorder(document as Json);
  recipe(placeOf(recorder, "").draft as Draft<State>);
  recorder.isOpen = false;
  return recorder.operations;
}

type Token = string | number;

// What holds a place: a container with a draft, or, for a whole document, its recording.
interface Holder {
  readonly recorder: Recorder;
  at(token: Token): Json | undefined;
  pointer(...tokens: readonly Token[]): string;
}

// What was changed so far, and how.
class Recorder implements Holder {
  readonly recorder = this;
  readonly operations: Operation[] = [];
  readonly candidate: Candidate;
  // Copies of the bytes, arrays and dates that the recipe looked at: no proxy notices what is written into one.
  readonly lent = new Map<Json, Json>();
  isOpen = true;

  constructor(document: Json) {
    this.candidate = new Candidate(document);
  }

  at(): Json {
    return this.candidate.document;
  }

  pointer(_whole: Token, ...tokens: readonly Token[]): string {
    return join(...tokens);
  }

  run(operation: Operation): void {
    if (!this.isOpen)
      throw new SyncStateError(`Cannot change '${operation.path}': the update of this draft is over`);
    this.candidate.run(operation);
    const last = this.operations.at(-1);
    const isOverwritten = operation.op === "replace" && last?.path === operation.path && "value" in last;
    if (isOverwritten) this.operations.splice(-1, 1, { ...last, value: operation.value });
    else this.operations.push(operation);
  }
}

function placeOf(holder: Holder, token: Token): Place {
  return isList(holder.at(token)) ? new ListPlace([], holder, token) : new ObjectPlace({}, holder, token);
}

// A place in a document, and the handler of the proxy that a recipe sees there.
abstract class Place<Value extends Json = Json> implements Holder, ProxyHandler<object> {
  readonly draft: object;
  protected places: Map<Token, Place> = new Map();
  #holder: Holder;
  #token: Token;

  constructor(target: object, holder: Holder, token: Token) {
    this.#holder = holder;
    this.#token = token;
    this.draft = new Proxy(target, this);
  }

  get value(): Value {
    return this.#holder.at(this.#token) as Value;
  }

  get recorder(): Recorder {
    return this.#holder.recorder;
  }

  pointer(...tokens: readonly Token[]): string {
    return this.#holder.pointer(this.#token, ...tokens);
  }

  abstract at(token: Token): Json | undefined;

  // What a recipe sees at a token: a container as a draft, all else as it is.
  protected see(token: Token): unknown {
    const value = this.at(token);
    if (isView(value) || isDate(value)) {
      const { lent } = this.recorder;
      if (!lent.has(value)) lent.set(value, copy(value));
      return lent.get(value);
    }
    if (!isContainer(value)) return value;
    const child = this.places.get(token) ?? placeOf(this, token);
    this.places.set(token, child);
    return child.draft;
  }

  // A value that comes in; a draft brings a copy of what it stands for.
  protected taken(value: unknown, token: Token): Json {
    return copy(value, this.pointer(token));
  }

  // What is at a token leaves the document; its draft goes on alone.
  protected release(token: Token): void {
    const child = this.places.get(token);
    if (child) child.#holder = new Recorder(child.value);
    this.places.delete(token);
  }

  // The places inside stand at other tokens now.
  protected renumber(tokenAfter: (token: number) => number): void {
    const children = [...this.places.values()];
    this.places = new Map();
    for (const child of children) {
      child.#token = tokenAfter(Number(child.#token));
      this.places.set(child.#token, child);
    }
  }

  protected write(op: "add" | "replace", token: Token, value: Json): void {
    this.recorder.run({ op, path: this.pointer(token), value });
  }

  protected remove(token: Token): void {
    this.recorder.run({ op: "remove", path: this.pointer(token) });
  }

  abstract get(target: object, key: string | symbol): unknown;
  abstract set(target: object, key: string | symbol, value: unknown): boolean;
  abstract deleteProperty(target: object, key: string | symbol): boolean;

  has(target: object, key: string | symbol): boolean {
    return this.get(target, key) !== undefined;
  }

  // The indices and the length of a list are its own, too.
  protected owns(key: string | symbol): boolean {
    return Object.hasOwn(this.value as object, key);
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.value as object);
  }

  getOwnPropertyDescriptor(target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (!this.owns(key)) return undefined;
    const isLength = Object.hasOwn(target, key); // an array's own: a proxy may not call it configurable
    return { value: this.get(target, key), writable: true, enumerable: !isLength, configurable: !isLength };
  }

  defineProperty(target: object, key: string | symbol, { value }: PropertyDescriptor): boolean {
    return this.set(target, key, value);
  }

  setPrototypeOf(): boolean {
    return false;
  }

  preventExtensions(): boolean {
    return false;
  }
}

class ObjectPlace extends Place<JsonObject> {
  at(name: Token): Json | undefined {
    return own(this.value, String(name));
  }

  get(_: object, key: string | symbol): unknown {
    return typeof key === "string" ? this.see(key) : undefined;
  }

  set(_: object, key: string | symbol, value: unknown): boolean {
    const name = String(key);
    const [old, next] = [this.at(name), this.taken(value, name)];
    if (!same(old, next)) {
      this.release(name);
      this.write(old === undefined ? "add" : "replace", name, next);
    }
    return true;
  }

  deleteProperty(_: object, key: string | symbol): boolean {
    if (this.owns(key)) {
      this.release(String(key));
      this.remove(String(key));
    }
    return true;
  }
}

class ListPlace extends Place<JsonList> {
  at(index: Token): Json | undefined {
    return this.value[Number(index)];
  }

  get(_: object, key: string | symbol): unknown {
    if (typeof key === "string") {
      if (key === "length") return this.value.length;
      if (this.owns(key)) return this.see(Number(key));
      const mutate = own(MUTATORS, key);
      if (mutate) return (...values: unknown[]) => mutate(this, ...values);
    }
    // a method finds what it needs on the draft; its constructor is not for it to find
    const isMethod = Object.hasOwn(Array.prototype, key) && key !== "constructor";
    return isMethod ? Reflect.get(Array.prototype, key) : undefined;
  }

  set(_: object, key: string | symbol, value: unknown): boolean {
    const { length } = this.value;
    const at = key === "length" ? Number(value) : index(String(key), length + 1);
    if (at === undefined || !(at <= length)) {
      throw new NotSyncable(
        this.pointer(String(key)),
        value,
        `the list has ${length} elements, and a list has no holes`,
      );
    }
    if (key === "length") this.splice(at, length - at, []);
    else this.splice(at, at < length ? 1 : 0, [this.taken(value, at)]);
    return true;
  }

  deleteProperty(_: object, key: string | symbol): boolean {
    throw new NotSyncable(this.pointer(String(key)), undefined, "a list has no holes; use splice");
  }

  // Exchanges some elements for others, and returns those that left: their drafts go on alone.
  trade(start: number, count: number, values: readonly unknown[]): unknown[] {
    const { length } = this.value;
    const from = Math.min(Math.max(start, 0), length);
    const arriving = values.map((value, at) => this.taken(value, from + at));
    const leaving = this.value.slice(from, from + Math.max(count, 0)).map((_, at) => this.see(from + at));
    this.splice(from, leaving.length, arriving);
    return leaving;
  }

  // The one thing that happens to a list: elements leave, and others come in their place.
  splice(start: number, count: number, values: readonly Json[]): void {
    const list = this.value;
    const stays = values.map((value, at) => at < count && same(list[start + at], value));
    for (let at = 0; at < count; at += 1) if (!stays[at]) this.release(start + at);
    if (count !== values.length) {
      this.renumber((token) => (token < start + count ? token : token - count + values.length));
    }
    if (count > 1 && count > list.length - count + values.length) {
      this.#assign(list.toSpliced(start, count, ...values)); // which is shorter than to say what left
      return;
    }
    // the last is removed first, so that the others keep their indices
    for (let at = count - 1; at >= values.length; at -= 1) this.remove(start + at);
    for (const [at, value] of values.entries()) {
      if (!stays[at]) this.write(at < count ? "replace" : "add", start + at, value);
    }
  }

  // Puts the elements in another order, given as the indices that they have now.
  reorder(order: readonly number[]): object {
    const list = this.value;
    const ordered = order.map((from) => list[from] as Json);
    const moved = [...order.keys()].filter((at) => !same(ordered[at], list[at]));
    const tokens = new Map(order.map((from, at) => [from, at]));
    this.renumber((token) => tokens.get(token) as number);
    if (moved.length > list.length / 2) this.#assign(ordered);
    else for (const at of moved) this.write("replace", at, ordered[at] as Json);
    return this.draft;
  }

  #assign(list: JsonList): void {
    this.recorder.candidate.share(); // its elements are in the operation, too
    this.recorder.run({ op: "replace", path: this.pointer(), value: list });
  }
}

// The methods that change a list. All others are the array's own: they read, or set elements one by one.
const MUTATORS: Readonly<Record<string, (list: ListPlace, ...values: unknown[]) => unknown>> = {
  pop: (list) => list.trade(list.value.length - 1, 1, [])[0],
  push: (list, ...values) => insert(list, list.value.length, values),
  shift: (list) => list.trade(0, 1, [])[0],
  unshift: (list, ...values) => insert(list, 0, values),
  splice: (list, start, count, ...values) => {
    const { length } = list.value;
    const from = Math.trunc(Number(start)) || 0;
    return list.trade(from < 0 ? length + from : from, count === undefined ? length : Number(count), values);
  },
  reverse: (list) => list.reorder([...list.value.keys()].reverse()),
  sort: (list, compare = byText) => {
    const elements = list.value;
    const inOrder = compare as (one: unknown, other: unknown) => number;
    return list.reorder([...elements.keys()].sort((one, other) => inOrder(elements[one], elements[other])));
  },
};

function insert(list: ListPlace, at: number, values: readonly unknown[]): number {
  list.trade(at, 0, values);
  return list.value.length;
}

// How an array sorts that is not told how.
function byText(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : Number(String(one) > String(other));
}
