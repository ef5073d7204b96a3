/**
 * Floor 9. A part of a layout on screen: what stays while its node changes, and what is drawn anew.
 *
 * @module
 */

import { isList, isObject, type Json, type JsonObject, own } from "../document.ts";
import type { Model } from "../model.ts";
import { make } from "../view/element.ts";

/** An element of a layout, as its document has it. */
export type Node = JsonObject;

/** What all parts of a layout share. */
export interface Layout {
  /** The model of the layout itself. */
  readonly model: Model;
  /** Return the model of a key, until the signal aborts. */
  open(key: string, signal: AbortSignal): Model;
  /** Draw an element. */
  draw(node: Node, layout: Layout, signal: AbortSignal): Part;
}

/** An element of a layout on screen. */
export interface Part {
  readonly element: HTMLElement;
  /** Show what its node has become. */
  update(node: Node): void;
}

/** Return a text of a node. */
export function textOf(node: Node, name: string): string {
  const value = own(node, name);
  return typeof value === "string" ? value : "";
}

/** Return a number of a node. */
export function numberOf(node: Node, name: string): number | undefined {
  const value = own(node, name);
  return typeof value === "number" ? value : undefined;
}

/** Return the children of a node. */
export function childrenOf(node: Node): Node[] {
  const children = own(node, "children");
  return isList(children) ? children.filter(isObject) : [];
}

/** Return a signal of a part inside of another one, and what ends it. */
export function below(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener("abort", () => controller.abort(), { signal: controller.signal });
  return controller;
}

interface Kept {
  readonly part: Part;
  readonly controller: AbortController;
  node: Node;
}

/** The children of an element: each keeps its DOM while it stays, wherever among the others it goes. */
export class Children {
  readonly #host: HTMLElement;
  readonly #layout: Layout;
  readonly #signal: AbortSignal;
  #kept = new Map<string, Kept>();

  constructor(host: HTMLElement, layout: Layout, signal: AbortSignal) {
    this.#host = host;
    this.#layout = layout;
    this.#signal = signal;
  }

  /** Show the children that there are now; returns their elements. */
  update(nodes: readonly Node[]): HTMLElement[] {
    const next = new Map<string, Kept>();
    for (const node of nodes) next.set(textOf(node, "id"), this.#keep(node));
    for (const [id, { part, controller }] of this.#kept) {
      if (next.has(id)) continue;
      controller.abort();
      part.element.remove();
    }
    this.#kept = next;
    const elements = [...next.values()].map(({ part }) => part.element);
    arrange(this.#host, elements);
    return elements;
  }

  #keep(node: Node): Kept {
    const kept = this.#kept.get(textOf(node, "id"));
    if (!kept) return this.#make(node);
    if (kept.node !== node) kept.part.update(node);
    kept.node = node;
    return kept;
  }

  #make(node: Node): Kept {
    const controller = below(this.#signal);
    return { part: this.#layout.draw(node, this.#layout, controller.signal), controller, node };
  }
}

/** Put elements in an order without touching those that stand right: what is moved loses the focus. */
function arrange(parent: HTMLElement, elements: readonly HTMLElement[]): void {
  let next = parent.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
}

/** An element without children: drawn anew when its node is another one. */
export class Leaf implements Part {
  readonly element: HTMLElement;
  readonly #draw: Draw;
  readonly #layout: Layout;
  readonly #signal: AbortSignal;
  #controller: AbortController;

  constructor(node: Node, draw: Draw, layout: Layout, signal: AbortSignal) {
    this.element = make("div", { class: `syncstate-ui-${textOf(node, "kind")}` });
    this.#draw = draw;
    this.#layout = layout;
    this.#signal = signal;
    this.#controller = below(signal);
    this.update(node);
  }

  update(node: Node): void {
    this.#controller.abort();
    this.#controller = below(this.#signal);
    const { signal } = this.#controller;
    this.element.replaceChildren();
    const key = textOf(node, "model");
    if (key === "") this.#draw({ node, el: this.element, signal, layout: this.#layout });
    else this.#bind(node, this.#layout.open(key, signal), signal);
  }

  #bind(node: Node, model: Model, signal: AbortSignal): void {
    const content = make("div", { class: "syncstate-ui-content" });
    const note = make("p", { class: "syncstate-ui-note", role: "status" });
    this.element.append(content, note);
    let isDrawn = false;
    const follow = (value: Json | undefined): void => {
      const why = obstacle(model, this.#layout.model, textOf(node, "pointer"), value);
      note.textContent = why;
      content.hidden = why !== "" && value === undefined;
      this.element.toggleAttribute("data-loading", value === undefined && why === "");
      if (isDrawn || value === undefined) return;
      isDrawn = true;
      this.#draw({ node, el: content, signal, layout: this.#layout, model });
    };
    let last: Json | undefined;
    model.subscribe(
      textOf(node, "pointer"),
      (value) => {
        last = value;
        follow(hasState(model) ? value : undefined);
      },
      { signal },
    );
    model.on("status", () => follow(hasState(model) ? last : undefined), { signal });
  }
}

function hasState({ status, state }: Model): boolean {
  return status === "live" || Object.keys(state).length > 0;
}

/** Say why there is nothing to be seen, or that it will change no more; "" when all is well, or still to come. */
function obstacle(model: Model, layout: Model, pointer: string, value: Json | undefined): string {
  const { status, reason } = model;
  if (status === "closed") return sentence(reason || "This model was closed");
  if (status === "stale" && layout.status === "live") return sentence(reason);
  if (status === "live" && value === undefined) return `Nothing stands at ${pointer} any more`;
  return "";
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What draws an element without children. */
export type Draw = (context: DrawContext) => void;

/** What it is given. */
export interface DrawContext {
  readonly node: Node;
  readonly el: HTMLElement;
  readonly signal: AbortSignal;
  readonly layout: Layout;
  /** The model that it shows, if it shows one. */
  readonly model?: Model;
}
