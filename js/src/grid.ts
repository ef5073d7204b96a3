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

import { type Json, kind, same } from "./document.ts";
import { type Column, columnsOf, fill, titled, wantedBy, widthFor } from "./grid/columns.ts";
import { Complaints } from "./grid/complaints.ts";
import { Editing, type Way } from "./grid/editing.ts";
import { parseFilters } from "./grid/filter.ts";
import { type Active, Focus } from "./grid/focus.ts";
import { Foot } from "./grid/foot.ts";
import { passage, removal, type Span } from "./grid/growth.ts";
import { Head } from "./grid/head.ts";
import { press } from "./grid/keys.ts";
import { isDrawn, type Line, type Seen } from "./grid/line.ts";
import { Lines } from "./grid/lines.ts";
import type { GridOptions } from "./grid/options.ts";
import { Order, type Sort, turned } from "./grid/order.ts";
import { Panes } from "./grid/panes.ts";
import { follow, shiftBetween } from "./grid/shift.ts";
import { css, ROW } from "./grid/style.ts";
import type { Patch } from "./patch.ts";
import { join, parse } from "./pointer.ts";
import { barrier, type Trouble } from "./replica.ts";
import { make } from "./view/element.ts";
import { isOpen } from "./view/open.ts";
import { type Rows, rowsOf } from "./view/rows.ts";
import { style } from "./view/styles.ts";
import { kindOf, textOf } from "./view/values.ts";

export type { ColumnSpec } from "./grid/columns.ts";
export type { GridModel, GridOptions, Growth } from "./grid/options.ts";

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
  readonly #lines = new Lines(this.#body);
  readonly #focus: Focus;
  readonly #filters = new Map<string, string>();
  readonly #widths = new Map<string, number>();
  readonly #complaints = new Complaints();
  #value: Json | undefined;
  #rows: Rows | undefined; // of the value
  #order: Order | undefined;
  #columns: Column[] = [];
  #choices: ReadonlyMap<string, Column["choices"]> = new Map(); // asked for each row that is sorted or filtered
  #seen: readonly Seen[] = [];
  #sort: Sort | undefined;
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
    this.#focus = new Focus(this.#head, this.#lines);
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
      const active =
        event.shiftKey && !this.#editing && this.#focus.find(event.target as Element, this.#seen);
      if (!active) return;
      event.preventDefault(); // no text is marked
      this.#activate(active, true);
    });
    this.#body.addEventListener("dblclick", (event) => {
      const active = this.#focus.find(event.target as Element, this.#seen);
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
      return titled(this.#choices.get(name), value);
    });
    this.#order.arrange(this.#sort, parseFilters(this.#filters));
  }

  // What a person looks at and writes in stays where it is, whatever comes and goes around it.
  #follow(old: Rows, rows: Rows, order: Order): void {
    const shift = shiftBetween(old, rows, order.names);
    if (old.length === 0 || String(rows.names) !== String(old.names)) this.#arrangeColumns(rows);
    const scrollBack = this.#panes.anchor(order);
    const went = (row: number): number | undefined => follow(shift, old, rows, row);
    order.update(rows, shift);
    this.#lines.follow(went);
    this.#complaints.follow(went, shift);
    this.#followEditing(went);
    this.#focus.follow(went);
    this.#panes.update(order.length, this.#widthsOf(), this.#activePosition(), this.#activeColumn());
    this.#body.style.height = `${order.length * ROW}px`;
    scrollBack(went);
  }

  #arrangeColumns(rows: Rows): void {
    const { columns, schema } = this.#options;
    this.#columns = columnsOf(rows, columns, schema, this.#widths);
    this.#choices = new Map(this.#columns.map(({ name, choices }) => [name, choices]));
    this.#seen = [];
    this.#tellWidth();
  }

  #followEditing(went: (row: number) => number | undefined): void {
    const editing = this.#editing;
    if (!editing) return;
    const place = went(editing.row);
    editing.next = went(editing.next) ?? -1;
    if (place === undefined) this.#cancel();
    else editing.row = place;
  }

  #draw(): void {
    const [rows, order] = [this.#rows, this.#order];
    if (!rows || !order) return;
    fill(this.#columns, this.#pane.clientWidth);
    const widths = this.#widthsOf();
    const width = widths.reduce((sum, one) => sum + one, 0);
    this.#panes.update(order.length, widths, this.#activePosition(), this.#activeColumn());
    const columns = this.#panes.columns;
    if (!isDrawn(this.#seen, columns, this.#columns)) {
      const all = this.#columns;
      this.#seen = columns.map(({ at, left }) => ({ column: { ...(all[at] as Column) }, at, left }));
    }
    this.#head.draw(this.#seen, this.#sort, width);
    this.#body.style.height = `${order.length * ROW}px`;
    this.#body.style.minWidth = `${width}px`;
    this.#pane.setAttribute("aria-rowcount", String(order.length + 2));
    this.#pane.setAttribute("aria-colcount", String(this.#columns.length));
    const [first, last] = this.#selection() ?? [0, -1];
    this.#lines.draw({
      rows,
      order,
      positions: this.#panes.positions,
      seen: this.#seen,
      complaints: this.#complaints,
      isSelected: this.#options.growth && ((position) => first <= position && position <= last),
    });
    this.#focus.rove(this.#columns[0]?.name);
    this.#tellCount(rows, order);
    this.#lookAtFoot();
  }

  #tellCount(rows: Rows, order: Order): void {
    this.#foot.tellCount(order.length, rows.length, parseFilters(this.#filters).size > 0);
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

  #turnSort(name: string): void {
    this.#sort = turned(this.#sort, name);
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
    this.#order?.arrange(this.#sort, parseFilters(this.#filters));
    this.#panes.scrollTo(0);
    this.#draw();
  }

  // --- columns -------------------------------------------------------------------------------------------------

  #widthsOf(): number[] {
    return this.#columns.map(({ width }) => width);
  }

  // To what is around the grid: how wide its columns should be.
  #tellWidth(): void {
    this.#element.style.setProperty("--width", `${wantedBy(this.#columns)}px`);
  }

  #resize(name: string, width: number): void {
    for (const column of this.#columns) {
      column.wanted = column.name === name ? Math.round(width) : column.width; // the others stay as they are
      column.isFixed = true;
      this.#widths.set(column.name, column.wanted);
    }
    this.#tellWidth();
    this.#draw();
  }

  #widen(name: string): void {
    const [rows, column] = [this.#rows, this.#columns.find((one) => one.name === name)];
    if (!rows || !column) return;
    const texts = this.#lines.rows.map((row) => textOf(titled(column.choices, rows.cell(row, name))));
    this.#resize(name, widthFor(column.label, texts));
  }

  // --- focus ---------------------------------------------------------------------------------------------------

  #activePosition(): number {
    const row = this.#editing?.row ?? this.#focus.row;
    return row < 0 ? -1 : (this.#order?.position(row) ?? -1);
  }

  #selection(): Span | undefined {
    return this.#focus.selection((row) => this.#order?.position(row) ?? -1);
  }

  #activeColumn(): number {
    const name = this.#editing?.name ?? this.#focus.active?.name;
    return this.#columns.findIndex((column) => column.name === name);
  }

  #activate(active: Active, isExtending = false): void {
    this.#focus.go(active, isExtending);
    this.#panes.reveal(this.#activePosition(), this.#activeColumn());
    this.#draw();
    this.#focus.target()?.focus({ preventScroll: true });
  }

  #focused({ target }: FocusEvent): void {
    const active = this.#focus.find(target as Element, this.#seen);
    if (!active || this.#editing || target === this.#focus.target()) return;
    this.#focus.go(active);
    this.#draw();
  }

  #press(event: KeyboardEvent): void {
    const { active } = this.#focus;
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
    const isFree = isOpen(model) && barrier(model.readOnly, pointer) === undefined;
    return editable && isFree && this.#rows?.isWritable === true;
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
    const active: Active = { zone: "body", name: aside, row: way === "down" && next >= 0 ? next : row };
    this.#focus.go(active);
    if (hadFocus) this.#activate(active);
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
    const isDone = this.#complaints.forget(row) || this.#focus.narrow();
    if (isDone) this.#draw();
    return isDone;
  }

  // --- rows that come, go and move -----------------------------------------------------------------------------

  #lookAtFoot(): void {
    const [first, last] = this.#selection() ?? [0, -1];
    this.#foot.look({
      barrier: isOpen(this.#options.model) ? undefined : this.#options.model.reason,
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
    const [order, selection, { active }] = [this.#order, this.#selection(), this.#focus];
    if (!order || !selection || !active) return;
    if (!this.#change(removal(this.#options.pointer, order, selection))) return;
    const row = order.row(Math.min(selection[0], order.length - 1));
    this.#focus.go(order.length > 0 ? { zone: "body", name: active.name, row } : undefined);
    this.#draw();
    this.#foot.say(`Removed; ${order.length.toLocaleString()} left`);
  }

  #moveRows(by: -1 | 1): void {
    const selection = this.#selection();
    if (!selection) return;
    if (!this.#change(passage(this.#options.pointer, selection, by))) return;
    this.#panes.reveal(this.#activePosition(), -1);
    this.#draw();
    this.#foot.say(`Moved to ${selection[0] + by + 1} of ${this.#rows?.length ?? 0}`);
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
