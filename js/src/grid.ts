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
import { type Column, type ColumnSpec, columnsOf, fill, titled, widthFor } from "./grid/columns.ts";
import { Complaints } from "./grid/complaints.ts";
import { Editing, type Way } from "./grid/editing.ts";
import { type Filter, parseFilter } from "./grid/filter.ts";
import { type Bounds, Foot } from "./grid/foot.ts";
import { Head } from "./grid/head.ts";
import { type Active, press } from "./grid/keys.ts";
import { isDrawn, Line, type Seen } from "./grid/line.ts";
import { Order, type Sort } from "./grid/order.ts";
import { Panes } from "./grid/panes.ts";
import { follow, shiftBetween } from "./grid/shift.ts";
import { css, ROW } from "./grid/style.ts";
import type { Model } from "./model.ts";
import type { Patch } from "./patch.ts";
import { join, parse } from "./pointer.ts";
import { barrier, type Trouble } from "./replica.ts";
import { make } from "./view/element.ts";
import { type Rows, rowsOf } from "./view/rows.ts";
import { style } from "./view/styles.ts";
import { kindOf, textOf } from "./view/values.ts";

export type { ColumnSpec } from "./grid/columns.ts";

/** What holds the rows: a model, or what is as good as one. */
export type GridModel = Pick<Model, "status" | "reason" | "readOnly" | "subscribe" | "set" | "apply" | "on">;

/** How a list grows and shrinks. */
export interface Growth extends Bounds {
  /** Returns what a new row is at first. */
  readonly fresh: () => Json;
}

/** What a grid shows, where, and how. */
export interface GridOptions {
  readonly model: GridModel;
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
  /** What the rows are called, if not by the last token of the pointer. */
  readonly label?: string | undefined;
  /** Whether cells may be written, where the model lets them. */
  readonly editable?: boolean | undefined;
  /** How a person adds rows of a list, removes and moves them; without it nobody does. */
  readonly growth?: Growth | undefined;
}

const HEIGHT = 420;
const PAUSE = 80; // milliseconds without a key, after which what is written above a column filters

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
  readonly #label: string;
  readonly #foot: Foot;
  readonly #head: Head;
  readonly #panes: Panes;
  readonly #lines = new Map<number, Line>();
  readonly #spare: Line[] = [];
  readonly #filters = new Map<string, string>();
  readonly #widths = new Map<string, number>();
  readonly #complaints = new Complaints();
  #value: Json | undefined;
  #rows: Rows | undefined; // of the value
  #order: Order | undefined;
  #columns: Column[] = [];
  #seen: readonly Seen[] = [];
  #sort: Sort | undefined;
  #active: Active | undefined;
  #from: number | undefined; // the row where the selection begins, if it is not that of the active cell
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
    this.#label = options.label ?? parse(options.pointer).at(-1) ?? "rows";
    this.#foot = new Foot(options.growth, this.#label, {
      clear: () => this.#clearFilters(),
      add: () => this.#addRow(),
      remove: () => this.#removeRows(),
      move: (by) => this.#moveRows(by),
    });
    this.#pane.append(this.#head.element, this.#body);
    this.#element.append(this.#pane, this.#message, this.#foot.element);
    options.el.append(this.#element);
    this.#panes = new Panes(this.#pane, () => this.#draw(), options.signal);
  }

  start(): void {
    const { model, pointer, el, signal, height, growth } = this.#options;
    const element = this.#element;
    style(el, css, signal);
    this.#pane.style.maxHeight = `${height ?? HEIGHT}px`;
    this.#pane.setAttribute("aria-label", this.#label);
    if (growth) this.#pane.setAttribute("aria-multiselectable", "true");
    this.#pane.addEventListener("keydown", (event) => this.#press(event));
    this.#pane.addEventListener("focusin", (event) => this.#focused(event));
    this.#body.addEventListener("mousedown", (event) => {
      const active = event.shiftKey && !this.#editing && this.#activeAt(event.target as Element);
      if (!active) return;
      event.preventDefault(); // no text is marked
      this.#activate(active, true);
    });
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
    this.#order = new Order(rows, (name, value) => {
      return titled(this.#columns.find((column) => column.name === name)?.choices, value);
    });
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
    this.#complaints.follow(went, shift);
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
    if (this.#from !== undefined) this.#from = went(this.#from);
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
    this.#element.style.setProperty("--width", `${width}px`);
    this.#pane.setAttribute("aria-rowcount", String(order.length + 2));
    this.#pane.setAttribute("aria-colcount", String(this.#columns.length));
    this.#drawLines(rows, order, this.#panes.positions);
    this.#rove();
    this.#tellCount(rows, order);
    this.#lookAtFoot();
  }

  #drawLines(rows: Rows, order: Order, positions: readonly number[]): void {
    const drawn = new Map(positions.map((position) => [order.row(position), position] as const));
    const [first, last] = this.#selection() ?? [0, -1];
    for (const [row, line] of this.#lines) {
      if (drawn.has(row)) continue;
      this.#lines.delete(row);
      this.#putAway(line);
    }
    for (const [row, position] of drawn) {
      const line = this.#lines.get(row) ?? this.#takeLine(row);
      line.place(position, ROW);
      const isSelected = this.#options.growth && first <= position && position <= last;
      line.paint({ rows, row, seen: this.#seen, complaints: this.#complaints.of(row), isSelected });
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
    this.#foot.tellCount(order.length, rows.length, isFiltered);
    const message = rows.length === 0 ? "No rows" : order.length === 0 ? "No row passes the filters" : "";
    if (this.#message.textContent !== message) this.#message.textContent = message;
    this.#message.hidden = message === "";
    this.#pane.hidden = this.#columns.length === 0;
    this.#foot.element.hidden = false;
  }

  #showStatus(): void {
    const { model } = this.#options;
    const isStale = model.status === "stale" || model.status === "closed";
    this.#element.classList.toggle("syncstate-grid-stale", isStale);
    this.#pane.setAttribute("aria-readonly", String(!this.#isWritable()));
    this.#lookAtFoot();
    if (this.#rows) return;
    this.#pane.hidden = this.#foot.element.hidden = true;
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

  #activate(active: Active, isExtending = false): void {
    const { row: from } = this.#active?.zone === "body" ? this.#active : { row: undefined };
    this.#from = isExtending ? (this.#from ?? from) : undefined;
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
    if (!active || this.#editing || isAlike(active, this.#active)) return;
    this.#active = active;
    this.#from = undefined;
    if (this.#options.growth) this.#draw();
    else this.#rove();
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
    if (!active || this.#editing) return;
    const where = {
      active,
      column: this.#activeColumn(),
      columns: this.#columns,
      position: this.#activePosition(),
      last: (this.#order?.length ?? 0) - 1,
      top: this.#panes.top.position,
      page: this.#panes.page,
    };
    const isHandled = press(event, where, {
      go: (position, column, isExtending) => this.#go(position, column, isExtending),
      goInHead: (zone, column) => this.#goInHead(zone, column),
      sort: (name) => this.#turnSort(name),
      resize: (name, width) => this.#resize(name, width),
      filter: (name, text) => this.#filters.set(name, text),
      arrange: () => this.#arrange(),
      dismiss: (row) => this.#dismiss(row),
      edit: (row, name, begun) => this.#edit(row, name, begun),
      toggle: (row, name) => kindOf(this.#rows?.cell(row, name)) === "boolean" && this.#edit(row, name),
    });
    if (!isHandled) return;
    event.preventDefault();
    event.stopPropagation(); // a notebook has keys of its own
  }

  #go(position: number, column: number, isExtending = false): void {
    const order = this.#order;
    const name = this.#columns[Math.min(Math.max(column, 0), this.#columns.length - 1)]?.name;
    if (!order || name === undefined || position >= order.length) return;
    if (position < 0) this.#activate({ zone: "filter", name });
    else this.#activate({ zone: "body", name, row: order.row(position) }, isExtending);
  }

  #goInHead(zone: "head" | "filter", column: number): void {
    const name = this.#columns[column]?.name;
    if (name !== undefined) this.#activate({ zone, name });
  }

  // --- writing -------------------------------------------------------------------------------------------------

  #isWritable(): boolean {
    const { model, pointer, editable = true } = this.#options;
    const isFree = this.#isOpen() && barrier(model.readOnly, pointer) === undefined;
    return editable && isFree && this.#rows?.isWritable === true;
  }

  #isOpen(): boolean {
    const { status } = this.#options.model;
    return status === "live" || status === "connecting";
  }

  /** Let a person write into a cell, if that can be; what they have begun to write is in place of what was there. */
  #edit(row: number, name: string, begun?: string): boolean {
    const column = this.#columns.find((one) => one.name === name);
    const value = this.#rows?.cell(row, name);
    if (!this.#rows || !column?.isEditable || !this.#isWritable() || kindOf(value) === "other") return false;
    this.#complaints.forget(row);
    if (typeof value === "boolean" && !column.choices) {
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
    for (const { op, path } of operations) {
      const tokens = path.startsWith(`${pointer}/`) ? parse(path.slice(pointer.length)) : [];
      const [row = "", name = this.#columns[0]?.name ?? ""] = tokens;
      if (this.#options.growth && tokens.length === 1 && op !== "replace") this.#foot.tell(reason);
      else if (tokens.length > 0 && this.#rows?.isWritable) this.#complain(Number(row), name, reason);
    }
  }

  #complain(row: number, name: string, reason: string): void {
    this.#complaints.add(row, name, reason);
    this.#draw();
  }

  // Escape takes a reason away, then what is selected beside the active row.
  #dismiss(row: number): boolean {
    const isDone = this.#complaints.forget(row) || this.#from !== undefined;
    this.#from = undefined;
    if (isDone) this.#draw();
    return isDone;
  }

  // --- rows that come, go and move -----------------------------------------------------------------------------

  // The positions of the first and of the last row that are selected.
  #selection(): readonly [first: number, last: number] | undefined {
    const position = this.#active?.zone === "body" ? this.#activePosition() : -1;
    if (position < 0) return undefined;
    const from = this.#from === undefined ? -1 : (this.#order?.position(this.#from) ?? -1);
    return from < 0 ? [position, position] : [Math.min(from, position), Math.max(from, position)];
  }

  #lookAtFoot(): void {
    const [first, last] = this.#selection() ?? [0, -1];
    this.#foot.look({
      barrier: this.#isOpen() ? undefined : this.#options.model.reason,
      size: this.#rows?.length ?? 0,
      selected: last + 1 - first,
      first,
      isAsIs: this.#order?.names.length === 0,
    });
  }

  #addRow(): void {
    const { pointer, growth } = this.#options;
    const row = this.#rows?.length ?? 0;
    if (!growth || !this.#change([{ op: "add", path: `${pointer}/-`, value: growth.fresh() }])) return;
    if (this.#order?.position(row) === -1) this.#clearFilters(); // who adds a row wants to see it
    const { name } = this.#columns.find(({ isEditable }) => isEditable) ?? this.#columns[0] ?? {};
    if (name !== undefined) this.#activate({ zone: "body", name, row });
  }

  // The row that stands there then is selected: who goes on removes that.
  #removeRows(): void {
    const [order, selection, active] = [this.#order, this.#selection(), this.#active];
    if (!order || !selection || !active) return;
    const [first, last] = selection;
    const rows = Array.from({ length: last + 1 - first }, (_, at) => order.row(first + at));
    const downwards = rows.sort((one, other) => other - one);
    const removal: Patch = downwards.map((row) => ({ op: "remove", path: this.#pointerTo(row) }));
    if (!this.#change(removal)) return;
    const row = order.row(Math.min(first, order.length - 1));
    this.#from = undefined;
    this.#active = order.length > 0 ? { zone: "body", name: active.name, row } : undefined;
    this.#draw();
    this.#foot.say(`Removed; ${order.length.toLocaleString()} left`);
  }

  #moveRows(by: -1 | 1): void {
    const selection = this.#selection();
    if (!selection) return;
    const [first, last] = selection;
    const [from, to] = by < 0 ? [first - 1, last] : [last + 1, first]; // what stands beside them goes past them
    if (!this.#change([{ op: "move", from: this.#pointerTo(from), path: this.#pointerTo(to) }])) return;
    this.#panes.reveal(this.#activePosition(), -1);
    this.#draw();
    this.#foot.say(`Moved to ${first + by + 1} of ${this.#rows?.length ?? 0}`);
  }

  #pointerTo(row: number): string {
    return this.#options.pointer + join(row);
  }

  #change(operations: Patch): boolean {
    this.#foot.tell("");
    try {
      this.#options.model.apply(operations);
      return true;
    } catch (error) {
      this.#foot.tell((error as Error).message);
      return false;
    }
  }
}

function isAlike(one: Active, other: Active | undefined): boolean {
  const rows = [one, other].map((active) => (active?.zone === "body" ? active.row : -1));
  return one.zone === other?.zone && one.name === other.name && rows[0] === rows[1];
}
