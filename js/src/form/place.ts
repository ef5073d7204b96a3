/**
 * Floor 9. A place of a document that a form shows, and what a person does there.
 *
 * @module
 */

import { type Json, same } from "../document.ts";
import type { Model } from "../model.ts";
import { make } from "../view/element.ts";
import { isOpen } from "../view/open.ts";
import type { Schema } from "./schema.ts";

/** What holds the values that a form shows: a model, or the arguments of an action. */
export type Ground = Pick<
  Model,
  "state" | "status" | "reason" | "readOnly" | "subscribe" | "set" | "apply" | "on"
>;

/** A place of a document, and all that is known of it. */
export interface Place {
  readonly ground: Ground;
  readonly pointer: string;
  readonly schema: Schema;
  /** The schema in which references are looked up. */
  readonly root: Schema;
  readonly signal: AbortSignal;
  readonly label: string;
  /** How many groups are around it. */
  readonly depth: number;
  readonly isReadOnly: boolean;
  readonly isNullable: boolean;
  readonly widget?: string | undefined;
  /** Draws a place: what is inside of a group is drawn as the group is. */
  readonly draw: (place: Place) => HTMLElement;
}

/** What shows one value, and reads what a person enters. */
export interface Entry {
  /** What stands beside the label. */
  readonly element: HTMLElement;
  /** What the label names, what is focused, and what is disabled. */
  readonly target: HTMLElement & { disabled?: boolean };
  /** Whether each step on the way counts, as on a slider; else what is entered counts when it is done. */
  readonly isLive?: boolean;
  write(value: Json | undefined): void;
  /**
   * Return what was entered.
   *
   * @throws {Unfit} while it is none of what belongs there
   */
  read(value: Json | undefined): Json;
}

/** What a person entered is none of what belongs there; the message says what does. */
export class Unfit extends Error {
  override name = "Unfit";
}

/**
 * Tie an entry to its place. One that is being dragged or typed in belongs to that person: what the kernel says
 * waits until it is let go. Enter or leaving it sends, Escape goes back to what the model has.
 *
 * @param tell takes what is wrong, or ""
 */
export function tie(
  { ground, pointer, signal }: Place,
  { element, isLive, read, write }: Entry,
  tell: (reason: string) => void,
): void {
  let value: Json | undefined;
  let [isPressed, isDirty] = [false, false];

  const show = (): void => {
    if (!isPressed && !isDirty) write(value);
  };
  const send = (): void => {
    try {
      const entered = read(value);
      isDirty = false;
      tell("");
      if (!same(entered, value)) ground.set(pointer, entered);
    } catch (error) {
      tell((error as Error).message); // what is no number stays to be put right
    }
    show();
  };
  const release = (): void => {
    isPressed = false;
    show();
  };
  const listen = (target: EventTarget, name: string, listener: (event: Event) => void): void =>
    target.addEventListener(name, listener, { signal });

  listen(element, "input", (event) => {
    if (isLive && (event.target as HTMLInputElement).type === "range") send();
    else isDirty = true;
  });
  listen(element, "change", () => (isDirty ? send() : release()));
  listen(element, "focusout", () => isDirty && send());
  listen(element, "keydown", (event) => {
    if ((event as KeyboardEvent).key !== "Escape" || !isDirty) return;
    isDirty = false;
    tell("");
    show();
  });
  if (isLive) {
    listen(element, "pointerdown", () => {
      isPressed = true;
      for (const name of ["pointerup", "pointercancel"])
        document.addEventListener(name, release, { once: true, signal }); // it may be let go anywhere
    });
  }
  ground.subscribe(
    pointer,
    (state) => {
      value = state;
      if (!isDirty) tell("");
      show();
    },
    { signal },
  );
  ground.on(
    "error",
    ({ pointer: at, operations, reason }) => {
      const places = at === undefined ? operations.map(({ path }) => path) : [at];
      if (places.some((path) => concerns(path, pointer))) tell(reason);
    },
    { signal },
  );
}

/** Whether what happens at one pointer is felt at another. */
export function concerns(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

/** Have something done whenever it may be another one whether a person can write, and now. */
export function whenOpened({ ground, signal }: Place, act: (isNowOpen: boolean) => void): void {
  ground.on("status", () => act(isOpen(ground)), { signal });
  act(isOpen(ground));
}

/** Return what ends before another signal does, or with it. */
export function within(signal: AbortSignal): AbortController {
  const inner = new AbortController();
  signal.addEventListener("abort", () => inner.abort(), { signal: inner.signal });
  return inner;
}

/**
 * Draw a place anew whenever it has become of another kind, and leave it alone otherwise.
 *
 * @param kindOf given the value and the kind that it was of
 */
export function changing(
  place: Place,
  kindOf: (value: Json | undefined, former: string | undefined) => string,
  build: (kind: string, place: Place) => HTMLElement,
): HTMLElement {
  const holder = make("div", { class: "syncstate-place" });
  let kind: string | undefined;
  let inner: AbortController | undefined;
  const follow = (value: Json | undefined): void => {
    const next = kindOf(value, kind);
    if (next === kind) return;
    kind = next;
    inner?.abort();
    inner = within(place.signal);
    const hadFocus = holder.contains(document.activeElement);
    holder.replaceChildren(build(kind, { ...place, signal: inner.signal }));
    if (hadFocus) focusIn(holder);
  };
  place.ground.subscribe(place.pointer, follow, { signal: place.signal });
  return holder;
}

/** Put the focus on what a person enters something into, or else on what there is to press. */
export function focusIn(element: Element | null | undefined): void {
  const entry = element?.querySelector<HTMLElement>(":is(input, select, textarea):not(:disabled)");
  (entry ?? element?.querySelector<HTMLElement>("button:not(:disabled)"))?.focus();
}

let count = 0;

/** Return an id that no other element has. */
export function fresh(): string {
  count += 1;
  return `syncstate-${count}`;
}
