/**
 * Floor 9. What stands below a grid's rows: how many there are, and what makes them more, fewer, or moves them.
 *
 * @module
 */

import { make } from "../view/element.ts";
import { counted } from "../view/sheet.ts";

/** How many rows a list may have. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** What a person does below the rows. */
export interface FootEvents {
  /** Show all rows again. */
  clear(): void;
  add(): void;
  remove(): void;
  /** Move what is selected up or down. */
  move(by: -1 | 1): void;
}

/** What can be done to the rows just now. */
export interface Chances {
  /** Why nothing can be done, if that is so. */
  readonly barrier: string | undefined;
  readonly size: number;
  /** How many rows are selected, and the number of the first that is. */
  readonly selected: number;
  readonly first: number;
  /** Whether rows are shown as they stand in the list: in another order nobody sees where they move to. */
  readonly isAsIs: boolean;
}

/** The last line of a grid. A tool that can do nothing keeps the focus, and says why when it is pressed. */
export class Foot {
  readonly element: HTMLElement = make("div", { class: "syncstate-grid-foot" });
  readonly #count = make("span", { role: "status" });
  readonly #clear = make("button", { type: "button", hidden: "" }, "Clear filters");
  readonly #note = make("p", { class: "syncstate-grid-trouble", role: "alert" });
  readonly #said = make("span", { class: "syncstate-grid-said", role: "status" });
  readonly #refusals = new Map<HTMLElement, string>();
  readonly #look: (chances: Chances) => void;

  /** Make one that has tools if there are bounds; the label says what the rows are. */
  constructor(bounds: Bounds | undefined, label: string, events: FootEvents) {
    this.element.append(this.#count, this.#clear);
    this.#clear.addEventListener("click", () => events.clear());
    this.#look = bounds ? this.#equip(bounds, label, events) : () => {};
  }

  /** Say how many rows are shown, of all. */
  tellCount(shown: number, all: number, isFiltered: boolean): void {
    const told = counted(all, "row");
    const text = isFiltered ? `${shown.toLocaleString()} of ${told}` : told;
    if (this.#count.textContent !== text) this.#count.textContent = text;
    this.#clear.hidden = !isFiltered;
  }

  /** Say why rows were not added, removed or moved, or "". */
  tell(reason: string): void {
    if (this.#note.textContent !== reason) this.#note.textContent = reason;
  }

  /** Say what was done, to those who do not see it. */
  say(text: string): void {
    this.#said.textContent = text;
  }

  /** Look again what can be done. */
  look(chances: Chances): void {
    this.#look(chances);
  }

  #equip({ least, most }: Bounds, label: string, events: FootEvents): (chances: Chances) => void {
    const bar = make("div", { class: "syncstate-grid-tools" });
    const button = (text: string, act: () => void): HTMLButtonElement => {
      const made = make("button", { type: "button" }, text);
      made.addEventListener("click", () => {
        const refusal = this.#refusals.get(made) ?? "";
        this.tell(refusal);
        if (refusal === "") act();
      });
      bar.append(made);
      return made;
    };
    const add = button("Add row", () => events.add());
    const remove = button("Remove row", () => events.remove());
    const up = button("↑", () => events.move(-1));
    const down = button("↓", () => events.move(1));
    this.element.append(bar, this.#said, this.#note);
    return ({ barrier, size, selected, first, isAsIs }) => {
      const what = selected > 1 ? counted(selected, "row") : selected === 1 ? `row ${first + 1}` : "row";
      const none = barrier ?? (selected === 0 ? "Select a row first" : "");
      const fixed = none || (isAsIs ? "" : "Rows can be moved while they are neither sorted nor filtered");
      const text = selected > 1 ? `Remove ${what}` : "Remove row";
      if (remove.textContent !== text) remove.textContent = text;
      const isFull = size >= most;
      this.#say(add, `Add row to ${label}`, barrier ?? (isFull ? `There is room for ${most}` : ""));
      this.#say(
        remove,
        `Remove ${what} of ${label}`,
        none || (size - selected < least ? `At least ${counted(least, "row")} must stay` : ""),
      );
      this.#say(up, `Move ${what} up`, fixed || (first === 0 ? "This is the first row" : ""));
      this.#say(
        down,
        `Move ${what} down`,
        fixed || (first + selected === size ? "This is the last row" : ""),
      );
    };
  }

  #say(button: HTMLButtonElement, name: string, refusal: string): void {
    const old = this.#refusals.get(button);
    if (old === refusal && button.getAttribute("aria-label") === name) return;
    if (old !== refusal && old === this.#note.textContent) this.tell(""); // it is so no longer
    this.#refusals.set(button, refusal);
    button.setAttribute("aria-label", name);
    button.setAttribute("aria-disabled", String(refusal !== ""));
    button.title = refusal || name;
  }
}
