/**
 * Floor 6. Pages tied to a model by attributes; what each of them does stands in `docs/guide/binding.md`.
 *
 * ```html
 * <h2 data-sync-text="/title"></h2>
 * <input type="range" min="0" max="1" step=".01" data-sync-value="/threshold">
 * <p data-sync-error="/threshold"></p>
 * <ul><template data-sync-each="/rows" data-sync-key="./id">
 *   <li data-sync-class="late:./is_late"><b data-sync-text="./name"></b>
 *     <button data-sync-on="click:remove(./id)">Remove</button></li>
 * </template></ul>
 * ```
 *
 * Attributes are read once, before anything is tied: what is wrong with one is thrown then, of the elements in a
 * template, too. State is shown, never run, and nothing in an attribute is evaluated.
 *
 * @module
 */

import { actions } from "./bind/action.ts";
import { Answers } from "./bind/answers.ts";
import { tieControl } from "./bind/control.ts";
import { attributes, classes, styles, type Tie } from "./bind/looks.ts";
import { tieRows } from "./bind/rows.ts";
import { flag, isTrue, type Options, Scope, type Source, text } from "./bind/scope.ts";
import { Spelling } from "./bind/spelling.ts";
import { SyncStateError } from "./errors.ts";
import { Failure } from "./forms.ts";

export type { Options, Source };

/**
 * Tie an element, and all inside it, to a source by their attributes.
 *
 * @throws {SyncStateError} if an attribute is spelled wrong, or state would become code
 */
export function bind(source: Source, root: Element, options: Options = {}): void {
  if (options.signal?.aborted) return;
  const tie = plan(root, 0);
  tie(root, new Scope({ source, answers: new Answers(source, options), signal: options.signal }));
}

// How each attribute is read: limits and options come before the values that need them.
const READERS: Readonly<Record<string, (spelling: Spelling) => Tie>> = {
  "data-sync-attr": attributes,
  "data-sync-class": classes,
  "data-sync-style": styles,
  "data-sync-show": shown,
  "data-sync-text": texts,
  "data-sync-error": errors,
  "data-sync-on": actions,
  "data-sync-each": rows,
  "data-sync-value": (spelling) => control(spelling, false),
  "data-sync-checked": (spelling) => control(spelling, true),
};
const NAMES = Object.keys(READERS);
const BOUND = NAMES.map((name) => `[${name}]`).join();
const LAST = /value|checked/;

// In HTML and in SVG alike: what stands in them is run, or decides how the page looks and what it loads.
const CODE = "script, style";

// Reads what is to be tied in a tree, and returns what ties it in a tree of the same elements.
function plan(model: Element | DocumentFragment, depth: number): (tree: Node, scope: Scope) => void {
  const [ties, controls]: [at: number, tie: Tie][][] = [[], []];
  for (const [at, element] of boundIn(model).entries()) {
    for (const name of NAMES) {
      const written = element.getAttribute(name);
      if (written === null) continue;
      if (element.matches(CODE)) {
        throw new SyncStateError(
          `Cannot bind a <${element.localName}>: state is shown, never run; bind another element`,
        );
      }
      const tie = READERS[name]?.(new Spelling(element, name, written, depth));
      (LAST.test(name) ? controls : ties)?.push([at, tie as Tie]);
    }
  }
  return (tree, scope) => {
    const elements = boundIn(tree as Element);
    for (const [at, tie] of [...(ties ?? []), ...(controls ?? [])]) tie(elements[at] as HTMLElement, scope);
  };
}

function boundIn(tree: Element | DocumentFragment): HTMLElement[] {
  const inside = [...tree.querySelectorAll<HTMLElement>(BOUND)];
  const all = "matches" in tree && tree.matches(BOUND) ? [tree as HTMLElement, ...inside] : inside;
  return all.filter(({ parentElement }) => !parentElement?.closest("template")); // in SVG a template holds elements
}

function texts(spelling: Spelling): Tie {
  const spot = spelling.spot();
  return (element, scope) =>
    scope.watch(spot, (value) => {
      element.textContent = text(value); // never markup: what is shown came from somebody's data
      flag(element, "data-sync-failed", "a value", value instanceof Failure); // for the author's style
    });
}

function shown(spelling: Spelling): Tie {
  const spot = spelling.condition();
  return (element, scope) =>
    scope.watch(spot, (value) => void element.toggleAttribute("hidden", !isTrue(value)));
}

function errors(spelling: Spelling): Tie {
  const action = spelling.text.match(/^([^@\s]+)\(\)$/)?.[1];
  const spot = action ? undefined : spelling.spot();
  return (element, scope) => {
    const { answers } = scope.bound;
    const complain = (reason: string): void => {
      element.textContent = reason;
    };
    if (spot) answers.add({ locate: () => scope.locate(spot), complain }, scope.signal);
    else if (action) answers.addCaller({ scope, action, complain }, scope.signal);
  };
}

function control(spelling: Spelling, isBox: boolean): Tie {
  const spot = spelling.spot();
  const { syncSend = "", syncType = "number" } = (spelling.element as HTMLElement).dataset;
  if (spot.mark) spelling.refuse("where a row stands is not entered; name a place that can be written");
  if (!/^(release|\d*)$/.test(syncSend))
    spelling.refuse(`data-sync-send="${syncSend}" is no time; write 'release' or milliseconds`);
  if (syncType !== "number") spelling.refuse(`data-sync-type="${syncType}" is not known; there is 'number'`);
  return (element, scope) => tieControl(scope, element as HTMLInputElement, spot, isBox);
}

function rows(spelling: Spelling): Tie {
  const { element, depth } = spelling;
  const spot = spelling.spot();
  if (element.localName !== "template")
    spelling.refuse("rows are made of a <template>; write it there, around one row");
  const content = contentOf(element as HTMLTemplateElement);
  if (!content.firstChild) spelling.refuse("the template is empty; write into it what a row is made of");
  const written = element.getAttribute("data-sync-key");
  const key =
    written === null ? undefined : keyOf(new Spelling(element, "data-sync-key", written, depth + 1));
  const tie = plan(content, depth + 1);
  return (template, scope) =>
    tieRows(scope, template, spot, key, (row) => {
      const nodes = template.ownerDocument.importNode(content, true);
      tie(nodes, row);
      return nodes;
    });
}

function keyOf(spelling: Spelling) {
  const spot = spelling.spot();
  if (spot.up !== 1 || spot.mark || !spot.pointer)
    spelling.refuse("a key is a member of the row; write './id'");
  return spot;
}

// Returns what a template holds, without blank text at its ends; nested rows never come first, for where a row
// begins is known by its first node.
function contentOf(template: HTMLTemplateElement): DocumentFragment {
  const content = template.ownerDocument.createDocumentFragment();
  content.append(...[...(template.content ?? template).childNodes].map((node) => node.cloneNode(true)));
  for (const end of ["firstChild", "lastChild"] as const)
    while (content[end]?.nodeType === Node.TEXT_NODE && !content[end]?.textContent?.trim())
      content[end]?.remove();
  if ((content.firstChild as Element | null)?.localName === "template") content.prepend("");
  return content;
}
