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
  isList,
  isObject,
  type Json,
  type JsonList,
  type JsonObject,
  kind,
  own,
  put,
  same,
  show,
} from "./document.ts";
import { PatchError, type SyncStateError, TargetNotFound, TestFailed } from "./errors.ts";
import { find, follow, index, missing, parse, resolve } from "./pointer.ts";

/** One change, as RFC 6902 spells it. */
export type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

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

// What an operation needs beside its name.
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  add: ["path", "value"],
  remove: ["path"],
  replace: ["path", "value"],
  move: ["path", "from"],
  copy: ["path", "from"],
  test: ["path", "value"],
};

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
  const needs = typeof op === "string" ? own(NEEDS, op) : undefined;
  if (!needs) return `'op' is ${show(op)}, not one of ${Object.keys(NEEDS).join(", ")}`;
  for (const need of needs) {
    const member = operation[need];
    if (member === undefined) return `'${op}' needs a '${need}'`;
    if (need === "value") continue;
    if (typeof member !== "string") return `a pointer is text, not ${kind(member)}`;
    try {
      parse(member);
    } catch (error) {
      return (error as SyncStateError).message;
    }
  }
  return undefined;
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
  return trace(document, patch).document;
}

/**
 * Apply a patch that was checked, and return the document and what the patch did, step by step.
 *
 * What is put at the end of a list (`-`) names its index.
 *
 * @throws {PatchError} as `apply` does
 */
export function trace(document: Json, patch: Patch): { document: Json; steps: Step[] } {
  const candidate = new Candidate(document);
  const steps = patch.map((operation, position): Step => {
    const from = sourceOf(operation);
    const fromList = from !== undefined && isInList(candidate.document, from);
    candidate.run(operation, position);
    const holder = operation.path && candidate.holder;
    const inList = isList(holder);
    const path = inList ? placed(operation.path, holder.length - 1) : operation.path;
    const traced = path === operation.path ? operation : { ...operation, path };
    return { operation: traced, inList, fromList };
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
  const ends =
    op === "add" && token === "-" ? [length, length] : token.split(":").map((end) => index(end, length + 1));
  const [start, stop, more] = op === "add" && token !== "-" ? [] : ends;
  if (start === undefined || stop === undefined || more !== undefined || !ON_ELEMENTS.includes(op)) {
    return `it is an array of ${length} elements; add at '-', or replace or remove a range such as '2:5'`;
  }
  if (start > stop) return `the array has ${length} elements`;
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
  /** What holds the location of the operation that ran last; if that was the whole document, anything. */
  holder: Json | undefined;
  // The containers made here, which may be changed in place. What holds one of them was made here too.
  readonly #made = new Set<Json>();
  // What runs, for the sentence if it cannot.
  #operation: Operation | undefined;
  #position: number | undefined;

  constructor(document: Json) {
    this.document = document;
  }

  /**
   * Apply one operation.
   *
   * @throws {PatchError} if it cannot be applied
   */
  run(operation: Operation, position?: number): void {
    this.#operation = operation;
    this.#position = position;
    this.document = this.#inArray(operation) ?? this.#after(operation);
  }

  /** Take note that parts of the document are held elsewhere: from now on they are copied before they change. */
  share(): void {
    this.#made.clear();
  }

  #after(operation: Operation): Json {
    const { path } = operation;
    switch (operation.op) {
      case "add":
        return this.#add(path, this.#shared(operation.value));
      case "remove":
        return this.#remove(path);
      case "replace":
        return this.#replace(path, this.#shared(operation.value));
      case "move":
        return this.#move(operation.from, path);
      case "copy":
        return this.#add(path, this.#shared(this.#read(operation.from)));
      case "test":
        return this.#test(path, operation.value);
    }
  }

  // Returns the document after an operation on elements of an array; of others nothing.
  #inArray(operation: Operation): Json | undefined {
    const [holder, part] = split(operation.path);
    const array = isPart(part) ? find(this.document, holder) : undefined;
    if (!isArray(array)) return undefined;
    const spliced = splicedBy(operation, part, array);
    if (typeof spliced === "string") return this.#refuse(operation.path, spliced, PatchError);
    const document = this.#replace(holder, spliced);
    this.holder = array;
    return document;
  }

  #add(path: string, value: Json): Json {
    if (path === "") return value;
    return this.#change(path, { isNew: true }, (holder, token, tokens) => {
      if (isList(holder)) {
        const at = token === "-" ? holder.length : index(token, holder.length + 1);
        if (at !== undefined) return this.#splice(holder, at, 0, value);
      } else if (isObject(holder)) return this.#put(holder, token, value);
      return this.#refuse(path, missing(holder, token, tokens.slice(0, -1)));
    });
  }

  #remove(path: string): Json {
    if (path === "") return this.#refuse(path, "the whole document cannot be removed", PatchError);
    return this.#change(path, {}, (holder, token) =>
      isList(holder) ? this.#splice(holder, Number(token), 1) : this.#drop(holder, token),
    );
  }

  #replace(path: string, value: Json): Json {
    if (path === "") return value;
    return this.#change(path, {}, (holder, token) => this.#put(holder, token, value));
  }

  #move(from: string, path: string): Json {
    // RFC 6902, section 4.4: the "from" location must not be a proper prefix of the "path" location
    if (path.startsWith(`${from}/`)) {
      return this.#refuse(from, `it cannot be moved into itself, to '${path}'`, PatchError);
    }
    const value = this.#read(from);
    if (from === path) return this.document;
    this.document = this.#remove(from);
    return this.#add(path, value);
  }

  #test(path: string, value: Json): Json {
    const found = this.#read(path);
    if (same(found, value)) return this.document;
    return this.#refuse(path, `expected ${show(value)}, found ${show(found)}`, TestFailed, found);
  }

  #read(pointer: string): Json {
    const way = this.#follow(pointer, parse(pointer));
    this.holder = way.at(-2);
    return way.at(-1) as Json;
  }

  #follow(pointer: string, tokens: readonly string[]): Json[] {
    return follow(this.document, tokens, (why) => this.#refuse(pointer, why));
  }

  // Changes the container that holds a location, puts it in its place, and returns the document: what holds
  // a copy is a copy.
  #change(
    pointer: string,
    { isNew = false },
    change: (holder: Container, token: string, tokens: readonly string[]) => Container,
  ): Json {
    const tokens = parse(pointer);
    let depth = tokens.length - 1;
    const way = this.#follow(pointer, isNew ? tokens.slice(0, depth) : tokens) as Container[];
    let holder = change(way[depth] as Container, tokens[depth] as string, tokens);
    this.holder = holder;
    while (depth > 0 && holder !== way[depth]) {
      depth -= 1;
      holder = this.#put(way[depth] as Container, tokens[depth] as string, holder);
    }
    return depth > 0 ? this.document : holder;
  }

  // The three things that can happen to a container. Each returns the one that now stands in its place.

  #put(holder: Container, token: string, value: Json): Container {
    const copy = this.#writable(holder);
    put(copy, token, value);
    return copy;
  }

  #drop(holder: JsonObject, token: string): Container {
    const copy = this.#writable(holder);
    delete copy[token];
    return copy;
  }

  #splice(holder: JsonList, at: number, count: number, ...values: Json[]): Container {
    // a long list is copied and changed in one go twice as fast as in two
    if (!this.#made.has(holder)) return this.#own(holder.toSpliced(at, count, ...values));
    (holder as Json[]).splice(at, count, ...values);
    return holder;
  }

  #writable(holder: Container): Record<string, Json> {
    const copy = this.#made.has(holder) ? holder : this.#own(isList(holder) ? holder.slice() : { ...holder });
    return copy as Record<string, Json>;
  }

  #own<Made extends Container>(made: Made): Made {
    this.#made.add(made);
    return made;
  }

  // A value that comes to stand in a second place may be changed in neither.
  #shared(value: Json): Json {
    if (this.#made.has(value)) this.share();
    return value;
  }

  #refuse(pointer: string, why: string, Kind: Refusal = TargetNotFound, found?: Json): never {
    const operation = this.#operation as Operation;
    const verb = operation.op === "test" ? "pass the test at" : operation.op;
    throw new Kind(`Cannot ${verb} '${pointer}': ${why}`, pointer, operation, this.#position, found);
  }
}

type Container = JsonList | JsonObject;

// Any of the patch errors; those that found no other value ignore `found`.
type Refusal = new (
  sentence: string,
  pointer: string,
  operation: Operation,
  index: number | undefined,
  found: Json | undefined,
) => PatchError;
