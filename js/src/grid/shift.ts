/**
 * Floor 9. What became of rows: which of them are other ones, which came and which went.
 *
 * @module
 */

import type { Rows } from "../view/rows.ts";

/** How rows became others: some gave way to others at one place, and at other places they are other ones. */
export interface Shift {
  readonly at: number;
  readonly removed: number;
  readonly added: number;
  /** Rows that have become other ones, by their new places. */
  readonly changed: readonly number[];
}

/**
 * Find what became of rows. It costs a look at each, and compares by identity where rows are values.
 *
 * @param names - the columns to compare, where rows are not values of their own
 */
export function shiftBetween(old: Rows, rows: Rows, names: readonly string[]): Shift {
  const isSame = rows.comparison(old, names);
  const shorter = Math.min(old.length, rows.length);
  let start = 0;
  while (start < shorter && isSame(start, start)) start += 1;
  let end = 0;
  const spare = shorter - start;
  while (end < spare && isSame(rows.length - 1 - end, old.length - 1 - end)) end += 1;
  const [removed, added] = [old.length - end - start, rows.length - end - start];
  if (removed === 0 || added === 0) return { at: start, removed, added, changed: [] };

  // Rows were written where they stand, and others came or went at the end: or else they gave way to others.
  const limit = old.length === rows.length ? Infinity : Math.min(removed, added);
  const stop = old.length === rows.length ? shorter - end : shorter;
  const changed: number[] = [];
  for (let row = start; row < stop; row += 1) {
    if (isSame(row, row)) continue;
    changed.push(row);
    if (changed.length > limit) return { at: start, removed, added, changed: [] };
  }
  return { at: shorter, removed: old.length - shorter, added: rows.length - shorter, changed };
}

/** Return where a row went, or nothing if it gave way to others. */
export function moved({ at, removed, added }: Shift, row: number): number | undefined {
  if (row < at) return row;
  return row < at + removed ? undefined : row + added - removed;
}

/** Return where a row went: the very value first, wherever it is now, then what stands in its place. */
export function follow(shift: Shift, old: Rows, rows: Rows, row: number): number | undefined {
  const place = moved(shift, row);
  if (place !== undefined && rows.comparison(old, [])(place, row)) return place;
  const found = rows.find(old, row);
  return found < 0 ? place : found;
}
