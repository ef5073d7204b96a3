/**
 * Floor 5. Operations recorded from plain mutations: `draft.rows[3].price = 4; draft.rows.push(row)`.
 *
 * A draft is a proxy that holds no data. It knows its place, and reads and changes the one candidate that
 * all drafts of a recording share: so the cost follows the change, and the draft of an element stays right
 * while others come and go before it. What is taken out of the document goes on as a draft of its own,
 * whose changes nobody hears.
 *
 * A list has one primitive, `splice`; an object has two, `put` and `drop`. A draft shows own members only:
 * nothing inherited is reached through it.
 *
 * @module
 */

import { isList, isObject, type Json, type JsonList, type JsonObject, own, same } from "./document.ts";
import { NotSyncable, SyncStateError } from "./errors.ts";
import { Candidate, type Operation } from "./patch.ts";
import { index, join } from "./pointer.ts";
import { copy } from "./values.ts";

/** A state as a recipe may change it. */
export type Draft<State> = State extends Uint8Array
  ? State
  : State extends readonly (infer Element)[]
    ? Draft<Element>[]
    : State extends object
      ? { -readonly [Member in keyof State]: Draft<State[Member]> }
      : State;

/**
 * Return the operations that a recipe's mutations make.
 *
 * The document is not changed. A value that is set to what it was records nothing. Values are copied in.
 *
 * @throws {NotSyncable} if the recipe assigns what has no JSON form, or makes a hole in a list
 *
 * @example
 * record({ rows: [1] }, (draft) => draft.rows.push(2)); // [{ op: "add", path: "/rows/-", value: 2 }]
 */
export function record<State>(document: State, recipe: (draft: Draft<State>) => void): Operation[] {
  const recorder = new Recorder(document as Json);
  recipe(placeOf(recorder.candidate.document, { recorder }).draft as Draft<State>);
  recorder.isOpen = false;
  return recorder.operations;
}

// What was changed so far, and how.
class Recorder {
  readonly operations: Operation[] = [];
  readonly candidate: Candidate;
  isOpen = true;

  constructor(document: Json) {
    this.candidate = new Candidate(document);
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

// Where a draft is: at the root of a recording, or at a token of a container that has a draft too.
type Location = { readonly recorder: Recorder } | { readonly parent: Place; readonly token: string | number };

function placeOf(value: Json, location: Location): Place {
  return isList(value) ? new ListPlace([], location) : new ObjectPlace({}, location);
}

// A place in a document, and the handler of the proxy that a recipe sees there.
abstract class Place implements ProxyHandler<object> {
  readonly draft: object;
  protected children: Map<string | number, Place> = new Map();
  #location: Location;

  constructor(target: object, location: Location) {
    this.#location = location;
    this.draft = new Proxy(target, this);
  }

  get value(): Json {
    const location = this.#location;
    if ("recorder" in location) return location.recorder.candidate.document;
    const { value } = location.parent;
    return (
      isList(value) ? value[Number(location.token)] : own(value as JsonObject, `${location.token}`)
    ) as Json;
  }

  get recorder(): Recorder {
    return "recorder" in this.#location ? this.#location.recorder : this.#location.parent.recorder;
  }

  pointer(...tokens: readonly (string | number)[]): string {
    const location = this.#location;
    return "recorder" in location ? join(...tokens) : location.parent.pointer(location.token, ...tokens);
  }

  // What a recipe sees at a token: a container as a draft, all else as it is.
  protected see(token: string | number, value: Json | undefined): unknown {
    if (!isList(value) && !isObject(value)) return value;
    const child = this.children.get(token) ?? placeOf(value, { parent: this, token });
    this.children.set(token, child);
    return child.draft;
  }

  // A value that comes in; a draft brings a copy of what it stands for.
  protected taken(value: unknown, token: string | number): Json {
    return copy(value, this.pointer(token));
  }

  // What is at a token leaves the document; its draft goes on alone.
  protected release(token: string | number): void {
    const child = this.children.get(token);
    if (child) child.#location = { recorder: new Recorder(child.value) };
    this.children.delete(token);
  }

  // The children stand at other tokens now.
  protected renumber(tokenAfter: (token: number) => number): void {
    const children = [...this.children.values()];
    this.children = new Map();
    for (const child of children) {
      const token = tokenAfter(Number((child.#location as { token: number }).token));
      child.#location = { parent: this, token };
      this.children.set(token, child);
    }
  }

  abstract get(target: object, key: string | symbol): unknown;
  abstract owns(key: string | symbol): boolean;
  abstract has(target: object, key: string | symbol): boolean;
  abstract ownKeys(): string[];
  abstract set(target: object, key: string | symbol, value: unknown): boolean;
  abstract deleteProperty(target: object, key: string | symbol): boolean;

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

class ObjectPlace extends Place {
  override get value(): JsonObject {
    return super.value as JsonObject;
  }

  get(_: object, key: string | symbol): unknown {
    return typeof key === "string" ? this.see(key, own(this.value, key)) : undefined;
  }

  owns(key: string | symbol): boolean {
    return Object.hasOwn(this.value, key);
  }

  has(_: object, key: string | symbol): boolean {
    return this.owns(key);
  }

  ownKeys(): string[] {
    return Object.keys(this.value);
  }

  set(_: object, key: string | symbol, value: unknown): boolean {
    this.#put(String(key), this.taken(value, String(key)));
    return true;
  }

  deleteProperty(_: object, key: string | symbol): boolean {
    if (this.owns(key)) this.#drop(String(key));
    return true;
  }

  #put(name: string, value: Json): void {
    const old = own(this.value, name);
    if (same(old, value)) return;
    this.release(name);
    this.recorder.run({ op: old === undefined ? "add" : "replace", path: this.pointer(name), value });
  }

  #drop(name: string): void {
    this.release(name);
    this.recorder.run({ op: "remove", path: this.pointer(name) });
  }
}

class ListPlace extends Place {
  override get value(): JsonList {
    return super.value as JsonList;
  }

  get(_: object, key: string | symbol): unknown {
    if (typeof key === "string") {
      const list = this.value;
      const at = index(key, list.length);
      if (at !== undefined) return this.see(at, list[at]);
      if (key === "length") return list.length;
      if (Object.hasOwn(MUTATORS, key)) return (...values: unknown[]) => MUTATORS[key]?.(this, ...values);
    }
    // a method finds what it needs on the draft; its constructor is not for it to find
    const isMethod = Object.hasOwn(Array.prototype, key) && key !== "constructor";
    return isMethod ? Reflect.get(Array.prototype, key) : undefined;
  }

  owns(key: string | symbol): boolean {
    return key === "length" || index(String(key), this.value.length) !== undefined;
  }

  has(_: object, key: string | symbol): boolean {
    return this.get(_, key) !== undefined;
  }

  ownKeys(): string[] {
    return [...Object.keys(this.value), "length"];
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
  exchange(start: number, count: number, values: readonly unknown[]): unknown[] {
    const { length } = this.value;
    const from = Math.min(Math.max(start, 0), length);
    const arriving = values.map((value, at) => this.taken(value, from + at));
    const leaving = this.value
      .slice(from, from + Math.max(count, 0))
      .map((value, at) => this.see(from + at, value));
    this.splice(from, leaving.length, arriving);
    return leaving;
  }

  // The one thing that happens to a list: elements leave, and others come in their place.
  splice(start: number, count: number, values: readonly Json[]): void {
    const list = this.value;
    const stays = values.map((value, at) => at < count && same(list[start + at], value));
    const isShorterWhole = count > 1 && count > list.length - count + values.length;
    const whole = isShorterWhole ? [...list.slice(0, start), ...values, ...list.slice(start + count)] : [];
    for (let at = 0; at < count; at += 1) if (!stays[at]) this.release(start + at);
    if (count !== values.length) {
      this.renumber((token) => (token < start + count ? token : token - count + values.length));
    }
    if (isShorterWhole) {
      this.#assign(whole);
      return;
    }
    // the last is removed first, so that the others keep their indices
    for (let at = count - 1; at >= values.length; at -= 1) {
      this.recorder.run({ op: "remove", path: this.pointer(start + at) });
    }
    for (const [at, value] of values.entries()) {
      if (at >= count) this.#insert(start + at, value);
      else if (!stays[at]) this.#replace(start + at, value);
    }
  }

  #insert(at: number, value: Json): void {
    // "-" says that it is appended: such an edit stands whatever else happens to the list
    this.recorder.run({ op: "add", path: this.pointer(at === this.value.length ? "-" : at), value });
  }

  // Puts the elements in another order, given as the indices that they have now.
  reorder(order: readonly number[]): object {
    const list = [...this.value];
    const moved = [...order.keys()].filter((at) => !same(list[order[at] as number], list[at]));
    const tokens = new Map(order.map((from, at) => [from, at]));
    this.renumber((token) => tokens.get(token) as number);
    const ordered = order.map((from) => list[from] as Json);
    if (moved.length > list.length / 2) this.#assign(ordered);
    else for (const at of moved) this.#replace(at, ordered[at] as Json);
    return this.draft;
  }

  #assign(list: JsonList): void {
    this.recorder.candidate.share(); // its elements are in the operation, too
    this.recorder.run({ op: "replace", path: this.pointer(), value: list });
  }

  #replace(at: number, value: Json): void {
    this.recorder.run({ op: "replace", path: this.pointer(at), value });
  }
}

// The methods that change a list. All others are the array's own: they read, or set elements one by one.
const MUTATORS: Readonly<Record<string, (list: ListPlace, ...values: unknown[]) => unknown>> = {
  pop: (list) => list.exchange(list.value.length - 1, 1, [])[0],
  push: (list, ...values) => {
    list.exchange(list.value.length, 0, values);
    return list.value.length;
  },
  shift: (list) => list.exchange(0, 1, [])[0],
  unshift: (list, ...values) => {
    list.exchange(0, 0, values);
    return list.value.length;
  },
  splice: (list, ...[start, count, ...values]) => {
    const { length } = list.value;
    const from = Math.trunc(Number(start)) || 0;
    return list.exchange(
      from < 0 ? length + from : from,
      count === undefined ? length : Number(count),
      values,
    );
  },
  reverse: (list) => list.reorder([...list.value.keys()].reverse()),
  sort: (list, compare = byText) => {
    const elements = [...list.value];
    const inOrder = compare as (one: unknown, other: unknown) => number;
    return list.reorder([...elements.keys()].sort((one, other) => inOrder(elements[one], elements[other])));
  },
};

// How an array sorts that is not told how.
function byText(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : Number(String(one) > String(other));
}
