/**
 * Floor 6. Rows: a template for each element of a list, or each member of an object.
 *
 * A row is an element's, as long as that is in the list: it keeps its nodes, and with them the focus, the caret
 * and what is scrolled. An element is known by what `data-sync-key` names in it, a member by its name; without
 * a key an element is itself (`===`), and one that takes the place of another, or is much like it, is that one changed.
 *
 * @module
 */

import { isList, isObject, type Json, own } from "../document.ts";
import { find, step } from "../pointer.ts";
import { rewrite } from "./control.ts";
import { Scope } from "./scope.ts";
import type { Spot } from "./spelling.ts";

interface Row {
  readonly scope: Scope;
  readonly first: ChildNode;
  readonly last: ChildNode;
  key: unknown;
}

// The rows of the elements, and between which of them some are new or have moved.
interface Match {
  readonly rows: (Row | undefined)[];
  readonly start: number;
  readonly end: number;
}

/** Makes the nodes of a row, and ties them in its scope. */
export type Stamp = (scope: Scope) => DocumentFragment;

/** Tie a template to a list or an object. */
export function tieRows(
  scope: Scope,
  template: HTMLElement,
  spot: Spot,
  key: Spot | undefined,
  stamp: Stamp,
): void {
  const rows = new Rows(scope, template, spot, key, stamp);
  scope.watch(spot, rows.take);
  scope.signal?.addEventListener("abort", rows.end);
}

class Rows {
  readonly #scope: Scope;
  readonly #template: HTMLElement;
  readonly #spot: Spot;
  readonly #key: Spot | undefined;
  readonly #stamp: Stamp;
  #value: Json | undefined;
  #rows: readonly Row[] = [];
  #isTaking = false;

  constructor(scope: Scope, template: HTMLElement, spot: Spot, key: Spot | undefined, stamp: Stamp) {
    this.#scope = scope;
    this.#template = template;
    this.#spot = spot;
    this.#key = key;
    this.#stamp = stamp;
  }

  /** End all rows; they stay where they are. */
  end = (): void => {
    for (const { scope } of this.#rows) scope.end();
  };

  /** Show a list or an object. */
  take = (value: Json | undefined): void => {
    if (this.#isTaking || Object.is(value, this.#value)) return;
    this.#isTaking = true;
    this.#value = value;
    try {
      this.#arrange(value);
    } finally {
      this.#isTaking = false;
    }
    rewrite(this.#template.closest("select")); // it has other options
  };

  #arrange(value: Json | undefined): void {
    const names = isObject(value) ? Object.keys(value) : undefined;
    const elements: readonly Json[] = isList(value) ? value : names ? Object.values(value as object) : [];
    const keys = names ?? (this.#key ? elements.map(this.#keyOf) : elements);
    const { rows, start, end } = this.#match(elements, keys);

    const staying = this.#staying(rows.slice(start, end).filter((row) => row !== undefined));
    let next: ChildNode = rows[end]?.first ?? this.#template;
    for (let at = end - 1; at >= start; at -= 1) {
      const row = rows[at] ?? this.#make(elements[at], at, names?.[at] ?? at, next);
      if (rows[at] && !staying.has(row)) move(row, next);
      rows[at] = row;
      next = row.first;
    }
    this.#rows = rows as Row[];
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as Row;
      row.key = keys[at];
      row.scope.update(elements[at], at, names ? (names[at] as string) : at);
    }
  }

  // Finds the rows of elements, and drops those of what is gone. Only what is between the first and the last
  // difference is looked at closely.
  #match(elements: readonly Json[], keys: readonly unknown[]): Match {
    const old = this.#rows;
    const rows: (Row | undefined)[] = new Array(elements.length).fill(undefined);
    let [start, end, oldEnd] = [0, elements.length, old.length];
    const limit = Math.min(end, oldEnd);
    for (; start < limit && Object.is(old[start]?.key, keys[start]); start += 1) rows[start] = old[start];
    for (
      ;
      end > start && oldEnd > start && Object.is(old[oldEnd - 1]?.key, keys[end - 1]);
      end -= 1, oldEnd -= 1
    )
      rows[end - 1] = old[oldEnd - 1];

    const left = new Map<unknown, Row[]>(); // the last one first
    for (const row of old.slice(start, oldEnd).reverse()) {
      const others = left.get(row.key);
      if (others) others.push(row);
      else left.set(row.key, [row]);
    }
    for (let at = start; at < end; at += 1) rows[at] = left.get(keys[at])?.pop();
    const gone = new Set([...left.values()].flat());
    if (keys === elements) reuse(rows, old, gone, elements, [start, end]);
    for (const row of gone) drop(row);
    return { rows, start, end };
  }

  #keyOf = (element: Json): unknown => this.#key?.tokens.reduce<Json | undefined>(step, element) ?? element;

  #make(value: Json | undefined, index: number, token: string | number, next: ChildNode): Row {
    const scope = new Scope(this.#scope.bound, this.#scope, this.#locate);
    scope.update(value, index, token);
    const nodes = this.#stamp(scope);
    const row = {
      scope,
      first: nodes.firstChild as ChildNode,
      last: nodes.lastChild as ChildNode,
      key: undefined,
    };
    next.before(nodes);
    return row;
  }

  // What came since the last picture is taken first: whoever asks wants to know where a row is now.
  #locate = (): string | undefined => {
    const pointer = this.#scope.locate(this.#spot);
    if (pointer !== undefined) this.take(find(this.#scope.bound.source.state as Json, pointer));
    return pointer;
  };

  // Returns the rows that need not be moved: as many as can be, and the one that somebody is in.
  #staying(rows: readonly Row[]): Set<Row> {
    const parent = this.#template.parentNode;
    let held: Node | null | undefined = (this.#template.getRootNode() as Document).activeElement;
    while (held && held.parentNode !== parent) held = held.parentNode;
    const at = held ? rows.findIndex((row) => nodesOf(row).includes(held as ChildNode)) : -1;
    const pivot = rows[at]?.scope.index ?? 0;
    return new Set(
      longestRise(
        rows.filter((row, place) => at < 0 || place === at || place < at === row.scope.index < pivot),
      ),
    );
  }
}

// Finds rows for elements that nobody knows: those between two known neighbours, if they are as many; then the one
// that is most alike, at least in half of the members. An edit that is on its way makes another object at each commit.
function reuse(
  rows: (Row | undefined)[],
  old: readonly Row[],
  gone: Set<Row>,
  elements: readonly Json[],
  [start, end]: readonly [number, number],
): void {
  const take = (at: number, row: Row): void => {
    rows[at] = row;
    gone.delete(row);
  };
  const strangers: number[] = [];
  for (let at = start; at < end; at += 1) {
    if (rows[at]) continue;
    const from = at;
    while (at < end && !rows[at]) at += 1;
    const first = (rows[from - 1]?.scope.index ?? -1) + 1;
    const between = old.slice(first, rows[at]?.scope.index ?? old.length);
    if (between.length === at - from && between.every((row) => gone.has(row))) {
      for (const [offset, row] of between.entries()) take(from + offset, row);
    } else for (let stranger = from; stranger < at; stranger += 1) strangers.push(stranger);
  }
  if (strangers.length * gone.size > LOOKS) return;
  for (const at of strangers) {
    let [nearest, most]: [Row | undefined, number] = [undefined, 0];
    for (const row of gone) {
      const share = likeness(row.scope.value, elements[at]);
      if (share >= 0.5 && share > most) [nearest, most] = [row, share];
    }
    if (nearest) take(at, nearest);
  }
}

// How many pairs are compared before all that is unknown is new.
const LOOKS = 10_000;

// Returns which part of their members two objects have in common.
function likeness(one: Json | undefined, other: Json | undefined): number {
  if (!isObject(one) || !isObject(other)) return 0;
  const names = Object.keys(one);
  const shared = names.filter((name) => Object.is(one[name], own(other, name)));
  return shared.length / Math.max(names.length, Object.keys(other).length, 1);
}

// Returns the longest run of rows that stand in their old order.
function longestRise(rows: readonly Row[]): Row[] {
  const indexAt = (at: number | undefined): number => rows[at as number]?.scope.index as number;
  const ends: number[] = []; // where the lowest run of each length ends
  const before: (number | undefined)[] = [];
  for (const at of rows.keys()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (indexAt(ends[middle]) < indexAt(at)) low = middle + 1;
      else high = middle;
    }
    before[at] = ends[low - 1];
    ends[low] = at;
  }
  const run: Row[] = [];
  for (let at = ends.at(-1); at !== undefined; at = before[at]) run.push(rows[at] as Row);
  return run;
}

// A row holds what its nested rows have put between its first node and its last.
function nodesOf({ first, last }: Row): ChildNode[] {
  const nodes = [first];
  for (let node = first; node !== last && node.nextSibling; ) {
    node = node.nextSibling;
    nodes.push(node);
  }
  return nodes;
}

// Where the browser can, it moves nodes with all that they are in the middle of.
function move(row: Row, next: ChildNode): void {
  const parent = next.parentNode as (ParentNode & { moveBefore?(node: Node, next: Node): void }) | null;
  for (const node of nodesOf(row)) {
    if (parent?.moveBefore && node.parentNode === parent) parent.moveBefore(node, next);
    else next.before(node);
  }
}

function drop(row: Row): void {
  row.scope.end();
  for (const node of nodesOf(row)) node.remove();
}
