/**
 * Floor 6. Controls tied to pointers by attributes.
 *
 * ```html
 * <h2 data-sync-text="/title"></h2>
 * <input type="range" min="0" max="1" step=".01" data-sync-value="/threshold">
 * <input type="checkbox" data-sync-checked="/done">
 * <p data-sync-error="/threshold"></p>
 * ```
 *
 * A control shows the state and sends what a person does to it. One that is being dragged or typed in
 * belongs to that person: what the kernel says waits until it is let go.
 *
 * @module
 */

import type { Json } from "./document.ts";
import { SyncStateError } from "./errors.ts";
import type { Patch } from "./patch.ts";
import { parse } from "./pointer.ts";
import type { Status, Trouble } from "./replica.ts";

/** What may be told to everything that goes on until it is ended. */
export interface Options {
  /** Ends it when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** What controls can be tied to: a model, in what is needed of it. */
export interface Source {
  readonly status: Status;
  readonly reason: string;
  readonly readOnly: readonly string[];
  readonly pending: Patch;
  subscribe(pointer: string, callback: (value: Json | undefined) => void, options: Options): unknown;
  set(pointer: string, value: unknown): void;
  on(name: "change" | "status", callback: () => void, options: Options): unknown;
  on(name: "error", callback: (trouble: Trouble) => void, options: Options): unknown;
}

/**
 * Tie an element, and all inside it, to a source by their attributes.
 *
 * @throws {SyncStateError} if state would become code: the text of a script or of a style sheet
 */
export function bind(source: Source, root: Element, { signal }: Options = {}): void {
  if (signal?.aborted) return;
  const options = signal ? { signal } : {};
  for (const element of [root, ...root.querySelectorAll<HTMLElement>(BOUND)] as HTMLElement[]) {
    const { syncText, syncValue, syncChecked, syncError } = element.dataset;
    if (CODE.includes(element.localName)) {
      throw new SyncStateError(
        `Cannot bind a <${element.localName}>: state is shown, never run; bind another element`,
      );
    }
    if (syncText !== undefined) bindText(source, element, syncText, options);
    if (syncError !== undefined) watch(source, syncError, (reason) => setText(element, reason), options);
    const pointer = syncValue ?? syncChecked;
    const isBox = syncValue === undefined;
    if (pointer !== undefined) new Control(source, element as HTMLInputElement, pointer, isBox, options);
  }
}

// In HTML and in SVG alike: what stands in them is run, or decides how the page looks and what it loads.
const CODE: readonly string[] = ["script", "style"];

const BOUND = "[data-sync-text], [data-sync-value], [data-sync-checked], [data-sync-error]";

function bindText(source: Source, element: Element, pointer: string, options: Options): void {
  source.subscribe(pointer, (value) => setText(element, text(value)), options);
}

function setText(element: Element, content: string): void {
  element.textContent = content; // never markup: what is shown came from somebody's data
}

// What a person reads of a value; nothing for what is not there.
function text(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// Tells what is wrong at a pointer, and "" when a later value was accepted there.
function watch(source: Source, pointer: string, tell: (reason: string) => void, options: Options): void {
  let wasPending = false;
  const isPending = (): boolean => source.pending.some(({ path }) => concerns(path, pointer));
  source.on(
    "error",
    ({ pointer: place, operations, reason }) => {
      const places = place === undefined ? operations.map(({ path }) => path) : [place];
      if (places.some((path) => concerns(path, pointer))) tell(reason);
    },
    options,
  );
  source.on(
    "change",
    () => {
      if (wasPending && !isPending()) tell("");
      wasPending = isPending();
    },
    options,
  );
  source.subscribe(pointer, () => isPending() || tell(""), options);
}

// Whether what happens at one pointer is felt at another.
function concerns(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

// An input, a select, a text area: anything with a value, or a box that is checked.
class Control {
  readonly #source: Source;
  readonly #element: HTMLInputElement;
  readonly #pointer: string;
  readonly #isBox: boolean;
  // What the author of the page had written on it.
  readonly #author: { readonly title: string; readonly disabled: boolean };
  #value: Json | undefined;
  #complaint = "";
  // Whether a person drags it, or is not done with typing.
  #isPressed = false;
  #isDirty = false;

  constructor(source: Source, element: HTMLInputElement, pointer: string, isBox: boolean, options: Options) {
    this.#source = source;
    this.#element = element;
    this.#pointer = pointer;
    this.#isBox = isBox;
    this.#author = { title: element.title, disabled: element.disabled };
    this.#listen(options as AddEventListenerOptions);
    source.subscribe(pointer, (value) => this.#show(value), options);
    watch(source, pointer, (reason) => this.#complain(reason), options);
    source.on("status", () => this.#mark(), options);
    source.on("change", () => this.#mark(), options);
    this.#mark();
  }

  #listen(options: AddEventListenerOptions): void {
    const element = this.#element;
    element.addEventListener("input", () => this.#send(), options);
    for (const name of ["change", "blur"]) element.addEventListener(name, () => this.#release(), options);
    if (element.type !== "range") return;
    element.addEventListener("pointerdown", () => this.#press(), options);
    // the pointer may be let go anywhere
    for (const name of ["pointerup", "pointercancel"]) {
      element.ownerDocument.addEventListener(name, () => this.#release(), options);
    }
  }

  #press(): void {
    this.#isPressed = true;
  }

  #release(): void {
    this.#isPressed = this.#isDirty = false;
    this.#write();
  }

  // Sends what a person did; text that is no number is not sent, and stays until the control is left.
  #send(): void {
    this.#isDirty = this.#element.type !== "range";
    const value = this.#read();
    if (value === undefined) return;
    try {
      this.#source.set(this.#pointer, value);
    } catch (error) {
      this.#complain((error as Error).message);
    }
    this.#write();
  }

  #read(): Json | undefined {
    const { checked, type, value } = this.#element;
    if (this.#isBox) return checked;
    if (type !== "number" && type !== "range" && typeof this.#value !== "number") return value;
    return value.trim() === "" || Number.isNaN(Number(value)) ? undefined : Number(value);
  }

  #show(value: Json | undefined): void {
    this.#value = value;
    this.#write();
  }

  // Shows the state, unless the control is in somebody's hands.
  #write(): void {
    const element = this.#element;
    if (this.#isPressed || (this.#isDirty && element.matches(":focus"))) return;
    const shown = text(this.#value);
    if (this.#isBox) element.checked = this.#value === true;
    else element.value = shown; // which leaves the caret where it is if nothing is new
  }

  #complain(reason: string): void {
    this.#complaint = reason;
    this.#mark();
  }

  // Says on the control what is wrong, or why it cannot be used.
  #mark(): void {
    const element = this.#element;
    const obstacle = this.#obstacle();
    element.disabled = this.#author.disabled || obstacle !== "";
    element.title = this.#complaint || obstacle || this.#author.title;
    element.setCustomValidity?.(this.#complaint);
    if (this.#complaint) element.setAttribute("aria-invalid", "true");
    else element.removeAttribute("aria-invalid");
  }

  #obstacle(): string {
    const { status, reason, readOnly } = this.#source;
    if (status === "stale" || status === "closed") return reason;
    const [member] = parse(this.#pointer);
    return member !== undefined && readOnly.includes(member) ? `'${member}' is read-only for pages` : "";
  }
}
