/**
 * Floor 9. What stands above a grid's rows: names to sort by and to make columns wider, and filters.
 *
 * @module
 */

import { make } from "../view/element.ts";
import { type Column, NARROWEST } from "./columns.ts";
import { HINT } from "./filter.ts";
import type { Sort } from "./order.ts";

/** What a person does above the rows. */
export interface HeadEvents {
  sort(name: string): void;
  filter(name: string, text: string): void;
  resize(name: string, width: number): void;
  /** Make a column as wide as what is seen of it. */
  widen(name: string): void;
}

/** Two rows of a grid that stay above the others. */
export class Head {
  readonly element: HTMLElement = make("div", { class: "syncstate-grid-head", role: "rowgroup" });
  readonly #names = make("div", { class: "syncstate-grid-names", role: "row", "aria-rowindex": "1" });
  readonly #inputs = make("div", { class: "syncstate-grid-filters", role: "row", "aria-rowindex": "2" });
  readonly #events: HeadEvents;
  readonly #cells = new Map<string, { name: HTMLElement; filter: HTMLElement; input: HTMLInputElement }>();

  constructor(events: HeadEvents) {
    this.#events = events;
    this.element.append(this.#names, this.#inputs);
  }

  /** Draw the columns that are seen. */
  draw(
    columns: readonly { column: Column; at: number; left: number }[],
    sort: Sort | undefined,
    width: number,
  ): void {
    const seen = new Set(columns.map(({ column }) => column.name));
    for (const [name, cells] of this.#cells) if (!seen.has(name)) this.#remove(name, cells);
    this.element.style.minWidth = `${width}px`;
    for (const { column, at, left } of columns) {
      const { name, filter } = this.#cells.get(column.name) ?? this.#make(column);
      for (const cell of [name, filter]) {
        cell.setAttribute("aria-colindex", String(at + 1));
        cell.style.left = `${left}px`;
        cell.style.width = `${column.width}px`;
      }
      name.classList.toggle("syncstate-number", column.kind === "number");
      const isSorted = sort?.name === column.name;
      name.setAttribute("aria-sort", isSorted ? (sort.isDescending ? "descending" : "ascending") : "none");
    }
  }

  /** Return the element of a column that takes the focus: its name, or its filter. */
  target(zone: "head" | "filter", name: string): HTMLElement | undefined {
    const cells = this.#cells.get(name);
    return zone === "head" ? cells?.name : cells?.input;
  }

  /** Take what was written above the columns away. */
  clear(): void {
    for (const { input } of this.#cells.values()) input.value = "";
  }

  #remove(name: string, cells: { name: HTMLElement; filter: HTMLElement }): void {
    cells.name.remove();
    cells.filter.remove();
    this.#cells.delete(name);
  }

  #make(column: Column): { name: HTMLElement; filter: HTMLElement; input: HTMLInputElement } {
    const { name, label, help } = column;
    const header = make("div", {
      class: "syncstate-grid-name",
      role: "columnheader",
      tabindex: "-1",
      title: help ? `${label}\n${help}` : label,
      ...(help && { "aria-description": help }),
    });
    const edge = make("div", { class: "syncstate-grid-edge", "aria-hidden": "true" });
    header.append(make("span", {}, label), edge);
    header.addEventListener("click", (event) => event.target === edge || this.#events.sort(name));
    edge.addEventListener("dblclick", () => this.#events.widen(name));
    edge.addEventListener("pointerdown", (event) => this.#drag(event, edge, column));
    const filter = make("div", { class: "syncstate-grid-filter", role: "gridcell" });
    const input = make("input", {
      type: "text",
      tabindex: "-1",
      title: HINT,
      placeholder:
        column.kind === "number" ? ">5, 3..7" : column.kind === "date" ? ">2026-11-01" : "contains",
      "aria-label": `Filter ${label}`,
      autocomplete: "off",
      spellcheck: "false",
    });
    input.addEventListener("input", () => this.#events.filter(name, input.value));
    filter.append(input);
    this.#names.append(header);
    this.#inputs.append(filter);
    const cells = { name: header, filter, input };
    this.#cells.set(name, cells);
    return cells;
  }

  #drag(event: PointerEvent, edge: HTMLElement, column: Column): void {
    const { clientX: from } = event;
    const { width } = column;
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    const move = ({ clientX }: PointerEvent): void =>
      this.#events.resize(column.name, Math.max(NARROWEST, width + clientX - from));
    const end = (): void => edge.removeEventListener("pointermove", move);
    edge.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) edge.addEventListener(name, end, { once: true });
  }
}
