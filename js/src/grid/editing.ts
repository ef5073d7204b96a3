/**
 * Floor 9. A cell in which a person writes.
 *
 * @module
 */

import type { Json } from "../document.ts";
import { make } from "../view/element.ts";
import type { Entry } from "../view/rows.ts";
import { exactText, type Kind, kindOf, read } from "../view/values.ts";
import type { Column } from "./columns.ts";

/** Where a person goes who has written into a cell. */
export type Way = "stay" | "down" | "right" | "left";

/** What becomes of what a person writes. */
export interface EditEvents {
  /** Take a value; what is thrown is said in the cell, and the person goes on writing. */
  commit(value: Json): void;
  /** The person is done, with or without a new value. */
  end(way: Way): void;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What a person writes in. Enter and Tab commit, and so does leaving it; Escape does not. */
export class Editing {
  readonly control: Control;
  readonly #note = make("span", { class: "syncstate-grid-note", role: "alert", hidden: "" });
  readonly #events: EditEvents;
  readonly #column: Column;
  readonly #value: Entry;
  #isDone = false;

  /** Begin with a value, or with a text that the person has begun to write over it. */
  constructor(column: Column, value: Entry, begun: string | undefined, events: EditEvents) {
    this.#column = column;
    this.#value = value;
    this.#events = events;
    this.control = controlFor(column, exactText(value));
    this.control.setAttribute("aria-label", column.label);
    this.control.value = textToBegin(column, exactText(value), begun);
    this.control.addEventListener("keydown", (event) => this.#press(event as KeyboardEvent));
    this.control.addEventListener("blur", () => this.#finish("stay", true));
  }

  /** Stand in a cell and take the focus. */
  show(cell: HTMLElement, isBegun: boolean): void {
    cell.append(this.#note);
    this.control.focus({ preventScroll: true });
    if (!isBegun && !(this.control instanceof HTMLSelectElement)) this.control.select();
  }

  /** End without a new value. */
  cancel(way: Way = "stay"): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#events.end(way);
  }

  #press(event: KeyboardEvent): void {
    event.stopPropagation(); // the notebook and the grid have keys of their own
    const { key, shiftKey, altKey } = event;
    const isBreak = this.control instanceof HTMLTextAreaElement && (shiftKey || altKey); // a new line of the text
    if (key === "Escape") this.cancel();
    else if (key === "Enter" && !isBreak) this.#finish("down");
    else if (key === "Tab") this.#finish(shiftKey ? "left" : "right");
    else return;
    event.preventDefault();
  }

  #finish(way: Way, isLeft = false): void {
    if (this.#isDone) return;
    const text = this.control.value;
    try {
      if (text !== exactText(this.#value)) this.#events.commit(this.#read(text));
      this.cancel(way);
    } catch (error) {
      if (isLeft) this.cancel();
      else this.#complain((error as Error).message);
    }
  }

  #read(text: string): Json {
    const { choices, kind, isNullable } = this.#column;
    const choice = choices?.find(({ value }) => exactText(value) === text);
    if (choice) return choice.value;
    if (text === "" && isNullable) return null;
    const own = kindOf(this.#value);
    return read(text, own === "missing" ? kind : (own as Kind));
  }

  #complain(reason: string): void {
    this.#note.hidden = false;
    this.#note.textContent = reason;
    this.control.setAttribute("aria-invalid", "true");
    this.control.closest<HTMLElement>(".syncstate-grid-cell")?.setAttribute("aria-invalid", "true");
    this.control.closest<HTMLElement>(".syncstate-grid-row")?.classList.add("syncstate-grid-refused");
  }
}

function controlFor({ choices }: Column, text: string): Control {
  if (choices) {
    const select = make("select");
    const titles = new Map(choices.map(({ value, title }) => [exactText(value), title]));
    if (!titles.has(text)) titles.set(text, text);
    select.append(...[...titles].map(([value, title]) => make("option", { value }, title)));
    return select;
  }
  const attributes = { autocomplete: "off", spellcheck: "false" };
  return text.includes("\n") ? make("textarea", attributes) : make("input", { ...attributes, type: "text" });
}

// Among choices, what a person has begun to write leads to the first that begins so.
function textToBegin({ choices }: Column, text: string, begun = text): string {
  if (!choices || begun === text) return begun;
  const found = choices.find(({ title }) => title.toLowerCase().startsWith(begun.toLowerCase()));
  return found ? exactText(found.value) : text;
}
