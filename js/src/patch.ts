/**
 * Floor 3. RFC 6902: patches, checked before and applied whole.
 *
 * A patch is a list of operations. `apply` copies the containers on the way to each target location, once
 * a patch, and shares everything else: a refused patch leaves no trace, an applied one costs what it
 * touched, and what it did not touch keeps its identity. The given document is never changed.
 *
 * @module
 */

import { isArray, type NumberArray, splice } from "./arrays.ts";
import {
  elements,
  isContainer,
  isList,
  isObject,
  type Json,
  type JsonList,
  type JsonObject,
  kind,
  put,
  same,
  show,
} from "./document.ts";
import { PatchError, type SyncStateError, TargetNotFound, TestFailed } from "./errors.ts";
import { absence, demandPointer, find, index, resolve, step, unescaped } from "./pointer.ts";

/** One change, as RFC 6902 spells it. */
export type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move"; readonly from: string; readonly path: string }
  | { readonly op: "copy"; readonly from: string; readonly path: string };

/** Operations, applied in order, all or none. */
export type Patch = readonly Operation[];

/** An operation, and which of its pointers name elements of lists: only the document can tell. */
export interface Step {
  readonly operation: Operation;
  /** Whether `path` names an element of a list, or a place between two. */
  readonly inList: boolean;
  /** Whether `from` names an element of a list. */
  readonly fromList: boolean;
  /** Whether who takes a value away means that very one, though it stands in an object by now. */
  readonly isSelf?: boolean;
}

// What an operation needs beside its name and its path.
const NEEDS: ReadonlyMap<unknown, string> = new Map([
  ["add", "value"],
  ["remove", "path"],
  ["replace", "value"],
  ["move", "from"],
  ["copy", "from"],
  ["test", "value"],
]);

/**
 * Check that what came from outside is a patch, with every operation well-formed.
 *
 * Nothing is applied; members that RFC 6902 does not name are left alone (section 4).
 *
 * @throws {PatchError} if it is no list of operations; `error.index` says which one is wrong
 */
export function check(patch: unknown): asserts patch is Patch {
  if (!isList(patch))
    throw new PatchError(`Cannot read the patch: it is ${kind(patch)}, not a list of operations`);
  patch.forEach((operation, position) => {
    const why = flaw(operation);
    if (why) {
      throw new PatchError(
        `Cannot read operation ${position} of the patch: ${why}`,
        undefined,
        operation,
        position,
      );
    }
  });
}

// Says what is wrong with an operation, or nothing.
function flaw(operation: unknown): string | undefined {
  if (!isObject(operation)) return `it is ${kind(operation)}, not an object`;
  const { op } = operation;
  const besides = NEEDS.get(op);
  if (!besides) return `'op' is ${show(op)}, not one of ${[...NEEDS.keys()].join(", ")}`;
  return flawIn(operation, "path") ?? flawIn(operation, besides);
}

function flawIn(operation: JsonObject, need: string): string | undefined {
  const member = operation[need];
  if (member === undefined) return `'${operation.op}' needs a '${need}'`;
  if (need === "value") return undefined;
  if (typeof member !== "string") return `a pointer is text, not ${kind(member)}`;
  try {
    demandPointer(member);
    return undefined;
  } catch (error) {
    return (error as SyncStateError).message;
  }
}

/**
 * Return the document with every operation of a patch applied.
 *
 * The given document is not changed; the result shares what the patch did not touch.
 *
 * @throws {PatchError} if an operation could not be applied; `error.index` says which
 *
 * @example
 * apply({ n: 1 }, [{ op: "replace", path: "/n", value: 2 }]); // { n: 2 }
 */
export function apply(document: Json, patch: Patch): Json {
  check(patch);
  return new Candidate(document, patch.length).apply(patch);
}

/**
 * Apply a patch that was checked, and return the document and what the patch did, step by step.
 *
 * What is put at the end of a list (`-`) names its index.
 *
 * @throws {PatchError} as `apply` does
 */
export function trace(document: Json, patch: Patch): { document: Json; steps: Step[] } {
  const candidate = new Candidate(document, patch.length);
  const steps = patch.map((operation, position): Step => {
    const from = sourceOf(operation);
    const fromList = from !== undefined && isInList(candidate.document, from);
    candidate.run(operation, position);
    const list = listAround(candidate.document, operation.path);
    const path = list ? placed(operation.path, list.length - 1) : operation.path;
    const traced = path === operation.path ? operation : { ...operation, path };
    return { operation: traced, inList: list !== undefined, fromList };
  });
  return { document: candidate.document, steps };
}

/** Return where an operation takes its value from, if it takes one; in others `from` means nothing. */
export function sourceOf(operation: Operation): string | undefined {
  return operation.op === "move" || operation.op === "copy" ? operation.from : undefined;
}

/** Tell whether a pointer names an element of a list, which need not be there. */
export function isInList(document: Json, pointer: string): boolean {
  return listAround(document, pointer) !== undefined;
}

function listAround(document: Json, pointer: string): JsonList | undefined {
  const holder = pointer === "" ? undefined : find(document, pointer.slice(0, pointer.lastIndexOf("/")));
  return isList(holder) ? holder : undefined;
}

// Returns the location of an element with its index, though "-" may stand for it.
function placed(path: string, end: number): string {
  return path.endsWith("/-") ? path.slice(0, -1) + end : path;
}

/**
 * Return the patch that takes back what a patch does to a document.
 *
 * @throws {PatchError} if the patch does not apply to the document
 *
 * @example
 * invert({ n: 1 }, [{ op: "replace", path: "/n", value: 2 }]); // [{ op: "replace", path: "/n", value: 1 }]
 */
export function invert(document: Json, patch: Patch): Operation[] {
  apply(document, patch); // what does not apply has no inverse
  const candidate = new Candidate(document);
  const inverse: Operation[] = [];
  const run = (operation: Operation): void => {
    inverse.push(...undo(operation, candidate.document));
    candidate.run(operation);
  };
  for (const operation of patch) {
    const { op, path } = operation;
    const from = sourceOf(operation);
    if (from === undefined) run(operation);
    else if (op === "copy" || from !== path) {
      const value = resolve(candidate.document, from);
      if (op === "move") run({ op: "remove", path: from });
      run({ op: "add", path, value });
    }
  }
  return inverse.reverse(); // the later operation is taken back first
}

// Returns what takes back an operation that is about to run.
function undo({ op, path }: Operation, document: Json): Operation[] {
  if (op === "test") return [];
  const [holder, token] = split(path);
  const array = isPart(token) ? find(document, holder) : undefined;
  if (isArray(array)) return [{ op: "replace", path: holder, value: array }];
  const old = find(document, path);
  if (op === "remove") return [{ op: "add", path, value: old as Json }];
  const list = listAround(document, path);
  if (op === "add" && list) return [{ op: "remove", path: placed(path, list.length) }];
  return old === undefined ? [{ op: "remove", path }] : [{ op: "replace", path, value: old }];
}

/** Cut a pointer before its last token, which is left as it is written. */
function split(pointer: string): [holder: string, token: string] {
  const at = pointer.lastIndexOf("/");
  return [pointer.slice(0, at), pointer.slice(at + 1)];
}

// Whether a token names elements, if what holds it is an array: `-` or a range, `2:5`.
function isPart(token: string): boolean {
  return token === "-" || token.includes(":");
}

/** Tell whether a pointer names a range of an array, which only a kernel may act on: nothing carries it along. */
export function isRange(document: Json, pointer: string): boolean {
  const [holder, token] = split(pointer);
  return token.includes(":") && isArray(find(document, holder));
}

// Returns what an array becomes by an operation on its elements, or what speaks against it.
function splicedBy(operation: Operation, token: string, array: NumberArray): NumberArray | string {
  const { op } = operation;
  const length = array.shape[0] as number;
  const isEnd = token === "-";
  const ends = isEnd ? [length, length] : token.split(":").map((end) => index(end, length + 1));
  const [start, stop, more] = isEnd === (op === "add") && ON_ELEMENTS.includes(op) ? ends : [];
  if (start === undefined || stop === undefined || more !== undefined) {
    return `it is an array of ${elements(length)}; add at '-', or replace or remove a range such as '2:5'`;
  }
  if (start > stop) return `the array has ${elements(length)}`;
  if (op === "remove") return splice(array, start, stop);
  const { value } = operation as { value: Json };
  if (!isArray(value)) return `${show(value)} is no array: what comes into one is another one of its type`;
  const [holds, comes] = [spelled(array), spelled(value)];
  return holds === comes ? splice(array, start, stop, value) : `it holds ${holds}, not ${comes}`;
}

const ON_ELEMENTS = ["add", "replace", "remove"];

function spelled({ dtype, shape: [, ...inner] }: NumberArray): string {
  return inner.length > 0 ? `${dtype} of shape [${inner.join(", ")}] each` : dtype;
}

/** A document while operations run over it: a container is copied the first time it is touched. */
export class Candidate {
  document: Json;
  // How many elements a copy of a list has room for beyond its own.
  readonly #room: number;
  // The containers made here, which may be changed in place. What holds one of them was made here too.
  readonly #made = new Set<Json>();
  // What holds the location that was changed last, and how its members' locations begin: the next is often beside.
  #holder: Json | undefined;
  #place: string | undefined;
  // What runs, for the sentence if it cannot.
  #operation: Operation | undefined;
  #position: number | undefined;

  /** Begin with a document, which is not changed; `room` is how many operations are to come. */
  constructor(document: Json, room = 1) {
    this.document = document;
    this.#room = room;
  }

  /**
   * Apply operations, and return the document.
   *
   * @throws {PatchError} if one cannot be applied; those before it, and the half of a move, were
   */
  apply(patch: Patch): Json {
    for (let at = 0; at < patch.length; at += 1) this.run(patch[at] as Operation, at);
    return this.document;
  }

  /**
   * Apply one operation.
   *
   * @throws {PatchError} if it cannot be applied
   */
  run(operation: Operation, position?: number): void {
    this.#operation = operation;
    this.#position = position;
    const { path } = operation;
    if ((path.endsWith("-") || path.includes(":")) && this.#splice(operation)) return;
    if (operation.op === "test") this.#test(path, operation.value);
    else if (operation.op === "remove") this.#change(path, undefined);
    else if (operation.op === "move") this.#move(operation.from, path);
    else if (operation.op === "copy") this.#put(path, this.#read(operation.from), true);
    else this.#put(path, operation.value, operation.op === "add");
  }

  /** Take note that parts of the document are held elsewhere: from now on they are copied before they change. */
  share(): void {
    this.#made.clear();
    this.#place = undefined;
  }

  // Does an operation on elements of an array; returns whether it was one.
  #splice(operation: Operation): boolean {
    const [holder, part] = split(operation.path);
    const array = isPart(part) ? find(this.document, holder) : undefined;
    if (!isArray(array)) return false;
    const spliced = splicedBy(operation, part, array);
    if (typeof spliced === "string") this.#refuse(operation.path, spliced, PatchError);
    this.#change(holder, spliced as NumberArray);
    return true;
  }

  #test(path: string, value: Json): void {
    const found = this.#read(path);
    if (same(found, value)) return;
    this.#refuse(path, `expected ${show(value)}, found ${show(found)}`, TestFailed, found);
  }

  #move(from: string, path: string): void {
    // RFC 6902, section 4.4: the "from" location must not be a proper prefix of the "path" location
    if (path.startsWith(`${from}/`)) {
      this.#refuse(from, `it cannot be moved into itself, to '${path}'`, PatchError);
    }
    const value = this.#read(from);
    if (from === path) return;
    this.#change(from, undefined);
    this.#change(path, value, true);
  }

  #read(pointer: string): Json {
    return this.#there(find(this.document, pointer), pointer);
  }

  #put(path: string, value: Json, isNew: boolean): void {
    if (this.#made.has(value)) this.share(); // what comes to stand in a second place may be changed in neither
    this.#change(path, value, isNew);
  }

  // The one thing that happens to a document: a value comes to a location, to those that are there if it is new.
  // Without one, what is there goes.
  #change(path: string, value: Json | undefined, isNew = false): void {
    if (path === "") {
      if (value === undefined) this.#refuse(path, "the whole document cannot be removed", PatchError);
      this.document = value;
      this.#place = undefined;
      return;
    }
    const start = path.lastIndexOf("/") + 1;
    const token = unescaped(path.slice(start));
    const holder = this.#reach(path, start) as Json[] | Record<string, Json>;
    if (isList(holder)) {
      const { length } = holder;
      const end = isNew ? length + 1 : length;
      const at = isNew && token === "-" ? length : this.#there(index(token, end), path);
      if (value === undefined) holder.splice(at, 1);
      else if (!isNew) holder[at] = value;
      else if (at === length) holder.push(value);
      else holder.splice(at, 0, value);
    } else {
      if (!isNew || !isObject(holder)) this.#there(step(holder, token), path);
      if (value === undefined) delete holder[token];
      else put(holder, token, value);
    }
  }

  // Returns what holds a location, to be changed in place: all on the way there was made here, or is now.
  #reach(path: string, last: number): Json {
    const place = path.slice(0, last);
    if (place === this.#place) return this.#holder as Json;
    let holder = this.#writable(this.document);
    this.document = holder;
    for (let start = 1, end = 0; start < last; start = end + 1) {
      end = path.indexOf("/", start);
      const token = unescaped(path.slice(start, end));
      const found = this.#there(step(holder, token), path);
      const copy = this.#writable(found);
      if (copy !== found) put(holder as Record<string, Json>, isList(holder) ? Number(token) : token, copy);
      holder = copy;
    }
    this.#place = place;
    this.#holder = holder;
    return holder;
  }

  // Returns a value as it may be changed in place.
  #writable(value: Json): Json {
    if (!isContainer(value) || this.#made.has(value)) return value;
    const copy = isList(value) ? roomy(value, this.#room) : { ...value };
    this.#made.add(copy);
    return copy;
  }

  #there<Found>(found: Found | undefined, pointer: string): Found {
    return found === undefined ? this.#refuse(pointer, absence(this.document, pointer)) : found;
  }

  #refuse(pointer: string, why: string, Kind: Refusal = TargetNotFound, found?: Json): never {
    const operation = this.#operation as Operation;
    const verb = operation.op === "test" ? "pass the test at" : operation.op;
    throw new Kind(`Cannot ${verb} '${pointer}': ${why}`, pointer, operation, this.#position, found);
  }
}

// Returns a copy of a list that can grow by some elements without being copied again, which takes as long as it
// did the first time: the engine keeps the room of elements that have left. They are the list's own, for with
// others it might come to be of another kind.
function roomy(list: JsonList, room: number): Json[] {
  const copy = list.concat(list.slice(0, room));
  copy.length = list.length;
  return copy;
}

// Any of the patch errors; those that found no other value ignore `found`.
type Refusal = new (
  sentence: string,
  pointer: string,
  operation: Operation,
  index: number | undefined,
  found: Json | undefined,
) => PatchError;
