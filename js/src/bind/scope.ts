/**
 * Floor 6. Where what an attribute spells is found: in the model, or in the row that an element stands in.
 *
 * @module
 */

import type { CallOptions } from "../calls.ts";
import { isContainer, type Json, spell, toText } from "../document.ts";
import type { Patch } from "../patch.ts";
import { find, join, step } from "../pointer.ts";
import type { Status, Trouble } from "../replica.ts";
import type { Answers } from "./answers.ts";
import type { Spot } from "./spelling.ts";

/** What may be told to everything that goes on until it is ended. */
export interface Options {
  /** Ends it when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** What a page can be tied to: a model, in what is needed of it. */
export interface Source {
  readonly state: unknown;
  readonly status: Status;
  readonly reason: string;
  readonly readOnly: readonly string[];
  readonly pending: Patch;
  subscribe(pointer: string, callback: (value: Json | undefined) => void, options: Options): unknown;
  set(pointer: string, value: unknown): void;
  action(name: string, options: CallOptions): (...given: readonly unknown[]) => Promise<Json>;
  on(name: "change" | "status", callback: () => void, options: Options): unknown;
  on(name: "error", callback: (trouble: Trouble) => void, options: Options): unknown;
}

/** What all scopes of one `bind` share. */
export interface Bound {
  readonly source: Source;
  readonly answers: Answers;
  readonly signal: AbortSignal | undefined;
}

interface Watcher {
  readonly spot: Spot;
  readonly callback: (value: Json | undefined) => void;
  value: Json | undefined;
}

/** The whole model, or a row: what is spelled with a leading `.` or `@` is of the row. */
export class Scope {
  readonly bound: Bound;
  readonly outer: Scope | undefined;
  /** What the row shows, which element that is, and what names it: an index, or a member's name. */
  value: Json | undefined;
  index = 0;
  token: string | number = "";
  readonly #locate: () => string | undefined;
  readonly #watchers = new Set<Watcher>();
  #controller: AbortController | undefined;
  #isGone = false;

  /** Make the scope of a model, or of a row: `locate` brings the row up to date, and tells where its list is. */
  constructor(bound: Bound, outer?: Scope, locate: () => string | undefined = () => undefined) {
    this.bound = bound;
    this.outer = outer;
    this.#locate = locate;
  }

  /** Ends with the row. */
  get signal(): AbortSignal | undefined {
    if (!this.outer) return this.bound.signal;
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Whether this row, or one around it, is no more. */
  get isGone(): boolean {
    return this.#isGone || (this.outer?.isGone ?? this.bound.signal?.aborted ?? false);
  }

  /** Call back with what a spot holds, now and whenever it has become another. */
  watch(spot: Spot, callback: (value: Json | undefined) => void): void {
    const { bound, signal } = this;
    const tell = spot.isNegated ? (value?: Json) => callback(!isTrue(value)) : callback;
    const row = this.#row(spot);
    if (!row) {
      bound.source.subscribe(spot.pointer, tell, { signal });
      return;
    }
    const watcher = { spot, callback: tell, value: row.#read(spot) };
    row.#watchers.add(watcher);
    if (row !== this) signal?.addEventListener("abort", () => row.#watchers.delete(watcher));
    tell(watcher.value);
  }

  /** Return what a spot holds at this moment, which may not be shown yet. */
  read(spot: Spot): Json | undefined {
    const row = this.#row(spot);
    if (!row) return find(this.bound.source.state as Json, spot.pointer);
    return row.place === undefined ? undefined : row.#read(spot);
  }

  /** Return the pointer of a spot at this moment; nothing if its row is gone. */
  locate(spot: Spot): string | undefined {
    const row = this.#row(spot);
    if (!row) return spot.pointer;
    const { place } = row;
    return place === undefined ? undefined : place + spot.pointer;
  }

  /** The pointer of this row at this moment. */
  get place(): string | undefined {
    const list = this.#locate();
    return this.isGone || list === undefined ? undefined : list + join(this.token);
  }

  /** Take note that the row shows this now. */
  update(value: Json | undefined, index: number, token: string | number): void {
    if (Object.is(value, this.value) && index === this.index && token === this.token) return;
    Object.assign(this, { value, index, token });
    for (const watcher of this.#watchers) {
      const found = this.#read(watcher.spot);
      if (Object.is(found, watcher.value)) continue;
      watcher.value = found;
      watcher.callback(found);
    }
  }

  /** End all that was tied in this row. */
  end(): void {
    this.#isGone = true;
    this.#controller?.abort();
  }

  #row({ up }: Spot): Scope | undefined {
    let row: Scope = this;
    for (let level = 1; level < up && row.outer; level += 1) row = row.outer;
    return up > 0 && row.outer ? row : undefined;
  }

  #read({ mark, tokens }: Spot): Json | undefined {
    return mark ? this[mark] : tokens.reduce<Json | undefined>(step, this.value);
  }
}

/** What a person reads of a value; nothing for what is not there, and of a million numbers not one. */
export function text(value: Json | undefined): string {
  const shown = spell(value) ?? value ?? "";
  return typeof shown === "object" ? toText(shown) : String(shown);
}

/** Whether Python takes a value for true: zero, and what is empty, is not. */
export function isTrue(value: Json | undefined): boolean {
  if (isContainer(value)) return Object.keys(value).length > 0;
  return Boolean(value) || Number.isNaN(value);
}

const causes = new WeakMap<Element, Map<string, Set<string>>>();

/** Have a boolean attribute on an element as long as there is a cause for it; its author may be one. */
export function flag(element: Element, name: string, cause: string, isSo: boolean): void {
  const known = causes.get(element) ?? new Map<string, Set<string>>();
  const all = known.get(name) ?? new Set(element.hasAttribute(name) ? ["its author"] : []);
  if (isSo === all.has(cause)) return;
  if (isSo) all.add(cause);
  else all.delete(cause);
  causes.set(element, known.set(name, all));
  element.toggleAttribute(name, all.size > 0);
}
