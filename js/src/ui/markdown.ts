/**
 * Floor 9. Markdown as elements: a library reads it, and what it read is made here, node by node.
 *
 * Nothing of the text becomes markup: HTML in it is shown as text, and a link leads only where `safeUrl` lets it.
 *
 * @module
 */

import { marked, type Token, type Tokens } from "marked";
import { make } from "../view/element.ts";
import { safeUrl } from "./url.ts";

/** Return the elements of a text in Markdown. */
export function markdown(text: string): Node[] {
  return blocks(marked.lexer(text, { gfm: true }));
}

function blocks(tokens: readonly Token[]): Node[] {
  return tokens.flatMap((token) => nodesOf(token));
}

function filled<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  nodes: readonly Node[],
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[Tag] {
  const element = make(tag, attributes);
  element.append(...nodes);
  return element;
}

function nodesOf(token: Token): Node[] {
  const inside = (): Node[] => blocks("tokens" in token ? (token.tokens ?? []) : []);
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "heading":
      return [filled(`h${(token as Tokens.Heading).depth}` as "h1", inside())];
    case "paragraph":
      return [filled("p", inside())];
    case "blockquote":
      return [filled("blockquote", inside())];
    case "hr":
      return [make("hr")];
    case "br":
      return [make("br")];
    case "strong":
    case "em":
    case "del":
      return [filled(token.type, inside())];
    case "codespan":
      return [make("code", {}, token.text)];
    case "code":
      return [filled("pre", [make("code", {}, token.text)])];
    case "list":
      return [list(token as Tokens.List)];
    case "table":
      return [table(token as Tokens.Table)];
    case "link":
      return [link(token as Tokens.Link, inside())];
    case "image":
      return [image(token as Tokens.Image)];
    case "checkbox":
      return [box((token as { checked?: boolean }).checked === true)];
    case "text":
      return "tokens" in token && token.tokens
        ? inside()
        : [document.createTextNode(unescaped(String(token.text)))];
    case "escape":
      return [document.createTextNode(String(token.text))];
    default: // HTML, and whatever a later version reads
      return [document.createTextNode(token.raw)];
  }
}

function list(token: Tokens.List): HTMLElement {
  const items = token.items.map((item) => {
    const hasBox = item.tokens.some(({ type }) => type === "checkbox");
    const before = item.task && !hasBox ? [box(item.checked === true)] : [];
    return filled("li", [...before, ...blocks(item.tokens)]);
  });
  const start = token.ordered && token.start !== 1 ? { start: String(token.start) } : {};
  return filled(token.ordered ? "ol" : "ul", items, start);
}

function box(isChecked: boolean): HTMLElement {
  return make("input", { type: "checkbox", disabled: "", ...(isChecked ? { checked: "" } : {}) });
}

function table({ header, rows }: Tokens.Table): HTMLElement {
  const cell = (tag: "th" | "td", { tokens, align }: Tokens.TableCell): HTMLElement => {
    const element = filled(tag, blocks(tokens));
    if (align) element.style.textAlign = align;
    return element;
  };
  const head = filled("thead", [
    filled(
      "tr",
      header.map((each) => cell("th", each)),
    ),
  ]);
  const body = filled(
    "tbody",
    rows.map((row) =>
      filled(
        "tr",
        row.map((each) => cell("td", each)),
      ),
    ),
  );
  return filled("table", [head, body]);
}

function link({ href, title, raw }: Tokens.Link, nodes: readonly Node[]): Node {
  const url = safeUrl(href, ["http:", "https:", "mailto:"]);
  if (url === undefined) return document.createTextNode(raw);
  const more: Record<string, string> = title ? { title } : {};
  return filled("a", nodes, { href: url, target: "_blank", rel: "noopener noreferrer", ...more });
}

function image({ href, text, raw }: Tokens.Image): Node {
  const url = safeUrl(href, ["http:", "https:", "data:"]);
  return url === undefined ? document.createTextNode(raw) : make("img", { src: url, alt: text });
}

// Of a text, the library leaves character references as they are: the browser of its HTML would read them.
function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => REFERENCES[name] ?? "");
}

const REFERENCES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
