/**
 * Floor 9. A labelled entry: what it is called, what it is for, and what is wrong with it.
 *
 * @module
 */

import type { Json } from "../document.ts";
import { make } from "../view/element.ts";
import { entryOf } from "./entries.ts";
import { type Entry, fresh, type Place, tie, whenOpened } from "./place.ts";

/** Draw a place with one value. */
export function field(widget: string, place: Place): HTMLElement {
  const entry = entryOf(widget, place);
  const { element: note, tell } = noteFor(entry);
  const isOutput = widget === "output";
  const element = labelled(place, widget, entry, note);
  if (isOutput) place.ground.subscribe(place.pointer, (value: Json | undefined) => entry.write(value), place);
  else {
    element.dataset.pointer = place.pointer;
    tie(place, entry, tell);
    whenOpened(place, (isNowOpen) => disable(entry.element, !isNowOpen, place));
  }
  return element;
}

function labelled(place: Place, widget: string, entry: Entry, note: HTMLElement): HTMLElement {
  const { label, schema } = place;
  const element = make("div", { class: "syncstate-field", "data-widget": widget });
  const isGroup = entry.target.localName === "fieldset";
  const id = fresh();
  const caption = make(isGroup ? "span" : "label", { class: "syncstate-label" }, label);
  const column = make("div", { class: "syncstate-entry" });
  if (isGroup) {
    caption.id = id;
    entry.target.setAttribute("aria-labelledby", id);
  } else {
    entry.target.id = id;
    caption.setAttribute("for", id);
  }
  column.append(entry.element);
  if (schema.description) {
    const help = make("p", { class: "syncstate-help", id: fresh() }, schema.description);
    entry.target.setAttribute("aria-describedby", help.id);
    column.append(help);
  }
  column.append(note);
  element.append(caption, column);
  return element;
}

/** Return where it is told what is wrong with an entry, and what tells it. */
function noteFor({ element: entry, target }: Entry): {
  element: HTMLElement;
  tell: (reason: string) => void;
} {
  const element = make("p", { class: "syncstate-note", role: "alert", id: fresh() });
  const tell = (reason: string): void => {
    if (element.textContent === reason) return;
    element.textContent = reason;
    for (const control of controlsOf(entry, target)) {
      if (reason) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
    // what is described otherwise says the help before
    const helps = (target.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .filter((id) => id !== element.id);
    const ids = [...helps, ...(reason ? [element.id] : [])].filter(Boolean).join(" ");
    if (ids) target.setAttribute("aria-describedby", ids);
    else target.removeAttribute("aria-describedby");
  };
  return { element, tell };
}

function controlsOf(entry: HTMLElement, target: HTMLElement): Iterable<Element> {
  // a group of boxes bears no aria-invalid: they do
  if (target.localName === "fieldset") return target.querySelectorAll("input");
  return entry === target ? [target] : entry.querySelectorAll("input, select, textarea");
}

function disable(entry: HTMLElement, isDisabled: boolean, { ground }: Place): void {
  for (const control of [entry, ...entry.querySelectorAll("input, select, textarea")])
    if ("disabled" in control) control.disabled = isDisabled;
  if (isDisabled) entry.title = ground.reason;
  else entry.removeAttribute("title");
}
