/**
 * Floor 9. A layout on screen: a document of elements that show other models (`docs/guide/dashboards.md`).
 *
 * ```js
 * import { render } from "syncstate/ui";
 *
 * render({ model, el, signal, open: (key, signal) => … }); // the model of a layout, made in Python
 * ```
 *
 * What changes in the layout changes in the page, and what did not keeps its DOM, with its focus and its scroll.
 *
 * @module
 */

import type { Model } from "./model.ts";
import { Box, ShowIf, Tabs } from "./ui/boxes.ts";
import { leaves } from "./ui/leaves.ts";
import { Children, type Layout, Leaf, type Node, type Part, textOf } from "./ui/part.ts";
import { css } from "./ui/style.ts";
import { make } from "./view/element.ts";
import type { ViewContext } from "./view/module.ts";
import { style } from "./view/styles.ts";

/** What a layout is drawn from. */
export interface LayoutContext extends ViewContext {
  /** Return the model of a key; it is given back when the signal aborts. */
  open(key: string, signal: AbortSignal): Model;
}

/** Draw a layout, and follow what becomes of it. */
export function render({ model, el, signal, open }: LayoutContext): void {
  const host = make("div", { class: "syncstate-ui" });
  const root = new Children(host, { model, open, draw }, signal);
  style(host, css, signal);
  el.append(host);
  model.subscribe("", (node) => root.update([node as Node]), { signal });
}

const BOXES = new Set(["row", "column", "grid", "card", "tab"]);

function draw(node: Node, layout: Layout, signal: AbortSignal): Part {
  const kind = textOf(node, "kind");
  if (BOXES.has(kind)) return new Box(node, layout, signal);
  if (kind === "tabs") return new Tabs(node, layout, signal);
  if (kind === "show_if") return new ShowIf(node, layout, signal);
  return new Leaf(node, Object.hasOwn(leaves, kind) ? (leaves[kind] ?? unknown) : unknown, layout, signal);
}

function unknown({ node, el }: { node: Node; el: HTMLElement }): void {
  const what = `This page's syncstate draws no ${textOf(node, "kind") || "such element"}: update it`;
  el.append(make("p", { class: "syncstate-ui-note", role: "status" }, what));
}
