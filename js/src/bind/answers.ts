/**
 * Floor 6. What is on its way to the kernel, and what was refused: told where it was entered, and beside it.
 *
 * @module
 */

import type { Json } from "../document.ts";
import { find } from "../pointer.ts";
import type { Trouble } from "../replica.ts";
import type { Options, Scope, Source } from "./scope.ts";

/** An element that wants to know what becomes of edits. */
export interface Listener {
  /** Return the pointer that it is about, at this moment. */
  locate(): string | undefined;
  /** Take what is wrong there, or "" when nothing is any more. */
  complain(reason: string): void;
  /** Take whether an edit of it is on its way. */
  wait?(isPending: boolean): void;
  /** Look again whether it can be used. */
  look?(): void;
}

// What a listener was told, and what it has to be compared with.
interface Open {
  reason: string;
  wasPending: boolean;
  value: Json | undefined;
}

interface Caller {
  readonly scope: Scope;
  readonly action: string;
  readonly complain: (reason: string) => void;
}

/**
 * Follows the edits of all that one `bind` has tied. Only listeners that wait or were complained to are looked at
 * when something changes, however many there are.
 */
export class Answers {
  readonly #source: Source;
  readonly #listeners = new Set<Listener>();
  readonly #callers = new Set<Caller>();
  readonly #open = new Map<Listener, Open>();
  // Who has sent what is named so on its way: rows may have moved since.
  readonly #senders = new Map<string, Listener>();
  #readOnly: readonly string[];

  constructor(source: Source, options: Options) {
    this.#source = source;
    this.#readOnly = source.readOnly;
    source.on("error", (trouble) => this.#refused(trouble), options);
    source.on("status", () => this.#look(), options);
    source.on("change", () => this.#follow(), options);
  }

  /** Tell a listener of all that concerns its place. */
  add(listener: Listener, signal: AbortSignal | undefined): void {
    this.#listeners.add(listener);
    listener.complain("");
    signal?.addEventListener("abort", () => {
      this.#listeners.delete(listener);
      this.#open.delete(listener);
    });
  }

  /** Tell of the failures of an action that is called in a scope, or in a row inside it. */
  addCaller(caller: Caller, signal: AbortSignal | undefined): void {
    this.#callers.add(caller);
    caller.complain("");
    signal?.addEventListener("abort", () => this.#callers.delete(caller));
  }

  /** Send what was entered, if what it was entered for is still there. */
  send(listener: Listener, value: Json): void {
    const pointer = listener.locate();
    if (pointer === undefined) return;
    if (this.#source.pending.length === 0) this.#senders.clear();
    this.#senders.set(pointer, listener);
    if (!this.#open.has(listener)) this.#note(listener, pointer, "");
    try {
      this.#source.set(pointer, value);
    } catch (error) {
      this.#complain([pointer], (error as Error).message);
    }
  }

  /** Tell how a call in a scope has ended: with a reason, or well. */
  ended(scope: Scope, action: string, reason: string): void {
    for (const caller of this.#callers) {
      let around: Scope | undefined = scope;
      while (around && around !== caller.scope) around = around.outer;
      if (around && caller.action === action) caller.complain(reason);
    }
  }

  #refused({ pointer, operations, reason }: Trouble): void {
    const places = pointer === undefined ? operations.map(({ path }) => path) : [pointer];
    this.#complain(places.map(this.#now), reason);
  }

  #complain(places: readonly string[], reason: string): void {
    for (const listener of this.#listeners) {
      const place = listener.locate();
      if (place === undefined || !places.some((path) => concerns(path, place))) continue;
      this.#note(listener, place, reason);
      listener.complain(reason);
    }
  }

  #note(listener: Listener, place: string, reason: string): void {
    const wasPending = this.#isPending(place);
    this.#open.set(listener, { reason, wasPending, value: find(this.#source.state as Json, place) });
  }

  #follow(): void {
    if (this.#readOnly !== this.#source.readOnly) this.#look();
    for (const [listener, told] of this.#open) {
      const place = listener.locate();
      if (place === undefined) continue; // it ends with its row
      const isPending = this.#isPending(place);
      const value = find(this.#source.state as Json, place);
      if (told.reason && !isPending && (told.wasPending || !Object.is(value, told.value))) {
        told.reason = "";
        listener.complain("");
      }
      listener.wait?.(isPending);
      Object.assign(told, { wasPending: isPending, value });
      if (!isPending && !told.reason) this.#open.delete(listener);
    }
  }

  #look(): void {
    this.#readOnly = this.#source.readOnly;
    for (const listener of this.#listeners) listener.look?.();
  }

  #isPending(place: string): boolean {
    return this.#source.pending.some(({ path }) => concerns(this.#now(path), place));
  }

  // Where today is what was there when it was sent.
  #now = (path: string): string => this.#senders.get(path)?.locate() ?? path;
}

// Whether what happens at one pointer is felt at another.
function concerns(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
