/**
 * Floor 9. A table on screen: what stands at a pointer, a list of records or the columns of a table.
 *
 * ```js
 * render({ model, pointer: "/rows", el, signal });
 * ```
 *
 * Only what is seen is drawn, and of that only what became another one. Rows are sorted and filtered in the page;
 * what is written into a cell goes to the row that it was written for, wherever that is by then.
 *
 * @module
 */

import { type Json, type JsonObject, kind, same } from "./document.ts";
import { type Column, type ColumnSpec, columnsOf, fill, widthFor } from "./grid/columns.ts";
import { Editing, type Way } from "./grid/editing.ts";
import { type Filter, parseFilter } from "./grid/filter.ts";
import { Head } from "./grid/head.ts";
import { Line, type Seen } from "./grid/line.ts";
import { Order, type Sort } from "./grid/order.ts";
import { Panes } from "./grid/panes.ts";
import { follow, type Shift, shiftBetween } from "./grid/shift.ts";
import { css, ROW } from "./grid/style.ts";
import type { Model } from "./model.ts";
import { join, parse } from "./pointer.ts";
import { barrier, type Trouble } from "./replica.ts";
import { make } from "./view/element.ts";
import { type Rows, rowsOf } from "./view/rows.ts";
import { style } from "./view/styles.ts";
import { kindOf, textOf } from "./view/values.ts";

export type { ColumnSpec } from "./grid/columns.ts";

/** What a grid shows, where, and how. */
export interface GridOptions {
  readonly model: Model;
  /** Where the rows are: a list, or a table. */
  readonly pointer: string;
  readonly el: HTMLElement;
  /** Takes the grid away when aborted. */
  readonly signal: AbortSignal;
  /** The columns and their order; all that there are, if not given. */
  readonly columns?: readonly (string | ColumnSpec)[] | undefined;
  /** The JSON Schema of the rows: titles, types, values to choose from, what is read-only. */
  readonly schema?: JsonObject | undefined;
  /** How high it is, in pixels; it is no higher than its rows. */
  readonly height?: number | undefined;
}

const HEIGHT = 420;
const PAUSE = 80; // milliseconds without a key, after which what is written above a column filters

/** Where the focus is, or would be. */
type Active =
  | { readonly zone: "head" | "filter"; readonly name: string }
  | { readonly zone: "body"; readonly name: string; readonly row: number };

/** Show what stands at a pointer as a grid. */
export function render(options: GridOptions): void {
  new Grid(options).start();
}

class Grid {
  readonly #options: GridOptions;
  readonly #element = make("div", { class: "syncstate-grid" });
  readonly #pane = make("div", { class: "syncstate-grid-pane", role: "grid" });
  readonly #body = make("div", { class: "syncstate-grid-body", role: "rowgroup" });
  readonly #message = make("div", { class: "syncstate-grid-message" });
  readonly #foot = make("div", { class: "syncstate-grid-foot" });
  readonly #count = make("span", { role: "status" });
  readonly #clear = make("button", { type: "button", hidden: "" }, "Clear filters");
  readonly #head: Head;
  readonly #panes: Panes;
  readonly #lines = new Map<number, Line>();
  readonly #spare: Line[] = [];
  readonly #filters = new Map<string, string>();
  readonly #widths = new Map<string, number>();
  #complaints = new Map<number, ReadonlyMap<string, string>>();
  #value: Json | undefined;
  #rows: Rows | undefined; // of the value
  #order: Order | undefined;
  #columns: Column[] = [];
  #seen: readonly Seen[] = [];
  #sort: Sort | undefined;
  #active: Active | undefined;
  #tabbed: HTMLElement | undefined; // to which Tab comes
  #editing: { readonly editing: Editing; row: number; readonly name: string; next: number } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GridOptions) {
    this.#options = options;
    this.#head = new Head({
      sort: (name) => this.#turnSort(name),
      filter: (name, text) => this.#filterSoon(name, text),
      resize: (name, width) => this.#resize(name, width),
      widen: (name) => this.#widen(name),
    });
    this.#pane.append(this.#head.element, this.#body);
    this.#foot.append(this.#count, this.#clear);
    this.#element.append(this.#pane, this.#message, this.#foot);
    options.el.append(this.#element);
    this.#panes = new Panes(this.#pane, () => this.#draw(), options.signal);
  }

  start(): void {
    const { model, pointer, el, signal, height } = this.#options;
    const element = this.#element;
    style(el, css, signal);
    this.#pane.style.maxHeight = `${height ?? HEIGHT}px`;
    this.#pane.setAttribute("aria-label", parse(pointer).at(-1) ?? "rows");
    this.#clear.addEventListener("click", () => this.#clearFilters());
    this.#pane.addEventListener("keydown", (event) => this.#press(event));
    this.#pane.addEventListener("focusin", (event) => this.#focused(event));
    this.#body.addEventListener("dblclick", (event) => {
      const active = this.#activeAt(event.target as Element);
      if (active?.zone === "body" && !this.#editing) this.#edit(active.row, active.name);
    });
    model.subscribe(pointer, (value) => this.#update(value), { signal });
    model.on("error", (trouble) => this.#refused(trouble), { signal });
    model.on("status", () => this.#showStatus(), { signal });
    signal.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      element.remove();
    });
  }

  // --- what is shown -------------------------------------------------------------------------------------------

  #update(value: Json | undefined): void {
    const old = this.#rows;
    const rows = rowsOf(value);
    this.#value = value;
    this.#rows = rows;
    if (!rows) {
      this.#cancel();
      this.#order = undefined;
    } else if (!old || !this.#order) this.#begin(rows);
    else this.#follow(old, rows, this.#order);
    this.#showStatus();
    this.#draw();
  }

  #begin(rows: Rows): void {
    this.#arrangeColumns(rows);
    this.#order = new Order(rows);
    this.#order.arrange(this.#sort, this.#parsedFilters());
  }

  // What a person looks at and writes in stays where it is, whatever comes and goes around it.
  #follow(old: Rows, rows: Rows, order: Order): void {
    const shift = shiftBetween(old, rows, order.names);
    if (old.length === 0 || String(rows.names) !== String(old.names)) this.#arrangeColumns(rows);
    const anchor = this.#anchor(order);
    const went = (row: number): number | undefined => follow(shift, old, rows, row);
    order.update(rows, shift);
    this.#followLines(went);
    this.#followComplaints(went, shift);
    this.#followActive(went);
    this.#panes.update(order.length, this.#widthsOf(), this.#activePosition(), this.#activeColumn());
    this.#body.style.height = `${order.length * ROW}px`;
    if (anchor) this.#restore(anchor, went, order);
  }

  #arrangeColumns(rows: Rows): void {
    const { columns, schema } = this.#options;
    this.#columns = columnsOf(rows, columns, schema, this.#widths);
    this.#seen = [];
  }

  #parsedFilters(): Map<string, Filter> {
    const parsed = [...this.#filters].map(([name, text]) => [name, parseFilter(text)] as const);
    return new Map(parsed.filter((pair): pair is readonly [string, Filter] => pair[1] !== undefined));
  }

  // The rows that are seen from the top: the first of them that stays keeps its place.
  #anchor(order: Order): { rows: number[]; offset: number } | undefined {
    const { position, offset } = this.#panes.top;
    if (position === 0 && offset === 0) return undefined;
    const rows = Array.from({ length: 8 }, (_, at) => order.row(position + at));
    return { rows, offset };
  }

  #restore(
    anchor: { rows: number[]; offset: number },
    went: (row: number) => number | undefined,
    order: Order,
  ): void {
    for (const [at, row] of anchor.rows.entries()) {
      const place = row < 0 ? undefined : went(row);
      const position = place === undefined ? -1 : order.position(place);
      if (position < 0) continue;
      const top = (position - at) * ROW + anchor.offset;
      if (top !== this.#pane.scrollTop) this.#panes.scrollTo(Math.max(0, top));
      return;
    }
  }

  #followLines(went: (row: number) => number | undefined): void {
    const lines = [...this.#lines];
    this.#lines.clear();
    for (const [row, line] of lines) {
      const place = went(row);
      if (place === undefined || this.#lines.has(place)) this.#putAway(line);
      else this.#lines.set(place, line);
    }
  }

  // A reason stands at its cell until the row is another one.
  #followComplaints(went: (row: number) => number | undefined, { changed }: Shift): void {
    if (this.#complaints.size === 0) return;
    const kept = [...this.#complaints].map(([row, complaint]) => [went(row), complaint] as const);
    const others = new Set<number | undefined>([undefined, ...changed]);
    this.#complaints = new Map(
      kept.filter((pair): pair is [number, ReadonlyMap<string, string>] => !others.has(pair[0])),
    );
  }

  #followActive(went: (row: number) => number | undefined): void {
    const editing = this.#editing;
    if (editing) {
      const place = went(editing.row);
      editing.next = went(editing.next) ?? -1;
      if (place === undefined) this.#cancel();
      else editing.row = place;
    }
    const active = this.#active;
    if (active?.zone !== "body") return;
    const row = went(active.row);
    this.#active = row === undefined ? undefined : { ...active, row };
  }

  #draw(): void {
    const [rows, order] = [this.#rows, this.#order];
    if (!rows || !order) return;
    const widths = this.#widthsOf();
    const width = widths.reduce((sum, one) => sum + one, 0);
    this.#panes.update(order.length, widths, this.#activePosition(), this.#activeColumn());
    const columns = this.#panes.columns;
    if (!isDrawn(this.#seen, columns, this.#columns)) {
      this.#seen = columns.map(({ at, left }) => ({
        column: { ...(this.#columns[at] as Column) },
        at,
        left,
      }));
    }
    this.#head.draw(this.#seen, this.#sort, width);
    this.#body.style.height = `${order.length * ROW}px`;
    this.#body.style.minWidth = `${width}px`;
    this.#pane.setAttribute("aria-rowcount", String(order.length + 2));
    this.#pane.setAttribute("aria-colcount", String(this.#columns.length));
    this.#drawLines(rows, order, this.#panes.positions);
    this.#rove();
    this.#tellCount(rows, order);
  }

  #drawLines(rows: Rows, order: Order, positions: readonly number[]): void {
    const drawn = new Map(positions.map((position) => [order.row(position), position] as const));
    for (const [row, line] of this.#lines) {
      if (drawn.has(row)) continue;
      this.#lines.delete(row);
      this.#putAway(line);
    }
    for (const [row, position] of drawn) {
      const line = this.#lines.get(row) ?? this.#takeLine(row);
      line.place(position, ROW);
      line.paint({ rows, row, seen: this.#seen, complaints: this.#complaints.get(row) });
    }
    for (const line of this.#spare) line.element.remove();
  }

  #takeLine(row: number): Line {
    const line = this.#spare.pop() ?? new Line();
    this.#lines.set(row, line);
    if (!line.element.isConnected) this.#body.append(line.element);
    return line;
  }

  #putAway(line: Line): void {
    if (line.element.contains(document.activeElement)) line.element.remove(); // nobody writes in another row by that
    this.#spare.push(line);
  }

  #tellCount(rows: Rows, order: Order): void {
    const isFiltered = [...this.#filters.values()].some((text) => text.trim() !== "");
    const all = `${rows.length.toLocaleString()} row${rows.length === 1 ? "" : "s"}`;
    const text = isFiltered ? `${order.length.toLocaleString()} of ${all}` : all;
    if (this.#count.textContent !== text) this.#count.textContent = text;
    this.#clear.hidden = !isFiltered;
    const message = rows.length === 0 ? "No rows" : order.length === 0 ? "No row passes the filters" : "";
    if (this.#message.textContent !== message) this.#message.textContent = message;
    this.#message.hidden = message === "";
    this.#pane.hidden = this.#columns.length === 0;
    this.#foot.hidden = false;
  }

  #showStatus(): void {
    const { model } = this.#options;
    const isStale = model.status === "stale" || model.status === "closed";
    this.#element.classList.toggle("syncstate-grid-stale", isStale);
    this.#pane.setAttribute("aria-readonly", String(!this.#isWritable()));
    if (this.#rows) return;
    this.#pane.hidden = this.#foot.hidden = true;
    this.#message.hidden = false;
    this.#message.textContent = this.#absence();
  }

  #absence(): string {
    const { model, pointer } = this.#options;
    if (this.#value !== undefined) return `Cannot show '${pointer}' as rows: it is ${kind(this.#value)}`;
    return model.status === "connecting" ? "Loading…" : `There is nothing at '${pointer}'`;
  }

  // --- order ---------------------------------------------------------------------------------------------------

  // Ascending, descending, as they come.
  #turnSort(name: string): void {
    const { name: old, isDescending } = this.#sort ?? {};
    this.#sort =
      old === name
        ? isDescending
          ? undefined
          : { name, isDescending: true }
        : { name, isDescending: false };
    this.#activate({ zone: "head", name });
    this.#arrange();
  }

  #filterSoon(name: string, text: string): void {
    this.#filters.set(name, text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#arrange(), PAUSE);
  }

  #clearFilters(): void {
    this.#filters.clear();
    this.#head.clear();
    this.#arrange();
  }

  #arrange(): void {
    clearTimeout(this.#timer);
    this.#order?.arrange(this.#sort, this.#parsedFilters());
    this.#panes.scrollTo(0);
    this.#draw();
  }

  // --- columns -------------------------------------------------------------------------------------------------

  #widthsOf(): number[] {
    fill(this.#columns, this.#pane.clientWidth);
    return this.#columns.map(({ width }) => width);
  }

  #resize(name: string, width: number): void {
    for (const column of this.#columns) {
      column.wanted = column.name === name ? Math.round(width) : column.width; // the others stay as they are
      column.isFixed = true;
      this.#widths.set(column.name, column.wanted);
    }
    this.#draw();
  }

  #widen(name: string): void {
    const [rows, column] = [this.#rows, this.#columns.find((one) => one.name === name)];
    if (rows && column)
      this.#resize(
        name,
        widthFor(
          column.label,
          [...this.#lines.keys()].map((row) => textOf(rows.cell(row, name))),
        ),
      );
  }

  // --- focus ---------------------------------------------------------------------------------------------------

  #activePosition(): number {
    const row = this.#editing?.row ?? (this.#active?.zone === "body" ? this.#active.row : -1);
    return row < 0 ? -1 : (this.#order?.position(row) ?? -1);
  }

  #activeColumn(): number {
    const name = this.#editing?.name ?? this.#active?.name;
    return this.#columns.findIndex((column) => column.name === name);
  }

  #activate(active: Active): void {
    this.#active = active;
    this.#panes.reveal(this.#activePosition(), this.#activeColumn());
    this.#draw();
    this.#target(active)?.focus({ preventScroll: true });
  }

  #target(active: Active): HTMLElement | undefined {
    if (active.zone !== "body") return this.#head.target(active.zone, active.name);
    return this.#lines.get(active.row)?.cell(active.name);
  }

  // Tab comes to one cell of the grid, and goes on behind it.
  #rove(): void {
    const first = this.#columns[0]?.name;
    const active: Active | undefined =
      this.#active ?? (first === undefined ? undefined : { zone: "head", name: first });
    const target = active && this.#target(active);
    if (target === this.#tabbed) return;
    if (this.#tabbed) this.#tabbed.tabIndex = -1;
    this.#tabbed = target;
    if (target) target.tabIndex = 0;
  }

  #focused({ target }: FocusEvent): void {
    const active = this.#activeAt(target as Element);
    if (!active || this.#editing) return;
    this.#active = active;
    this.#rove();
  }

  #activeAt(element: Element): Active | undefined {
    for (const { column } of this.#seen) {
      const { name } = column;
      if (this.#head.target("head", name)?.contains(element)) return { zone: "head", name };
      if (this.#head.target("filter", name)?.contains(element)) return { zone: "filter", name };
      for (const [row, line] of this.#lines)
        if (line.cell(name)?.contains(element)) return { zone: "body", name, row };
    }
    return undefined;
  }

  #press(event: KeyboardEvent): void {
    const active = this.#active;
    if (!active || this.#editing || event.altKey || event.metaKey) return;
    const isHandled =
      active.zone === "body"
        ? this.#pressInBody(event, active)
        : active.zone === "head"
          ? this.#pressInHead(event, active.name)
          : this.#pressInFilter(event, active.name);
    if (!isHandled) return;
    event.preventDefault();
    event.stopPropagation(); // a notebook has keys of its own
  }

  #pressInBody(event: KeyboardEvent, { name, row }: { name: string; row: number }): boolean {
    const { key, ctrlKey } = event;
    const position = this.#order?.position(row) ?? -1;
    const last = (this.#order?.length ?? 0) - 1;
    const column = this.#activeColumn();
    const end = this.#columns.length - 1;
    const { page } = this.#panes;
    const targets: Readonly<Record<string, readonly [number, number]>> = {
      ArrowDown: [ctrlKey ? last : position + 1, column],
      ArrowUp: [ctrlKey ? 0 : position - 1, column],
      ArrowRight: [position, ctrlKey ? end : column + 1],
      ArrowLeft: [position, ctrlKey ? 0 : column - 1],
      PageDown: [Math.min(position + page, last), column],
      PageUp: [Math.max(position - page, 0), column],
      Home: [ctrlKey ? 0 : position, 0],
      End: [ctrlKey ? last : position, end],
    };
    const target = Object.hasOwn(targets, key) ? targets[key] : undefined;
    if (target) {
      this.#go(...target);
      return true;
    }
    if (key === "Escape") return this.#dismiss(row);
    if (ctrlKey) return false;
    if (key === "Enter" && event.shiftKey) return false; // runs a cell of a notebook
    if (key === "Enter" || key === "F2") return this.#edit(row, name);
    if (key === " " && kindOf(this.#rows?.cell(row, name)) === "boolean") return this.#edit(row, name);
    return key.length === 1 && key !== " " && this.#edit(row, name, key);
  }

  #pressInHead({ key, shiftKey }: KeyboardEvent, name: string): boolean {
    const at = this.#activeColumn();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const column = this.#columns[at];
    if (step && shiftKey && column) this.#resize(name, Math.max(40, column.width + 16 * step));
    else if (step) this.#goInHead("head", at + step);
    else if (key === "Home" || key === "End")
      this.#goInHead("head", key === "Home" ? 0 : this.#columns.length - 1);
    else if (key === "ArrowDown") this.#goInHead("filter", at);
    else if (key === "Enter" || key === " ") this.#turnSort(name);
    else return false;
    return true;
  }

  #pressInFilter(event: KeyboardEvent, name: string): boolean {
    const at = this.#activeColumn();
    const input = event.target as HTMLInputElement;
    if (event.key === "ArrowUp") this.#goInHead("head", at);
    else if (event.key === "ArrowDown") this.#go(this.#panes.top.position, at);
    else if (event.key === "Enter") this.#arrange();
    else if (event.key === "Escape" && input.value !== "") {
      input.value = "";
      this.#filters.set(name, "");
      this.#arrange();
    } else if (event.key === "ArrowRight" && input.selectionStart === input.value.length)
      this.#goInHead("filter", at + 1);
    else if (event.key === "ArrowLeft" && input.selectionEnd === 0) this.#goInHead("filter", at - 1);
    else return false;
    return true;
  }

  #go(position: number, column: number): void {
    const order = this.#order;
    const name = this.#columns[Math.min(Math.max(column, 0), this.#columns.length - 1)]?.name;
    if (!order || name === undefined || position >= order.length) return;
    if (position < 0) this.#activate({ zone: "filter", name });
    else this.#activate({ zone: "body", name, row: order.row(position) });
  }

  #goInHead(zone: "head" | "filter", column: number): void {
    const name = this.#columns[column]?.name;
    if (name !== undefined) this.#activate({ zone, name });
  }

  // --- writing -------------------------------------------------------------------------------------------------

  #isWritable(): boolean {
    const { model, pointer } = this.#options;
    const isOpen = model.status === "live" || model.status === "connecting";
    return isOpen && barrier(model.readOnly, pointer) === undefined && this.#rows?.isWritable === true;
  }

  /** Let a person write into a cell, if that can be; what they have begun to write is in place of what was there. */
  #edit(row: number, name: string, begun?: string): boolean {
    const column = this.#columns.find((one) => one.name === name);
    const value = this.#rows?.cell(row, name);
    if (!this.#rows || !column?.isEditable || !this.#isWritable() || kindOf(value) === "other") return false;
    this.#complaints.delete(row);
    if (typeof value === "boolean") {
      if (begun === undefined) this.#commit(row, name, !value);
      return begun === undefined;
    }
    this.#activate({ zone: "body", name, row });
    const position = this.#order?.position(row) ?? -1;
    const [line, cell] = [this.#lines.get(row), this.#lines.get(row)?.cell(name)];
    if (!line || !cell) return false;
    const editing = new Editing(column, value, begun, {
      commit: (edited) => this.#commit(this.#editing?.row ?? row, name, edited),
      end: (way) => this.#endEditing(line, way),
    });
    this.#editing = { editing, row, name, next: this.#order?.row(position + 1) ?? -1 };
    line.lend(name, editing.control);
    editing.show(cell, begun !== undefined);
    return true;
  }

  #commit(row: number, name: string, value: Json): void {
    const { model, pointer } = this.#options;
    const rows = this.#rows;
    if (!rows || same(rows.cell(row, name) as Json, value)) return;
    try {
      model.set(pointer + join(...rows.place(row, name)), value);
    } catch (error) {
      if (this.#editing) throw error;
      this.#complain(row, name, (error as Error).message);
    }
  }

  #endEditing(line: Line, way: Way): void {
    const editing = this.#editing;
    if (!editing) return;
    const hadFocus = this.#pane.contains(document.activeElement);
    this.#editing = undefined;
    line.reclaim();
    const { name, row, next } = editing;
    const column = this.#columns.findIndex((one) => one.name === name);
    const aside = this.#columns[column + (way === "right" ? 1 : way === "left" ? -1 : 0)]?.name ?? name;
    this.#active = { zone: "body", name: aside, row: way === "down" && next >= 0 ? next : row };
    if (hadFocus) this.#activate(this.#active);
    else this.#draw();
  }

  #cancel(): void {
    this.#editing?.editing.cancel();
  }

  #refused({ operations, reason }: Trouble): void {
    const { pointer } = this.#options;
    for (const { path } of operations) {
      const tokens = path.startsWith(`${pointer}/`) ? parse(path.slice(pointer.length)) : [];
      const [row = "", name = this.#columns[0]?.name ?? ""] = tokens;
      if (tokens.length > 0 && this.#rows?.isWritable) this.#complain(Number(row), name, reason);
    }
  }

  #complain(row: number, name: string, reason: string): void {
    this.#complaints.set(row, new Map([...(this.#complaints.get(row) ?? []), [name, reason]]));
    this.#draw();
  }

  #dismiss(row: number): boolean {
    const hadComplaint = this.#complaints.delete(row);
    if (hadComplaint) this.#draw();
    return hadComplaint;
  }
}

// Whether the columns that are drawn are those, as they are now.
function isDrawn(
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
