/**
 * Floor 9. Lists and objects with any names: what is in them, and what adds to it, takes away and moves it.
 *
 * @module
 */

import { elements, isList, isObject, type Json, own } from "../document.ts";
import type { Operation } from "../patch.ts";
import { find, join } from "../pointer.ts";
import { make } from "../view/element.ts";
import { isOpen } from "../view/open.ts";
import { extentOf, frame, inside } from "./group.ts";
import { concerns, focusIn, type Place, whenOpened, within } from "./place.ts";
import { initial, optionsOf, type Schema } from "./schema.ts";

const PAGE = 50;
const FEW = 20; // a list of so few elements is open from the start

/** One element or member that is drawn. */
interface Item {
  readonly element: HTMLElement;
  readonly end: AbortController;
}

/** Draw a list. */
export function list(place: Place): HTMLElement {
  const isFixed = place.schema.items === false;
  return frame(place, opens(place), isFixed ? () => "" : extentOf, (content) => fillList(place, content));
}

/** Draw the elements of a list, and what adds to them. */
export function fillList(place: Place, content: HTMLElement): void {
  const { prefixItems = [], items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = place.schema;
  const isFixed = items === false;
  const schemaOf = (at: number): Schema => prefixItems[at] ?? (items || {});
  const sizeOf = (value: Json | undefined): number => (isList(value) ? value.length : 0);
  const tools = new Tools(place, content);
  const names = (value: Json | undefined): string[] =>
    isList(value) ? Array.from(value, (_, at) => String(at)) : [];
  const body = new Items(place, content, names, (name, at) => {
    const drawn = at.draw(inside(at, Number(name), schemaOf(Number(name)), String(Number(name) + 1)));
    const element = make("div", { class: "syncstate-item" });
    element.append(drawn);
    if (!place.isReadOnly && !isFixed) element.append(toolbar(Number(name)));
    return element;
  });
  content.append(...tools.elements);
  if (place.isReadOnly || isFixed) return;
  const add = tools.button("Add", `Add to ${place.label}`, () => {
    const end = sizeOf(body.value);
    tools.apply([{ op: "add", path: `${place.pointer}/-`, value: initial(schemaOf(end), place.root) }]);
    body.reveal(end);
    focusIn(body.element.children[end]);
  });
  tools.bar.append(add);
  body.onSize = (size) => {
    add.toggleAttribute("data-full", size >= maxItems);
    add.title = size >= maxItems ? `There is room for ${maxItems}` : "";
    tools.look();
  };
  body.onSize(sizeOf(body.value));

  function toolbar(at: number): HTMLElement {
    const bar = make("div", { class: "syncstate-tools" });
    const what = `${place.label} ${at + 1}`;
    const move = (to: number): void => {
      if (to < 0 || to >= sizeOf(body.value)) return;
      tools.apply([{ op: "move", from: place.pointer + join(at), path: place.pointer + join(to) }]);
      const next = body.element.children[to]?.querySelectorAll<HTMLElement>(
        ":scope > .syncstate-tools > button",
      );
      next?.[to < at ? 0 : 1]?.focus();
      tools.say(`Moved to ${to + 1} of ${sizeOf(body.value)}`);
    };
    const remove = (): void => {
      if (sizeOf(body.value) <= minItems) tools.tell(`At least ${elements(minItems)} must stay`);
      else {
        tools.apply([{ op: "remove", path: place.pointer + join(at) }]);
        const next = body.element.children[Math.min(at, sizeOf(body.value) - 1)];
        (next?.querySelector<HTMLElement>(":scope > .syncstate-tools > :last-child") ?? add).focus();
        tools.say(`Removed; ${elements(sizeOf(body.value))} left`);
      }
    };
    bar.append(
      tools.button("↑", `Move ${what} up`, () => move(at - 1)),
      tools.button("↓", `Move ${what} down`, () => move(at + 1)),
      tools.button("✕", `Remove ${what}`, remove),
    );
    return bar;
  }
}

/** Draw an object with any names. */
export function dict(place: Place): HTMLElement {
  const { additionalProperties, properties = {}, propertyNames } = place.schema;
  const allowed = propertyNames && optionsOf(propertyNames)?.map(({ value }) => String(value));
  const schemaOf = (name: string): Schema => own(properties, name) ?? (additionalProperties || {});
  const namesOf = (value: Json | undefined): string[] => (isObject(value) ? Object.keys(value) : []);
  return frame(place, opens(place), extentOf, fill);

  function fill(content: HTMLElement): void {
    const tools = new Tools(place, content);
    const body = new Items(place, content, namesOf, (name, at) => {
      const element = make("div", { class: "syncstate-item" });
      const schema = schemaOf(name);
      const drawn = at.draw(inside(at, name, schema, schema.title ?? name));
      element.append(drawn);
      if (!place.isReadOnly) element.prepend(keyOf(name, at.signal));
      if (!place.isReadOnly) element.append(toolbar(name));
      return element;
    });
    content.append(...tools.elements);
    if (place.isReadOnly) return;
    const added = allowed ? make("select") : make("input", { type: "text", placeholder: "Name" });
    added.setAttribute("aria-label", `Name of what is added to ${place.label}`);
    const add = (): void => {
      const name = added.value;
      if (name === "" || namesOf(body.value).includes(name)) {
        tools.tell(name === "" ? "Enter a name" : `There is a '${name}' already`);
        added.focus();
        return;
      }
      added.value = "";
      const path = place.pointer + join(name);
      tools.apply([{ op: "add", path, value: initial(schemaOf(name), place.root) }]);
      const at = namesOf(body.value).indexOf(name);
      body.reveal(at);
      focusIn(body.element.children[at]?.querySelector(".syncstate-place"));
    };
    added.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key !== "Enter") return;
      event.preventDefault();
      add();
    });
    body.onSize = () => {
      if (!allowed) return;
      const free = allowed.filter((name) => !namesOf(body.value).includes(name));
      added.replaceChildren(...free.map((name) => make("option", { value: name }, name)));
    };
    body.onSize(0);
    tools.bar.append(added, tools.button("Add", `Add to ${place.label}`, add));

    function keyOf(name: string, signal: AbortSignal): HTMLElement {
      const key = make("input", { type: "text", class: "syncstate-key", "aria-label": `Name of ${name}` });
      key.value = name;
      key.disabled = !isOpen(place.ground) || allowed !== undefined;
      whenOpened({ ...place, signal }, (isNowOpen) => {
        key.disabled = !isNowOpen || allowed !== undefined;
      });
      key.addEventListener("change", () => {
        const names = namesOf(body.value);
        if (key.value === name) return;
        if (key.value === "" || names.includes(key.value)) {
          tools.tell(key.value === "" ? "Enter a name" : `There is a '${key.value}' already`);
          key.value = name;
          return;
        }
        const to = key.value;
        tools.apply([{ op: "move", from: place.pointer + join(name), path: place.pointer + join(to) }]);
        const renamed = body.element.children[namesOf(body.value).indexOf(to)];
        renamed?.querySelector<HTMLElement>(".syncstate-key")?.focus();
      });
      key.addEventListener("keydown", (event) => {
        if (event.key === "Escape") key.value = name;
      });
      return key;
    }

    function toolbar(name: string): HTMLElement {
      const bar = make("div", { class: "syncstate-tools" });
      const remove = (): void => {
        tools.apply([{ op: "remove", path: place.pointer + join(name) }]);
        added.focus();
        tools.say(`Removed ${name}`);
      };
      bar.append(tools.button("✕", `Remove ${name}`, remove));
      return bar;
    }
  }
}

function opens({ ground, pointer, depth }: Place): boolean {
  return depth < 2 && Object.keys(find(ground.state, pointer) ?? {}).length <= FEW;
}

/** What is drawn of a collection: a page at a time, each item once, whatever moves past it. */
class Items {
  readonly element: HTMLElement = make("div", { class: "syncstate-items" });
  value: Json | undefined;
  /** Told whenever there may be more or fewer. */
  onSize: (size: number) => void = () => {};
  readonly #place: Place;
  readonly #namesOf: (value: Json | undefined) => string[];
  readonly #build: (name: string, place: Place) => HTMLElement;
  readonly #items = new Map<string, Item>();
  readonly #more = make("button", { type: "button", class: "syncstate-button", hidden: "" });
  #limit = PAGE;

  constructor(
    place: Place,
    content: HTMLElement,
    namesOf: (value: Json | undefined) => string[],
    build: (name: string, place: Place) => HTMLElement,
  ) {
    this.#place = place;
    this.#namesOf = namesOf;
    this.#build = build;
    content.append(this.element, this.#more);
    this.#more.addEventListener("click", () => this.reveal(this.#limit + PAGE - 1));
    const follow = (value: Json | undefined): void => {
      this.value = value;
      this.#draw();
    };
    place.ground.subscribe(place.pointer, follow, place);
  }

  /** Draw as far as to an index. */
  reveal(at: number): void {
    if (at < this.#limit) return;
    this.#limit = Math.ceil((at + 1) / PAGE) * PAGE;
    this.#draw();
  }

  #draw(): void {
    const all = this.#namesOf(this.value);
    const names = all.slice(0, this.#limit);
    const kept = new Set(names);
    for (const [name, item] of this.#items) if (!kept.has(name)) this.#remove(name, item);
    let next = this.element.firstElementChild;
    for (const name of names) {
      const { element } = this.#items.get(name) ?? this.#make(name);
      if (element === next) next = next.nextElementSibling;
      else this.element.insertBefore(element, next); // what stands right is not moved: it would lose the focus
    }
    const left = all.length - names.length;
    this.#more.hidden = left === 0;
    this.#more.textContent =
      left === 0 ? "" : `Show ${Math.min(PAGE, left)} more of ${left.toLocaleString()}`;
    this.onSize(all.length);
  }

  #make(name: string): Item {
    const end = within(this.#place.signal);
    const item = { element: this.#build(name, { ...this.#place, signal: end.signal }), end };
    this.#items.set(name, item);
    return item;
  }

  #remove(name: string, { element, end }: Item): void {
    end.abort();
    element.remove();
    this.#items.delete(name);
  }
}

/** What changes a collection, and what is said of that. */
class Tools {
  readonly bar: HTMLElement = make("div", { class: "syncstate-bar" });
  readonly #note = make("p", { class: "syncstate-note", role: "alert" });
  readonly #said = make("p", { class: "syncstate-said", role: "status" });
  readonly #place: Place;
  readonly #content: HTMLElement;

  constructor(place: Place, content: HTMLElement) {
    this.#place = place;
    this.#content = content;
    const { ground, pointer, signal } = place;
    const refuse = ({ operations, reason }: { operations: readonly Operation[]; reason: string }): void => {
      const isOurs = operations.some(({ op, path }) => op !== "replace" && concerns(path, pointer));
      if (isOurs) this.tell(reason);
    };
    this.#note.dataset.pointer = pointer;
    ground.on("error", refuse, { signal });
    ground.on("status", () => this.look(), { signal });
  }

  get elements(): HTMLElement[] {
    return [this.bar, this.#note, this.#said];
  }

  button(text: string, title: string, act: () => void): HTMLButtonElement {
    const button = make(
      "button",
      { type: "button", class: "syncstate-button", "aria-label": title, title },
      text,
    );
    if (text === "Add") button.removeAttribute("title");
    button.disabled = !isOpen(this.#place.ground);
    button.addEventListener("click", act);
    return button;
  }

  /** Make a change, or say why it cannot be made. */
  apply(operations: readonly Operation[]): void {
    this.tell("");
    try {
      this.#place.ground.apply(operations);
    } catch (error) {
      this.tell((error as Error).message);
    }
  }

  /** Say what is wrong, or "". */
  tell(reason: string): void {
    this.#note.textContent = reason;
  }

  /** Say what was done, to those who do not see it. */
  say(text: string): void {
    this.#said.textContent = text;
  }

  /** Look again which buttons can be pressed. */
  look(): void {
    const isNowOpen = isOpen(this.#place.ground);
    const ours =
      ":scope > .syncstate-items > .syncstate-item > .syncstate-tools > button, :scope > .syncstate-bar > *";
    for (const button of this.#content.querySelectorAll<HTMLButtonElement>(ours))
      button.disabled = !isNowOpen || button.hasAttribute("data-full");
  }
}
