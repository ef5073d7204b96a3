/**
 * Floor 9. What a grid shows, read alike: a list of records, a list of other values, or a table of columns.
 *
 * @module
 */

import { isList, isObject, type Json, type JsonList, own } from "../document.ts";
import { at, type Cell, isTable, rowCount, type Table } from "../table.ts";

/** What stands in a cell; nothing is there, or missing, as null is. */
export type Entry = Json | Cell | undefined;

/** Rows that a grid can show. They never change: what comes from the kernel makes others. */
export interface Rows {
  readonly length: number;
  /** The columns, in order. */
  readonly names: readonly string[];
  /** Whether a cell has a place of its own, that a page may write. */
  readonly isWritable: boolean;
  /** Return what stands in a row, in a column. */
  cell(row: number, name: string): Entry;
  /** Return the reference tokens of a cell, from the value that is shown. */
  place(row: number, name: string): readonly (string | number)[];
  /** Return what tells whether a row is one of other rows: as far as some columns go, where rows are no values. */
  comparison(other: Rows, names: readonly string[]): Comparison;
  /** Return the row that is the very value of a row of other rows, or -1. */
  find(other: Rows, otherRow: number): number;
}

/** Tells whether a row is one of other rows. */
export type Comparison = (row: number, otherRow: number) => boolean;

/** The column of a list whose elements are no records. */
export const VALUE = "value";

const LOOKED_AT = 1000; // rows whose members are the columns, where nobody says which there are

/** Return the rows of a value, or nothing if it has none. */
export function rowsOf(value: unknown): Rows | undefined {
  if (isList(value)) return new Records(value);
  return isTable(value) ? new Columns(value) : undefined;
}

class Records implements Rows {
  readonly isWritable = true;
  readonly #list: JsonList;
  readonly #isPlain: boolean; // its elements are the cells
  #names: readonly string[] | undefined;

  constructor(list: JsonList) {
    this.#list = list;
    this.#isPlain = list.length > 0 && !list.slice(0, LOOKED_AT).some(isObject);
  }

  get length(): number {
    return this.#list.length;
  }

  get names(): readonly string[] {
    this.#names ??= this.#isPlain ? [VALUE] : namesOf(this.#list.slice(0, LOOKED_AT));
    return this.#names;
  }

  cell(row: number, name: string): Entry {
    const record = this.#list[row];
    if (this.#isPlain) return record;
    return isObject(record) ? own(record, name) : undefined;
  }

  place(row: number, name: string): readonly (string | number)[] {
    return this.#isPlain ? [row] : [row, name];
  }

  comparison(other: Rows): Comparison {
    const [own, others] = [this.#list, other instanceof Records ? other.#list : []];
    return (row, otherRow) => own[row] === others[otherRow];
  }

  find(other: Rows, otherRow: number): number {
    const record = other instanceof Records ? other.#list[otherRow] : undefined;
    return isObject(record) ? this.#list.indexOf(record) : -1;
  }
}

class Columns implements Rows {
  readonly isWritable = false;
  readonly length: number;
  readonly names: readonly string[];
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
    this.length = rowCount(table);
    this.names = Object.keys(table);
  }

  cell(row: number, name: string): Entry {
    return at(own(this.#table, name), row);
  }

  place(row: number, name: string): readonly (string | number)[] {
    return [name, row];
  }

  comparison(other: Rows, names: readonly string[]): Comparison {
    const table = other instanceof Columns ? other.#table : {};
    const pairs = names.map((name) => [own(this.#table, name), own(table, name)] as const);
    const differing = pairs.filter(([column, otherColumn]) => column !== otherColumn);
    return (row, otherRow) => {
      const compared = row === otherRow ? differing : pairs; // a column that is the same has the same rows
      return compared.every(([column, otherColumn]) => isAlike(at(column, row), at(otherColumn, otherRow)));
    };
  }

  find(): number {
    return -1;
  }
}

function isAlike(one: Cell, other: Cell): boolean {
  return one instanceof Date && other instanceof Date ? +one === +other : Object.is(one, other);
}

function namesOf(list: JsonList): string[] {
  const names = new Set<string>();
  for (const record of list) if (isObject(record)) for (const name of Object.keys(record)) names.add(name);
  return [...names];
}
