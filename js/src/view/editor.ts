/**
 * Floor 9. A control for one scalar of the tree.
 *
 * @module
 */

import { spell } from "../document.ts";
import { type ExactDate, isDate, readDate } from "../forms.ts";
import { make } from "./element.ts";

/** A value that one control can show. */
export type Scalar = string | number | boolean | bigint | ExactDate;

type Control = HTMLInputElement | HTMLTextAreaElement;

/**
 * A control for one scalar: Enter or leaving it commits, Escape goes back to what the model has.
 *
 * What a user is in the middle of is not overwritten: the newer value is there when they go back.
 */
export class Editor {
  readonly control: Control;
  /** Says why the last value was refused. */
  readonly note: HTMLElement = make("span", { class: "syncstate-note", role: "alert" });
  readonly #commit: (value: Scalar) => void;
  #value: Scalar;
  #isDirty = false;

  constructor(shape: string, value: Scalar, commit: (value: Scalar) => void) {
    this.#value = value;
    this.#commit = commit;
    this.control = controlFor(shape);
    this.control.addEventListener("input", () => {
      this.#isDirty = true;
    });
    this.control.addEventListener("change", () => this.#finish());
    this.control.addEventListener("keydown", (event) => this.#press(event as KeyboardEvent));
    this.#show();
  }

  /** Show a newer value, or keep it for later while the user is typing. */
  update(value: Scalar): void {
    this.#value = value;
    if (!this.#isDirty) this.#show();
  }

  /** Say at the control why its value was refused. */
  reject(reason: string): void {
    this.note.textContent = reason;
    this.control.setAttribute("aria-invalid", "true");
  }

  #finish(): void {
    if (!this.#isDirty) return;
    const edited = read(this.control, this.#value);
    this.#revert();
    if (!Object.is(edited, this.#value)) this.#commit(edited);
  }

  #press(event: KeyboardEvent): void {
    const isBreak = this.control.localName === "textarea" && !event.ctrlKey && !event.metaKey; // a new line of the text
    if (event.key === "Escape") this.#revert();
    if (event.key === "Enter" && !isBreak) this.#finish();
  }

  #revert(): void {
    this.#isDirty = false;
    this.note.textContent = "";
    this.control.removeAttribute("aria-invalid");
    this.#show();
  }

  #show(): void {
    const text = textOf(this.#value);
    if (this.control.type === "checkbox") (this.control as HTMLInputElement).checked = this.#value === true;
    else if (this.control.value !== text) write(this.control, text);
  }
}

/** Put a text into a control and leave selected what was: whoever is about to type over it types over the new one. */
function write(control: Control, text: string): void {
  const { selectionStart: start, selectionEnd: end, value: old } = control; // none where it is no text
  control.value = text;
  if (start === null || end === null || !control.matches(":focus")) return;
  const moved = (at: number): number => (at === old.length ? text.length : at);
  control.setSelectionRange(moved(start), moved(end));
}

function controlFor(shape: string): Control {
  const attributes = {
    class: `syncstate-value syncstate-${shape}`,
    spellcheck: "false",
    autocomplete: "off",
  };
  if (shape === "boolean") return make("input", { ...attributes, type: "checkbox" });
  if (shape === "number") return make("input", { ...attributes, type: "number", step: "any" });
  if (shape === "lines") return make("textarea", { ...attributes, rows: "2" });
  return make("input", { ...attributes, type: "text" });
}

/** What a control holds, in the type of the value that it shows; that value where the text is none of it. */
function read(control: Control, value: Scalar): Scalar {
  if (typeof value === "boolean") return (control as HTMLInputElement).checked;
  if (typeof value === "string") return control.value;
  const text = control.value.trim();
  if (text === textOf(value)) return value;
  if (isDate(value)) return readDate(text) ?? value;
  const number = Number(text);
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text); // no digit is lost
  return text !== "" && (Number.isFinite(number) || String(number) === text) ? number : value;
}

function textOf(value: Scalar): string {
  return spell(value) ?? String(value);
}
