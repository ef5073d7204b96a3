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
 * A control shows the state and sends what a person does to it: at once, or as its `data-sync-send` says,
 * on `release`, or when nothing was done to it for so many milliseconds. One that is being dragged or typed
 * in belongs to that person: what the kernel says waits until it is let go.
 *
 * @module
 */

import { type Json, spell, toText } from "./document.ts";
import { SyncStateError } from "./errors.ts";
import { Failure, isDate, readDate } from "./forms.ts";
import type { Patch } from "./patch.ts";
import { barrier, type Status, type Trouble } from "./replica.ts";

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
export function bind(source: Source, root: Element, options: Options = {}): void {
  if (options.signal?.aborted) return;
  for (const element of [root, ...root.querySelectorAll<HTMLElement>(BOUND)] as HTMLElement[]) {
    const { syncText, syncValue, syncChecked, syncError } = element.dataset;
    if (element.matches(CODE)) {
      throw new SyncStateError(
        `Cannot bind a <${element.localName}>: state is shown, never run; bind another element`,
      );
    }
    // never markup: what is shown came from somebody's data
    const write = (content: string): void => {
      element.textContent = content;
    };
    const show = (value: Json | undefined): void => {
      write(text(value));
      element.toggleAttribute("data-sync-failed", value instanceof Failure); // for the author's style
    };
    if (syncText !== undefined) source.subscribe(syncText, show, options);
    if (syncError !== undefined) watch(source, syncError, write, options);
    const pointer = syncValue ?? syncChecked;
    const isBox = syncValue === undefined;
    if (pointer !== undefined) bindControl(source, element as HTMLInputElement, pointer, isBox, options);
  }
}

// In HTML and in SVG alike: what stands in them is run, or decides how the page looks and what it loads.
const CODE = "script, style";

const BOUND = "[data-sync-text], [data-sync-value], [data-sync-checked], [data-sync-error]";

// What a person reads of a value; nothing for what is not there, and of a million numbers not one.
function text(value: Json | undefined): string {
  const shown = spell(value) ?? value ?? "";
  return typeof shown === "object" ? toText(shown) : String(shown);
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

// Ties an input, a select, a text area: anything with a value, or a box that is checked.
function bindControl(
  source: Source,
  element: HTMLInputElement,
  pointer: string,
  isBox: boolean,
  options: Options,
): void {
  const author = { title: element.title, disabled: element.disabled }; // what the page's author had written on it
  let value: Json | undefined;
  let complaint = "";
  // whether a person drags it, is not done with typing, or did what is to be sent later
  let [isPressed, isDirty, isKept] = [false, false, false];
  let timer: ReturnType<typeof setTimeout> | undefined;

  // Shows the state, unless the control is in somebody's hands.
  const write = (): void => {
    if (isPressed || isKept || (isDirty && element.matches(":focus"))) return;
    if (isBox) element.checked = value === true;
    else element.value = entry(element, value); // which leaves the caret where it is if nothing is new
  };
  // Says on the control what is wrong, or why it cannot be used.
  const mark = (): void => {
    const obstacle = obstacleAt(source, pointer);
    element.disabled = author.disabled || obstacle !== "";
    element.title = complaint || obstacle || author.title;
    element.setCustomValidity?.(complaint);
    element.ariaInvalid = complaint ? "true" : null;
  };
  const complain = (reason: string): void => {
    complaint = reason;
    mark();
  };
  // Sends what a person did; text that is no number is not sent, and stays until the control is left.
  const send = (): void => {
    isKept = false;
    isDirty = element.type !== "range";
    const entered = isBox ? element.checked : read(element, value);
    if (entered === undefined) return;
    try {
      source.set(pointer, entered);
    } catch (error) {
      complain((error as Error).message);
    }
    write();
  };
  // Sends it later, if so it is wanted.
  const keep = (): void => {
    const { syncSend } = element.dataset;
    isKept = true;
    clearTimeout(timer);
    if (!syncSend) send();
    else if (Number(syncSend) > 0) timer = setTimeout(send, Number(syncSend));
  };
  const release = (): void => {
    clearTimeout(timer);
    if (isKept) send();
    isPressed = isDirty = false;
    write();
  };

  const listen = (target: EventTarget, names: readonly string[], listener: () => void): void => {
    for (const name of names) target.addEventListener(name, listener, options as AddEventListenerOptions);
  };
  listen(element, ["input"], keep);
  listen(element, ["change", "blur"], release);
  if (element.type === "range") {
    listen(element, ["pointerdown"], () => {
      isPressed = true;
    });
    listen(element.ownerDocument, ["pointerup", "pointercancel"], release); // the pointer may be let go anywhere
  }
  const show = (state: Json | undefined): void => {
    value = state;
    write();
  };
  source.subscribe(pointer, show, options);
  watch(source, pointer, complain, options);
  source.on("status", mark, options);
  source.on("change", mark, options);
  mark();
}

// Returns what a person entered, or nothing while it is none of what belongs there.
function read({ type, value: text }: HTMLInputElement, value: Json | undefined): Json | undefined {
  if (isDate(value)) return readDate(text);
  if (typeof value === "bigint") return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  if (type !== "number" && type !== "range" && typeof value !== "number") return text;
  return text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
}

// Returns what stands in a control: those for dates take ISO text without an offset.
function entry({ type }: HTMLInputElement, value: Json | undefined): string {
  if (!isDate(value) || !type.startsWith("date")) return text(value);
  return value.iso.slice(0, type === "date" ? 10 : 16);
}

// Says why nobody can write at a pointer, or "".
function obstacleAt({ status, reason, readOnly }: Source, pointer: string): string {
  if (status === "stale" || status === "closed") return reason;
  return barrier(readOnly, pointer) ?? "";
}
