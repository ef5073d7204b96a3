/**
 * Floor 9. The elements that hold others: rows, columns, grids, cards, what is seen sometimes, and tabs.
 *
 * @module
 */

import { isList, isObject, type Json, own } from "../document.ts";
import { make } from "../view/element.ts";
import { Children, childrenOf, type Layout, type Node, numberOf, type Part, textOf } from "./part.ts";

/** Children that follow each other. */
export class Box implements Part {
  readonly element: HTMLElement;
  readonly #body: HTMLElement;
  readonly #children: Children;
  #head: HTMLElement | undefined;

  constructor(node: Node, layout: Layout, signal: AbortSignal) {
    const kind = textOf(node, "kind");
    this.element = make(kind === "card" ? "section" : "div", { class: `syncstate-ui-${kind}` });
    this.#body = kind === "card" ? make("div", { class: "syncstate-ui-body" }) : this.element;
    if (this.#body !== this.element) this.element.append(this.#body);
    this.#children = new Children(this.#body, layout, signal);
    this.update(node);
  }

  update(node: Node): void {
    const elements = this.#children.update(childrenOf(node));
    this.#body.style.gap = `${numberOf(node, "gap") ?? 16}px`;
    this.#body.style.alignItems = textOf(node, "align").replace(/^(start|end)$/, "flex-$1");
    if (own(node, "kind") === "row") this.#share(node, elements);
    if (own(node, "kind") === "grid") this.#divide(node);
    if (own(node, "kind") === "card") this.#entitle(textOf(node, "title"), textOf(node, "subtitle"));
  }

  #share(node: Node, elements: readonly HTMLElement[]): void {
    const widths = own(node, "widths");
    this.#body.style.flexWrap = own(node, "wrap") === false ? "nowrap" : "wrap";
    elements.forEach((element, place) => {
      const width = isList(widths) ? widths[place] : undefined;
      element.style.flex = typeof width !== "number" ? "" : width === 0 ? "0 0 auto" : `${width} 1 0`;
    });
  }

  #divide(node: Node): void {
    const [columns, least, gap] = ["columns", "min_width", "gap"].map((name) => numberOf(node, name));
    const share = columns ? `(100% - ${(columns - 1) * (gap ?? 0)}px) / ${columns}` : "0px";
    const width = `minmax(min(100%, max(${least ?? 220}px, ${share})), 1fr)`;
    this.#body.style.gridTemplateColumns = `repeat(auto-fit, ${width})`;
  }

  #entitle(title: string, subtitle: string): void {
    this.#head?.remove();
    this.#head = title || subtitle ? make("header") : undefined;
    if (!this.#head) return;
    if (title) this.#head.append(make("h3", {}, title));
    if (subtitle) this.#head.append(make("p", {}, subtitle));
    this.element.prepend(this.#head);
  }
}

/** Children that are seen while a value is true. */
export class ShowIf implements Part {
  readonly element: HTMLElement;
  readonly #box: Box;

  constructor(node: Node, layout: Layout, signal: AbortSignal) {
    this.#box = new Box(node, layout, signal);
    this.element = this.#box.element;
    this.element.hidden = true;
    const model = layout.open(textOf(node, "model"), signal);
    const show = (value: Json | undefined): void => {
      this.element.hidden = !isTrue(value);
    };
    model.subscribe(textOf(node, "pointer"), show, { signal });
  }

  update(node: Node): void {
    this.#box.update(node);
  }
}

/** What Python takes for true. */
export function isTrue(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === false) return false;
  if (typeof value === "number" || typeof value === "bigint") return Number(value) !== 0;
  if (ArrayBuffer.isView(value)) return value.byteLength > 0;
  if (isList(value)) return value.length > 0;
  return !isObject(value) || Object.keys(value).length > 0;
}

interface Panel {
  readonly tab: HTMLButtonElement;
  readonly element: HTMLElement;
  readonly children: Children;
  node: Node;
}

let count = 0;

function fresh(): number {
  count += 1;
  return count;
}

/** Tabs: of what is behind them one is seen, and what was never seen is not drawn. */
export class Tabs implements Part {
  readonly element: HTMLElement = make("div", { class: "syncstate-ui-tabs" });
  readonly #list = make("div", { role: "tablist" });
  readonly #layout: Layout;
  readonly #signal: AbortSignal;
  readonly #choose: (label: string) => void;
  #panels = new Map<string, Panel>();
  #active = "";

  constructor(node: Node, layout: Layout, signal: AbortSignal) {
    this.#layout = layout;
    this.#signal = signal;
    this.#active = textOf(node, "active");
    this.element.append(this.#list);
    this.#list.addEventListener("keydown", (event) => this.#steer(event));
    this.update(node);
    const model = layout.open(textOf(node, "id"), signal); // which tab is seen is written in the tabs themselves
    let chosen: string | undefined; // before the kernel was heard
    const send = (): void => {
      if (chosen === undefined || model.status !== "live") return;
      const label = chosen;
      chosen = undefined;
      model.set("/active", label);
    };
    this.#choose = (label) => {
      chosen = label;
      this.#show(label);
      send();
    };
    model.on("status", send, { signal });
    model.subscribe(
      "/active",
      (active) => {
        if (chosen === undefined && typeof active === "string") this.#show(active);
      },
      { signal },
    );
  }

  update(node: Node): void {
    const next = new Map<string, Panel>();
    for (const child of childrenOf(node)) {
      const id = textOf(child, "id");
      const panel = this.#panels.get(id) ?? this.#make(child);
      panel.node = child;
      panel.tab.textContent = textOf(child, "label");
      next.set(id, panel);
    }
    for (const [id, panel] of this.#panels) {
      if (next.has(id)) continue;
      panel.children.update([]);
      panel.tab.remove();
      panel.element.remove();
    }
    this.#panels = next;
    const panels = [...next.values()];
    this.#list.append(...panels.map(({ tab }) => tab).filter((tab) => !tab.isConnected));
    reorder(
      this.#list,
      panels.map(({ tab }) => tab),
    );
    for (const { element } of panels) if (element.parentNode !== this.element) this.element.append(element);
    this.#show(this.#active);
  }

  #make(node: Node): Panel {
    const id = `syncstate-tab-${fresh()}`;
    const tab = make("button", { type: "button", role: "tab", id, "aria-controls": `${id}-panel` });
    const element = make("div", {
      role: "tabpanel",
      id: `${id}-panel`,
      "aria-labelledby": id,
      tabindex: "-1",
    });
    element.style.gap = `${numberOf(node, "gap") ?? 16}px`;
    const panel = { tab, element, node, children: new Children(element, this.#layout, this.#signal) };
    tab.addEventListener("click", () => this.#choose(textOf(panel.node, "label")));
    return panel;
  }

  #show(label: string): void {
    this.#active = label;
    const panels = [...this.#panels.values()];
    const seen = panels.find(({ node }) => textOf(node, "label") === label) ?? panels[0];
    for (const panel of panels) {
      const isSeen = panel === seen;
      panel.tab.ariaSelected = String(isSeen);
      panel.tab.tabIndex = isSeen ? 0 : -1;
      panel.element.hidden = !isSeen;
      if (isSeen || panel.element.childElementCount > 0) panel.children.update(childrenOf(panel.node));
    }
  }

  /** The arrows go round, as for every list of tabs. */
  #steer(event: KeyboardEvent): void {
    const tabs = [...this.#panels.values()].map(({ tab }) => tab);
    const at = tabs.indexOf(event.target as HTMLButtonElement);
    const goal = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (at < 0 || goal === undefined) return;
    event.preventDefault();
    const tab = tabs.at(goal % tabs.length);
    tab?.focus();
    tab?.click();
  }
}

function reorder(list: HTMLElement, tabs: readonly HTMLElement[]): void {
  tabs.forEach((tab, place) => {
    if (list.children[place] !== tab) list.insertBefore(tab, list.children[place] ?? null);
  });
}
