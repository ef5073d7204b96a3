/**
 * Floor 9. One row of a grid, as far as its columns are seen.
 *
 * @module
 */

import { make } from "../view/element.ts";
import type { Entry, Rows } from "../view/rows.ts";
import { exactText, kindOf, textOf } from "../view/values.ts";
import { type Column, titled } from "./columns.ts";

/** A column that is seen, and where. */
export interface Seen {
  readonly column: Column;
  readonly at: number;
  readonly left: number;
}

/** What is painted: rows, which of them, the columns that are seen, and what is wrong in it by column. */
export interface Painting {
  readonly rows: Rows;
  readonly row: number;
  readonly seen: readonly Seen[];
  readonly complaints: ReadonlyMap<string, string> | undefined;
  /** Nothing where rows are not selected. */
  readonly isSelected: boolean | undefined;
}

/** A row on screen. It paints what is another one: the rest of the table is not looked at. */
export class Line {
  readonly element: HTMLElement = make("div", { class: "syncstate-grid-row", role: "row" });
  readonly #cells = new Map<string, HTMLElement>();
  #painted: Painting | undefined;
  #editing: string | undefined; // the column in which a person writes

  /** Put it at a position. */
  place(position: number, height: number): void {
    const index = String(position + 3); // behind the names and the filters
    if (this.element.getAttribute("aria-rowindex") === index) return;
    this.element.setAttribute("aria-rowindex", index);
    this.element.style.transform = `translateY(${position * height}px)`;
    this.element.classList.toggle("syncstate-grid-odd", position % 2 === 1);
  }

  /** Paint a row, unless that is what stands there. */
  paint(painting: Painting): void {
    const { rows, row, seen, complaints, isSelected } = painting;
    if (isSelected !== undefined) this.element.setAttribute("aria-selected", String(isSelected));
    const old = this.#painted;
    const names = seen.map(({ column }) => column.name);
    const isSame =
      old?.seen === seen && old.complaints === complaints && rows.comparison(old.rows, names)(row, old.row);
    this.#painted = painting;
    if (isSame) return;
    const kept = new Set(names);
    for (const [name, cell] of this.#cells) if (!kept.has(name)) this.#remove(name, cell);
    for (const one of seen)
      this.#paintCell(
        one,
        rows.cell(row, one.column.name),
        complaints?.get(one.column.name),
        old?.seen !== seen,
      );
    this.element.classList.toggle("syncstate-grid-refused", complaints !== undefined);
  }

  /** Return the cell of a column, if it is seen. */
  cell(name: string): HTMLElement | undefined {
    return this.#cells.get(name);
  }

  /** Give a cell to a person who writes in it; it is not painted until it is given back. */
  lend(name: string, control: HTMLElement): void {
    this.#editing = name;
    this.#cells.get(name)?.replaceChildren(control);
  }

  /** Take back the cell that was lent. */
  reclaim(): void {
    const { rows, row, seen, complaints } = this.#painted ?? {};
    const name = this.#editing;
    this.#editing = undefined;
    const one = seen?.find(({ column }) => column.name === name);
    if (!rows || row === undefined || !one) return;
    this.#paintCell(one, rows.cell(row, one.column.name), complaints?.get(one.column.name), false);
  }

  #remove(name: string, cell: HTMLElement): void {
    cell.remove();
    this.#cells.delete(name);
  }

  #paintCell(
    { column, at, left }: Seen,
    stored: Entry,
    complaint: string | undefined,
    isMoved: boolean,
  ): void {
    const value = titled(column.choices, stored);
    const cell = this.#cells.get(column.name) ?? this.#make(column.name);
    if (isMoved) {
      cell.setAttribute("aria-colindex", String(at + 1));
      cell.style.left = `${left}px`;
      cell.style.width = `${column.width}px`;
    }
    if (this.#editing === column.name) return;
    const [kind, text] = [kindOf(value), textOf(value)];
    const isNumber = kind === "missing" && column.kind === "number";
    const name = `syncstate-grid-cell syncstate-${kind}${isNumber ? " syncstate-number" : ""}`;
    if (cell.className !== name) cell.className = name;
    const exact = exactText(value);
    const title = text.length * 7 > column.width || (text !== exact && kind !== "missing") ? exact : "";
    if (cell.title !== title) cell.title = title;
    if (cell.textContent !== text || cell.childElementCount > 0) cell.textContent = text;
    if (complaint === undefined) cell.removeAttribute("aria-invalid");
    else {
      cell.setAttribute("aria-invalid", "true");
      cell.append(make("span", { class: "syncstate-grid-note", role: "alert" }, complaint));
    }
  }

  #make(name: string): HTMLElement {
    const cell = make("div", { role: "gridcell", tabindex: "-1" });
    this.#cells.set(name, cell);
    this.element.append(cell);
    return cell;
  }
}

/** Whether the columns that are drawn are those, as they are now. */
export function isDrawn(
  seen: readonly Seen[],
  columns: readonly { at: number; left: number }[],
  all: readonly Column[],
): boolean {
  return (
    seen.length === columns.length &&
    seen.every(({ at, left, column }, index) => {
      const other = columns[index];
      return (
        other?.at === at &&
        other.left === left &&
        all[at]?.width === column.width &&
        all[at].name === column.name
      );
    })
  );
}
