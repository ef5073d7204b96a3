/**
 * Floor 9. Which rows a grid shows, and in which order.
 *
 * To sort and to filter looks at all rows. What changes afterwards costs the changed rows, and one look at the
 * others' identity: they keep their order.
 *
 * @module
 */

import type { Entry, Rows } from "../view/rows.ts";
import { compareKeys, folded, type Key, keyOf } from "../view/values.ts";
import type { Filter } from "./filter.ts";
import { moved, type Shift } from "./shift.ts";

/** By which column rows are sorted. */
export interface Sort {
  readonly name: string;
  readonly isDescending: boolean;
}

/** Return the next sort of a column: ascending, descending, as they come. */
export function turned(sort: Sort | undefined, name: string): Sort | undefined {
  if (sort?.name !== name) return { name, isDescending: false };
  return sort.isDescending ? undefined : { name, isDescending: true };
}

/** Returns what a person reads in a column, if that is another value than the one that stands there. */
export type Reading = (name: string, value: Entry) => Entry;

/** An order of rows; those that no filter lets pass have no position in it. */
export class Order {
  #rows: Rows;
  readonly #reading: Reading;
  #sort: Sort | undefined;
  #filters: ReadonlyMap<string, Filter> = new Map();
  #shown: Int32Array | undefined; // none: all, as they come
  #whole: { readonly rows: Rows; readonly sort: Sort | undefined; readonly all: Int32Array } | undefined;

  constructor(rows: Rows, reading: Reading = (_, value) => value) {
    this.#rows = rows;
    this.#reading = reading;
  }

  /** How many rows are shown. */
  get length(): number {
    return this.#shown?.length ?? this.#rows.length;
  }

  /** The columns on which the order depends. */
  get names(): readonly string[] {
    return [...new Set([...(this.#sort ? [this.#sort.name] : []), ...this.#filters.keys()])];
  }

  /** Return the row at a position. */
  row(position: number): number {
    return this.#shown ? (this.#shown[position] ?? -1) : position;
  }

  /** Return the position of a row, or -1. */
  position(row: number): number {
    return this.#shown ? this.#shown.indexOf(row) : row < this.#rows.length ? row : -1;
  }

  /** Sort and filter anew. */
  arrange(sort: Sort | undefined, filters: ReadonlyMap<string, Filter>): void {
    this.#sort = sort;
    this.#filters = filters;
    if (!sort && filters.size === 0) {
      this.#shown = undefined;
      return;
    }
    const all = this.#all();
    if (filters.size === 0) this.#shown = all;
    else this.#shown = all.filter((row) => this.#passes(row));
  }

  // All rows in order: who writes a filter letter by letter does not wait for a sort at each.
  #all(): Int32Array {
    const known = this.#whole;
    if (known?.rows === this.#rows && known.sort === this.#sort) return known.all;
    const all = new Int32Array(this.#rows.length);
    for (let row = 0; row < all.length; row += 1) all[row] = row;
    this.#whole = { rows: this.#rows, sort: this.#sort, all: this.#sorted(all) };
    return this.#whole.all;
  }

  /** Take other rows; a shift tells what became of those that were there. */
  update(rows: Rows, shift: Shift): void {
    this.#rows = rows;
    if (!this.#shown) return;
    const changed = new Set(shift.changed);
    const hasChanged = changed.size > 0;
    const came = [...shift.changed, ...Array.from({ length: shift.added }, (_, at) => shift.at + at)];
    if (changed.size === 0 && came.length === 0 && shift.removed === 0) return;
    const kept = new Int32Array(this.#shown.length);
    let count = 0;
    for (const row of this.#shown) {
      const place = moved(shift, row);
      if (place !== undefined && !(hasChanged && changed.has(place))) kept[count++] = place;
    }
    const fresh = Int32Array.from(came.filter((row) => this.#passes(row)));
    this.#shown = this.#merged(kept.subarray(0, count), this.#sorted(fresh));
  }

  #passes(row: number): boolean {
    for (const [name, filter] of this.#filters) if (!filter(this.#read(row, name))) return false;
    return true;
  }

  #read(row: number, name: string): Entry {
    return this.#reading(name, this.#rows.cell(row, name));
  }

  #sorted(shown: Int32Array): Int32Array {
    const sort = this.#sort;
    shown.sort();
    if (!sort) return shown;
    const keys = new Array<Key>(shown.length);
    for (let at = 0; at < shown.length; at += 1) keys[at] = keyOf(this.#read(shown[at] ?? -1, sort.name));
    return byRank(shown, ranksOf(keys), sort.isDescending);
  }

  // Two orders of rows made one, in which equal ones stand as they come.
  #merged(one: Int32Array, other: Int32Array): Int32Array {
    if (other.length === 0) return one.slice();
    const merged = new Int32Array(one.length + other.length);
    let [from, end] = [0, 0];
    for (const row of other) {
      const stop = this.#placeFor(row, one, from);
      merged.set(one.subarray(from, stop), end);
      end += stop - from;
      merged[end++] = row;
      from = stop;
    }
    merged.set(one.subarray(from), end);
    return merged;
  }

  #placeFor(row: number, shown: Int32Array, start: number): number {
    let [low, high] = [start, shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(shown[middle] ?? -1, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(one: number, other: number): number {
    const sort = this.#sort;
    if (!sort) return one - other;
    const [key, otherKey] = [this.#read(one, sort.name), this.#read(other, sort.name)].map(keyOf);
    return compare(key, otherKey, sort) || one - other;
  }
}

// What is missing comes last, whichever way.
function compare(one: Key, other: Key, { isDescending }: Sort): number {
  if (one === undefined || other === undefined)
    return Number(one === undefined) - Number(other === undefined);
  return isDescending ? compareKeys(other, one) : compareKeys(one, other);
}

/** What rows are sorted by: numbers from 0 to less than a count, which stands for what is missing. */
interface Ranks {
  readonly ranks: Int32Array;
  readonly count: number;
}

// Only keys that differ are compared, and by what engines sort best: numbers as such, texts letter by letter.
function ranksOf(keys: readonly Key[]): Ranks {
  const distinct = new Set(keys);
  distinct.delete(undefined);
  const ranks = new Map<Key, number>(sortedKeys([...distinct]).map((key, rank) => [key, rank]));
  return { ranks: Int32Array.from(keys, (key) => ranks.get(key) ?? ranks.size), count: ranks.size };
}

function sortedKeys(keys: Key[]): Key[] {
  if (keys.every((key) => typeof key === "number")) return [...Float64Array.from(keys).sort()];
  if (!keys.every((key) => typeof key === "string")) return keys.sort(compareKeys);
  const foldedTexts = keys.map(folded).sort();
  return foldedTexts.map((text) => text.slice(text.indexOf("\0") + 1));
}

// Rows of one rank stand as they come.
function byRank(rows: Int32Array, { ranks, count }: Ranks, isDescending: boolean): Int32Array {
  const starts = new Int32Array(count + 2);
  const place = (at: number): number => {
    const rank = ranks[at] ?? count;
    return isDescending && rank < count ? count - 1 - rank : rank; // what is missing comes last, whichever way
  };
  for (let at = 0; at < rows.length; at += 1) starts[place(at) + 1] = (starts[place(at) + 1] ?? 0) + 1;
  for (let rank = 0; rank <= count; rank += 1)
    starts[rank + 1] = (starts[rank + 1] ?? 0) + (starts[rank] ?? 0);
  const sorted = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) {
    const start = starts[place(at)] ?? 0;
    sorted[start] = rows[at] ?? -1;
    starts[place(at)] = start + 1;
  }
  return sorted;
}
