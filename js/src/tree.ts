/**
 * Floor 9. The view of a model that brings none: its state as a live tree, with a control for what may be written.
 *
 * What is not open is not drawn, long lists are drawn a page at a time, and an unchanged part (`===`) is not looked
 * into: a cell of a table of 10,000 rows costs one row.
 *
 * @module
 */

import { describe, isArray, isView } from "./arrays.ts";
import {
  isList,
  isObject,
  type Json,
  type JsonList,
  type JsonObject,
  own,
  same,
  spell,
  toText,
} from "./document.ts";
import { Failure, formOf, isDate } from "./forms.ts";
import type { Model } from "./model.ts";
import { join, parse } from "./pointer.ts";
import type { Trouble } from "./replica.ts";
import { isTable, type Table } from "./table.ts";
import { Editor, type Scalar } from "./view/editor.ts";
import { make } from "./view/element.ts";
import type { ViewContext } from "./view/module.ts";
import { isOpen } from "./view/open.ts";
import { counted, extentOf, sheet } from "./view/sheet.ts";
import { style } from "./view/styles.ts";
import { css } from "./view/tree-style.ts";

const PAGE = 100;
const FEW = 8; // a member of the model with so few members of its own is open from the start
const GLIMPSE = 4; // so many members of what is closed are told beside its name

type Container = JsonList | JsonObject;
type Path = readonly string[];

/** What stands for one member or element. */
interface Row {
  readonly element: HTMLElement;
  /** What values it can show: see `shapeOf`. */
  readonly shape: string;
  update(value: Json, isQuiet: boolean): void;
  /** Say why an edit of the value, or of what is below it, was refused; false where no control for it is drawn. */
  reject(path: Path, reason: string): boolean;
}

/** What holds the values that a tree shows: a model, or what stands for one. */
type Owner = Pick<Model, "status" | "readOnly" | "set">;

/** Where a part of a tree is drawn. */
export interface TwigsContext {
  readonly model: Owner & Pick<Model, "subscribe" | "on">;
  readonly pointer: string;
  readonly el: HTMLElement;
  readonly signal: AbortSignal;
  readonly isReadOnly: boolean;
}

/** Draw a model as a tree. */
export function render({ model, el, signal }: ViewContext): void {
  twigs({ model, pointer: "", el, signal, isReadOnly: false });
}

/** Draw what is in a list or in an object of a model as a tree. */
export function twigs({ model, pointer, el, signal, isReadOnly }: TwigsContext): void {
  const path = parse(pointer);
  const members = new Members(isReadOnly ? closed(path) : model, path);
  const note = make("div", { class: "syncstate-note", role: "alert" });
  const reject = ({ operations, reason }: Trouble): void => {
    const ours = operations.map(({ path }) => path).filter((each) => each.startsWith(pointer));
    const isShown = ours.map((each) => members.reject(parse(each).slice(path.length), reason)).includes(true);
    note.textContent = isShown || ours.length === 0 ? "" : reason; // what was edited may be gone
  };
  const allow = (): void => {
    for (const control of el.querySelectorAll<HTMLInputElement>("input, textarea"))
      control.disabled = !isOpen(model);
  };
  style(el, css, signal);
  el.append(members.element, note);
  model.subscribe(pointer, (state) => state !== undefined && isContainer(state) && members.update(state), {
    signal,
  });
  model.on("error", reject, { signal });
  model.on("status", allow, { signal });
}

/** What holds values that nobody writes. */
function closed([member = ""]: Path): Owner {
  return { status: "live", readOnly: [member], set: () => {} };
}

/** The members of an object, or the elements of a list, as far as they are drawn. */
class Members {
  readonly element: HTMLElement = make("div", { class: "syncstate-members" });
  readonly #list = make("ul");
  readonly #more = make("button", { type: "button", class: "syncstate-more", hidden: "" });
  readonly #rows = new Map<string, Row>();
  readonly #model: Owner;
  readonly #path: Path;
  #container: Container = {};
  #limit = PAGE;

  constructor(model: Owner, path: Path) {
    this.#model = model;
    this.#path = path;
    this.element.append(this.#list, this.#more);
    this.#more.addEventListener("click", () => this.#turn());
  }

  update(container: Container): void {
    if (container === this.#container) return;
    const hasMoved = sizeOf(container) !== sizeOf(this.#container); // then what is new in a row is its place
    this.#container = container;
    this.#draw(hasMoved);
  }

  reject([name = "", ...path]: Path, reason: string): boolean {
    return this.#rows.get(name)?.reject(path, reason) ?? false;
  }

  #turn(): void {
    this.#limit += PAGE;
    this.#draw(true);
  }

  #draw(isQuiet: boolean): void {
    const names = namesOf(this.#container, this.#limit);
    this.#list.classList.toggle("syncstate-list", isList(this.#container));
    const kept = new Set(names);
    for (const [name, row] of this.#rows) if (!kept.has(name)) this.#remove(name, row);
    arrange(
      this.#list,
      names.map((name) => this.#drawOne(name, isQuiet).element),
    );
    this.#drawMore(sizeOf(this.#container) - names.length);
  }

  #drawMore(left: number): void {
    const text = left === 0 ? "" : `Show ${Math.min(PAGE, left)} more of ${left.toLocaleString()}`;
    if (this.#more.textContent === text) return;
    this.#more.textContent = text;
    this.#more.hidden = left === 0;
  }

  #drawOne(name: string, isQuiet: boolean): Row {
    const value = memberOf(this.#container, name);
    const known = this.#rows.get(name);
    if (known?.shape === shapeOf(value)) {
      known.update(value, isQuiet);
      return known;
    }
    if (known) this.#remove(name, known);
    const row = rowFor(this.#model, [...this.#path, name], value);
    this.#rows.set(name, row);
    return row;
  }

  #remove(name: string, row: Row): void {
    row.element.remove();
    this.#rows.delete(name);
  }
}

function rowFor(model: Owner, path: Path, value: Json): Row {
  if (isTable(value)) return new Sheet(path, value);
  if (isContainer(value)) return new Branch(model, path, value);
  const isWritable = !model.readOnly.includes(path[0] ?? "");
  return isWritable && isScalar(value) ? new Field(model, path, value) : new Leaf(path, value);
}

/** A container: told in a line while it is closed, drawn while it is open. */
class Branch implements Row {
  readonly element: HTMLElement = make("li");
  readonly shape: string;
  readonly #details = make("details");
  readonly #summary = make("summary", { class: "syncstate-row" });
  readonly #size = make("span", { class: "syncstate-size" });
  readonly #glimpse = make("span", { class: "syncstate-glimpse" });
  readonly #members: Members;
  #container: Container;

  constructor(model: Owner, path: Path, container: Container) {
    this.shape = shapeOf(container);
    this.#container = container;
    this.#members = new Members(model, path);
    this.#summary.append(nameFor(path), this.#size, this.#glimpse);
    this.#details.append(this.#summary, this.#members.element);
    this.#details.open = path.length === 1 && sizeOf(container) <= FEW;
    this.#details.addEventListener("toggle", () => this.#draw());
    this.element.append(this.#details);
    this.#draw();
  }

  update(value: Json, isQuiet: boolean): void {
    if (value === this.#container || !isContainer(value)) return;
    this.#container = value;
    this.#draw();
    if (!isQuiet && !this.#details.open) flash(this.#summary);
  }

  reject(path: Path, reason: string): boolean {
    return this.#details.open && this.#members.reject(path, reason);
  }

  #draw(): void {
    this.#size.textContent = sizeText(this.#container);
    this.#glimpse.textContent = this.#details.open ? "" : glimpse(this.#container);
    if (this.#details.open) this.#members.update(this.#container);
  }
}

/** A table: how large it is, and its first rows while it is open. */
class Sheet implements Row {
  readonly element: HTMLElement = make("li");
  readonly shape = "table";
  readonly #details = make("details");
  readonly #summary = make("summary", { class: "syncstate-row" });
  readonly #extent = make("span", { class: "syncstate-size" });
  readonly #rows = make("div", { class: "syncstate-rows" });
  #table: Table;

  constructor(path: Path, table: Table) {
    this.#table = table;
    this.#summary.append(nameFor(path), this.#extent);
    this.#details.append(this.#summary, this.#rows);
    this.#details.open = path.length === 1;
    this.#details.addEventListener("toggle", () => this.#draw());
    this.element.append(this.#details);
    this.#draw();
  }

  update(value: Json, isQuiet: boolean): void {
    if (value === this.#table || !isTable(value)) return;
    this.#table = value;
    this.#draw();
    if (!isQuiet) flash(this.#summary);
  }

  reject(): boolean {
    return false;
  }

  #draw(): void {
    this.#extent.textContent = extentOf(this.#table);
    this.#rows.replaceChildren(...(this.#details.open ? [sheet(this.#table)] : []));
  }
}

/** A value to look at. */
class Leaf implements Row {
  readonly element: HTMLElement = make("li", { class: "syncstate-row" });
  readonly shape: string;
  readonly #text: HTMLElement;
  #value: Json;

  constructor(path: Path, value: Json) {
    this.shape = shapeOf(value);
    this.#value = value;
    this.#text = make("span", { class: `syncstate-value syncstate-${this.shape}` }, textOf(value));
    this.element.append(nameFor(path), this.#text);
  }

  update(value: Json, isQuiet: boolean): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#text.textContent = textOf(value);
    if (!isQuiet) flash(this.element);
  }

  reject(): boolean {
    return false;
  }
}

/** A value that a page may write. */
class Field implements Row {
  readonly element: HTMLElement = make("li", { class: "syncstate-row" });
  readonly shape: string;
  readonly #editor: Editor;
  #value: Scalar;
  #own: Scalar | undefined;

  constructor(model: Owner, path: Path, value: Scalar) {
    this.shape = shapeOf(value);
    this.#value = value;
    this.#editor = new Editor(this.shape, value, (edited) => this.#commit(model, path, edited));
    this.#editor.control.disabled = !isOpen(model);
    const label = make("label");
    label.append(nameFor(path), this.#editor.control);
    this.element.append(label, this.#editor.note);
  }

  update(value: Json, isQuiet: boolean): void {
    if (Object.is(value, this.#value) || !isScalar(value)) return;
    this.#value = value;
    this.#editor.update(value);
    if (!isQuiet && !same(value, this.#own)) flash(this.element); // one's own edit is no news
    this.#own = undefined;
  }

  reject(path: Path, reason: string): boolean {
    if (path.length === 0) this.#editor.reject(reason);
    return path.length === 0;
  }

  #commit(model: Owner, path: Path, value: Scalar): void {
    this.#own = value;
    try {
      model.set(join(...path), value);
    } catch (error) {
      this.#editor.reject((error as Error).message);
    }
  }
}

function nameFor(path: Path): HTMLElement {
  return make("span", { class: "syncstate-name" }, path.at(-1));
}

/** What decides which row a value needs: its type, and for text whether it has lines. */
function shapeOf(value: Json): string {
  if (isTable(value)) return "table";
  if (isContainer(value)) return isList(value) ? "list" : "object";
  if (value === null) return "null";
  if (isView(value)) return isArray(value) ? "array" : "bytes";
  if (isDate(value)) return "date";
  if (value instanceof Failure) return "failure";
  if (formOf(value)) return typeof value === "object" ? "leaf" : "digits"; // which no number input takes
  if (typeof value === "string") return value.includes("\n") ? "lines" : "string";
  return typeof value;
}

function isContainer(value: Json): value is Container {
  return isList(value) || isObject(value);
}

function isScalar(value: Json): value is Scalar {
  return ["string", "number", "boolean", "bigint"].includes(typeof value) || isDate(value);
}

function sizeOf(container: Container): number {
  return isList(container) ? container.length : Object.keys(container).length;
}

function namesOf(container: Container, limit: number): string[] {
  if (!isList(container)) return Object.keys(container).slice(0, limit);
  return Array.from({ length: Math.min(limit, container.length) }, (_, at) => String(at));
}

function memberOf(container: Container, name: string): Json {
  return (isList(container) ? container[Number(name)] : own(container, name)) ?? null;
}

function textOf(value: Json): string {
  if (isArray(value))
    return `${describe(value)}: ${value.subarray(0, FEW).join(", ")}${value.length > FEW ? ", …" : ""}`;
  return spell(value) ?? (typeof value === "string" ? value : toText(value));
}

/** How much is in a container, where its first members do not tell. */
function sizeText(container: Container): string {
  const size = sizeOf(container);
  if (size === 0) return isList(container) ? "empty list" : "no members";
  return isList(container) ? counted(size, "element") : "";
}

/** The beginning of a container in a line: what it has in itself, not what is deeper. */
function glimpse(container: Container): string {
  const names = namesOf(container, GLIMPSE).filter((name) => !isContainer(memberOf(container, name)));
  const told = names.map((name) => {
    const text = shorten(memberOf(container, name));
    return isList(container) ? text : `${name}: ${text}`;
  });
  const isWhole = names.length === sizeOf(container);
  return told.length > 0 && !isWhole ? `${told.join(", ")}, …` : told.join(", ");
}

function shorten(value: Json): string {
  const text = textOf(value);
  return text.length > 24 ? `${text.slice(0, 24)}…` : text;
}

/** Put elements in an order without touching those that stand right: what is moved loses the focus. */
function arrange(parent: HTMLElement, elements: readonly HTMLElement[]): void {
  let next = parent.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
}

function flash(element: HTMLElement): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const running of element.getAnimations()) running.cancel();
  element.animate([{ backgroundColor: "var(--jp-brand-color3, #bbdefb)" }, {}], {
    duration: 800,
    easing: "ease-out",
  });
}
