/**
 * Floor 9. Styles that stay where they belong.
 *
 * @module
 */

import { make } from "./element.ts";
import { whenAborted } from "./ends.ts";
import { isUrl } from "./module.ts";

interface Sheet {
  readonly element: HTMLStyleElement | HTMLLinkElement;
  readonly scope: string;
  users: number;
}

const SCOPE = "data-syncstate-style";
const sheets = new Map<string, Sheet>();
let count = 0;

/**
 * Style what is inside an element, and nothing else on the page.
 *
 * The same text stands on the page once. It goes with the last element that asked for it, when `signal` aborts.
 */
export function style(element: HTMLElement, css: string, signal: AbortSignal): void {
  if (isUrl(css)) {
    stylePage(css, signal); // what is elsewhere cannot be read, and so not confined
    return;
  }
  const sheet = sheets.get(css) ?? open(css);
  sheet.users += 1;
  element.setAttribute(SCOPE, `${element.getAttribute(SCOPE) ?? ""} ${sheet.scope}`.trim());
  whenAborted(signal, () => release(css, sheet));
}

/** Style the whole page, once for the same text or URL, as long as somebody needs it. */
export function stylePage(css: string, signal: AbortSignal): void {
  const key = `page ${css}`;
  let sheet = sheets.get(key);
  if (!sheet) {
    const element = isUrl(css) ? make("link", { rel: "stylesheet", href: css }) : make("style", {}, css);
    document.head.append(element);
    sheet = { element, scope: "", users: 0 };
    sheets.set(key, sheet);
  }
  sheet.users += 1;
  const used = sheet;
  whenAborted(signal, () => release(key, used));
}

function open(css: string): Sheet {
  count += 1;
  const scope = String(count);
  const element = document.createElement("style");
  element.textContent = confine(css, `[${SCOPE}~="${scope}"]`);
  document.head.append(element);
  const sheet = { element, scope, users: 0 };
  sheets.set(css, sheet);
  return sheet;
}

function release(css: string, sheet: Sheet): void {
  sheet.users -= 1;
  if (sheet.users > 0) return;
  sheet.element.remove();
  sheets.delete(css);
}

/** An author's `button { … }` is about the author's buttons. Animations and fonts have names and no place: they stay outside. */
function confine(css: string, selector: string): string {
  if (typeof CSSScopeRule === "undefined") return css;
  const parsed = new CSSStyleSheet();
  parsed.replaceSync(css);
  const isNamed = (rule: CSSRule): boolean =>
    !(rule instanceof CSSStyleRule || rule instanceof CSSGroupingRule);
  const outside = [...parsed.cssRules].filter(isNamed).map((rule) => rule.cssText);
  return [...outside, `@scope (${selector}) {`, css, "}"].join("\n");
}
