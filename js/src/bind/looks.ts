/**
 * Floor 6. Attributes, classes and styles that follow the state, and what state may not say in them.
 *
 * @module
 */

import { isList, type Json } from "../document.ts";
import { rewrite } from "./control.ts";
import { flag, isTrue, type Scope, text } from "./scope.ts";
import type { Spelling, Spot } from "./spelling.ts";

/** What ties an element, once it is there. */
export type Tie = (element: HTMLElement, scope: Scope) => void;

/** Read `data-sync-attr`. */
export function attributes(spelling: Spelling): Tie {
  const pairs = spelling.pairs();
  if (spelling.element.matches(LOADERS))
    spelling.refuse("such an element runs what it loads; set it in a script");
  for (const [name] of pairs) {
    if (CODE.test(name))
      spelling.refuse(`state is shown, never run; '${name}' would run it, or is bound otherwise`);
    if (!/^[a-z_][\w:.-]*$/i.test(name)) spelling.refuse(`'${name}' is no name of an attribute`);
  }
  return follow(pairs, (element, name, value) => {
    const isWord = WORDED.test(name);
    const content = value === true && !isWord ? "" : text(value);
    if (name === "disabled") flag(element, name, "the state", isTrue(value));
    else if (
      isAbsent(value, isWord) ||
      !allow(element, name, content, !ADDRESSES.test(name) || isAddress(content))
    )
      element.removeAttribute(name);
    else element.setAttribute(name, content);
    rewrite(element);
  });
}

/** Read `data-sync-class`: names that are there or not, and names that the state brings. */
export function classes(spelling: Spelling): Tie {
  const pairs = spelling.pairs(true);
  for (const [name] of pairs) if (/\s/.test(name)) spelling.refuse(`'${name}' is no name of a class`);
  return (element, scope) => {
    const { classList } = element;
    for (const [name, spot] of pairs) {
      let brought: string[] = [];
      scope.watch(spot, (value) => {
        if (name) classList.toggle(name, isTrue(value));
        else {
          classList.remove(...brought);
          const names = (isList(value) ? value : [value]).flatMap((item) => text(item).match(/\S+/g) ?? []);
          brought = names.filter((one) => !classList.contains(one)); // the author's stay
          classList.add(...brought);
        }
      });
    }
  };
}

/** Read `data-sync-style`: properties, the author's own among them. */
export function styles(spelling: Spelling): Tie {
  const pairs = spelling.pairs();
  for (const [name] of pairs) {
    if (!/^(--[\w-]+|-?[a-z][a-z-]*)$/.test(name))
      spelling.refuse(`'${name}' is no property of CSS; write it as a style sheet does`);
  }
  return follow(pairs, (element, name, value) => {
    const content = text(value);
    if (isAbsent(value) || !allow(element, name, content, !FETCHES.test(content)))
      element.style.removeProperty(name);
    else element.style.setProperty(name, content);
  });
}

// What these load is run, or says how a page behaves, or sets an attribute of another element.
const LOADERS = "iframe, frame, object, embed, base, link, meta, param, animate, set";
// Handlers and code; and what would be taken for an order: by another `bind`, and by JupyterLab's command linker.
const CODE = /^(on|data-sync|data-commandlinker)|^(style|is)$/i;
const ADDRESSES = /(^|:)(href|src|action|formaction|data|poster|background|cite|ping|srcset)$/i;
// "false" is a value of these; elsewhere it is no attribute.
const WORDED = /^aria-|^(draggable|contenteditable|spellcheck)$/i;
// Functions of CSS that load something or run code, also where an escape hides their name.
const FETCHES = /[\\@]|(url|src|image|image-set|cross-fade|element|paint|expression)\s*\(|javascript:/i;

// Whether an address leads somewhere, and runs nothing here. The browser's own reading of it decides.
function isAddress(address: string): boolean {
  try {
    const { protocol, href } = new URL(address, "https://page/");
    return /^(https?|mailto|tel):$/.test(protocol) || /^data:(image\/(?!svg)|audio\/|video\/)/i.test(href);
  } catch {
    return false;
  }
}

function isAbsent(value: Json | undefined, isWord: boolean = false): boolean {
  return value === undefined || value === null || (value === false && !isWord);
}

// Says on the element, and to its author, what state may not say there.
function allow(element: HTMLElement, name: string, content: string, isSafe: boolean): boolean {
  flag(element, "data-sync-failed", name, !isSafe);
  if (!isSafe)
    console.error(
      `Cannot bind '${name}' of a <${element.localName}> to '${content}': it might run or load code`,
    );
  return isSafe;
}

function follow(
  pairs: readonly (readonly [name: string, spot: Spot])[],
  write: (element: HTMLElement, name: string, value: Json | undefined) => void,
): Tie {
  return (element, scope) => {
    for (const [name, spot] of pairs) scope.watch(spot, (value) => write(element, name, value));
  };
}
