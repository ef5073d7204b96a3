/**
 * Floor 9. Where the focus of a grid is, and which rows are selected by that.
 *
 * @module
 */

import type { Span } from "./growth.ts";
import type { Head } from "./head.ts";
import type { Seen } from "./line.ts";
import type { Lines } from "./lines.ts";

/** Where the focus is, or would be. */
export type Active =
  | { readonly zone: "head" | "filter"; readonly name: string }
  | { readonly zone: "body"; readonly name: string; readonly row: number };

/** One place of a grid, to which Tab comes, and the rows from there to where the selection began. */
export class Focus {
  readonly #head: Head;
  readonly #lines: Lines;
  #active: Active | undefined;
  #from: number | undefined; // the row where the selection began, if it is not that of the active cell
  #tabbed: HTMLElement | undefined;

  constructor(head: Head, lines: Lines) {
    this.#head = head;
    this.#lines = lines;
  }

  get active(): Active | undefined {
    return this.#active;
  }

  /** The row of the active cell, or -1. */
  get row(): number {
    return this.#active?.zone === "body" ? this.#active.row : -1;
  }

  /** Go to a place, with the selection or without. */
  go(active: Active | undefined, isExtending = false): void {
    const begun = this.#from ?? (this.row < 0 ? undefined : this.row);
    this.#from = isExtending ? begun : undefined;
    this.#active = active;
  }

  /** Return the element of a place. */
  target(active: Active | undefined = this.#active): HTMLElement | undefined {
    if (!active) return undefined;
    if (active.zone !== "body") return this.#head.target(active.zone, active.name);
    return this.#lines.get(active.row)?.cell(active.name);
  }

  /** Return the place of an element. */
  find(element: Element, seen: readonly Seen[]): Active | undefined {
    for (const { column } of seen) {
      const { name } = column;
      if (this.#head.target("head", name)?.contains(element)) return { zone: "head", name };
      if (this.#head.target("filter", name)?.contains(element)) return { zone: "filter", name };
      for (const row of this.#lines.rows)
        if (this.#lines.get(row)?.cell(name)?.contains(element)) return { zone: "body", name, row };
    }
    return undefined;
  }

  /** Have Tab come to the place, or to the name of the first column, and go on behind it. */
  rove(first: string | undefined): void {
    const target =
      this.#active || first === undefined ? this.target() : this.target({ zone: "head", name: first });
    if (target === this.#tabbed) return;
    if (this.#tabbed) this.#tabbed.tabIndex = -1;
    this.#tabbed = target;
    if (target) target.tabIndex = 0;
  }

  /** Return the positions of the first and of the last row that are selected. */
  selection(positionOf: (row: number) => number): Span | undefined {
    const position = this.row < 0 ? -1 : positionOf(this.row);
    if (position < 0) return undefined;
    const from = this.#from === undefined ? -1 : positionOf(this.#from);
    return from < 0 ? [position, position] : [Math.min(from, position), Math.max(from, position)];
  }

  /** Select the active row alone, and tell whether there were others. */
  narrow(): boolean {
    const hadOthers = this.#from !== undefined;
    this.#from = undefined;
    return hadOthers;
  }

  /** Go with the rows. */
  follow(went: (row: number) => number | undefined): void {
    if (this.#active?.zone !== "body") return;
    const row = went(this.#active.row);
    if (this.#from !== undefined) this.#from = went(this.#from);
    this.#active = row === undefined ? undefined : { ...this.#active, row };
  }
}
