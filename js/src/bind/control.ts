/**
 * Floor 6. Controls that show the state, and send what a person does to them.
 *
 * One that is being dragged or typed in belongs to that person: what the kernel says waits until it is let go.
 *
 * @module
 */

import { isList, type Json } from "../document.ts";
import { isDate, readDate } from "../forms.ts";
import { barrier } from "../replica.ts";
import { flag, type Scope, type Source, text } from "./scope.ts";
import type { Spot } from "./spelling.ts";

/** Tie an input, a select, a text area: anything with a value, or a box that is checked. */
export function tieControl(scope: Scope, element: HTMLInputElement, spot: Spot, isBox: boolean): void {
  const { source, answers } = scope.bound;
  const { signal } = scope;
  const { title } = element; // what the page's author had written on it
  let value: Json | undefined;
  let complaint = "";
  // whether a person drags it, is not done with typing, or did what is to be sent later
  let [isPressed, isDirty, isKept] = [false, false, false];
  let timer: ReturnType<typeof setTimeout> | undefined;

  // Shows the state, unless the control is in somebody's hands.
  const write = (): void => {
    if (isPressed || isKept || (isDirty && element.matches(":focus"))) return;
    if (isBox) element.checked = value === true;
    else enter(element, value);
  };
  const listener = {
    locate: () => scope.locate(spot),
    complain(reason: string): void {
      complaint = reason;
      flag(element, "data-sync-failed", "an edit", reason !== "");
      element.setCustomValidity?.(reason);
      element.ariaInvalid = reason ? "true" : null;
      this.look();
    },
    wait(isPending: boolean): void {
      flag(element, "data-sync-pending", "an edit", isPending);
    },
    // Says on the control what is wrong, or why it cannot be used.
    look(): void {
      const obstacle = obstacleAt(source, scope.locate(spot) ?? spot.pointer);
      flag(element, "disabled", "an obstacle", obstacle !== "");
      const said = complaint || obstacle || title;
      if (element.title !== said) element.title = said;
    },
  };
  // Sends what a person did; text that is no number is not sent, and stays until the control is left.
  const send = (): void => {
    if (scope.isGone) return;
    isKept = false;
    isDirty = element.type !== "range";
    const entered = isBox ? element.checked : entryOf(element, value);
    if (entered !== undefined) answers.send(listener, entered);
    if (entered !== undefined) write();
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

  const listen = (target: EventTarget, names: readonly string[], react: () => void, once = false): void => {
    for (const name of names)
      target.addEventListener(name, react, { once, signal } as AddEventListenerOptions);
  };
  listen(element, ["input"], keep);
  listen(element, ["change", "blur"], release);
  if (element.type === "range") {
    listen(element, ["pointerdown"], () => {
      isPressed = true;
      listen(element.ownerDocument, ["pointerup", "pointercancel"], release, true); // it may be let go anywhere
    });
  }
  writers.set(element, write);
  scope.watch(spot, (state) => {
    value = state;
    write();
  });
  answers.add(listener, signal);
}

const writers = new WeakMap<Element, () => void>();

/** Have a control show the state again: what it can show has become another, its limits or its options. */
export function rewrite(element: Element | null): void {
  if (element) writers.get(element)?.();
}

/** Return what a person entered, or nothing while it is none of what belongs there. */
export function entryOf(element: HTMLInputElement, value?: Json): Json | undefined {
  const { type, value: content, dataset } = element;
  const isNumber = dataset.syncType === "number" || type === "number" || type === "range";
  if (type === "radio" && !element.checked) return undefined;
  if (type !== "select-multiple") return typed(content, type, value, isNumber);
  const options = [...(element as unknown as HTMLSelectElement).selectedOptions];
  const example = isList(value) ? value[0] : undefined;
  return options.map((option) => typed(option.value, type, example, isNumber) ?? null);
}

// Returns the value that a text means where an example of it stands.
function typed(
  content: string,
  type: string,
  example: Json | undefined,
  isNumber: boolean,
): Json | undefined {
  if (isDate(example)) {
    const [, zone = ""] = example.iso.match(/T.*?(Z|[+-].*)$/) ?? []; // which such a control does not show
    return readDate(content + (type === "datetime-local" ? zone : ""));
  }
  if (ISO.test(type) && typeof example !== "string") return readDate(content);
  if (typeof example === "bigint") return /^-?\d+$/.test(content) ? BigInt(content) : undefined;
  if (!isNumber && typeof example !== "number") return content;
  return content.trim() === "" || Number.isNaN(Number(content)) ? undefined : Number(content);
}

// Makes a control show a value.
function enter(element: HTMLInputElement, value: Json | undefined): void {
  const shown = text(value);
  if (element.type === "radio") element.checked = element.value === shown;
  else if (element.type === "select-multiple") {
    const chosen = new Set(isList(value) ? value.map(text) : []);
    for (const option of (element as unknown as HTMLSelectElement).options)
      option.selected = chosen.has(option.value);
  } else if (isDate(value) && ISO.test(element.type)) {
    // these take ISO text without an offset, and seconds only where there are some
    const [day, minutes = "", seconds] = value.iso.match(/T[\d:]{5}|:\d\d(?:\.\d{1,3})?|^[^T]*/g) ?? [];
    element.value =
      element.type === "date" ? `${day}` : `${day}${minutes}${seconds === ":00" ? "" : (seconds ?? "")}`;
  } else element.value = shown; // which leaves the caret where it is if nothing is new
}

const ISO = /^date/;

// Says why nobody can write at a pointer, or "".
function obstacleAt({ status, reason, readOnly }: Source, pointer: string): string {
  if (status === "stale" || status === "closed") return reason;
  return barrier(readOnly, pointer) ?? "";
}
