/**
 * Floor 2. RFC 6901: JSON Pointers.
 *
 * A pointer is text; the empty pointer is the whole document and `"/"` is the member with the empty name.
 * Whether a reference token is a member's name or an element's index is decided by the document, never by
 * how the token looks.
 *
 * @module
 */

import { isList, isObject, type Json, kind, own } from "./document.ts";
import { PointerError, TargetNotFound } from "./errors.ts";

/**
 * Return the reference tokens of a pointer, unescaped (RFC 6901, sections 3 and 4).
 *
 * @throws {PointerError} if it is no text, does not start with `/`, or a `~` is not followed by `0` or `1`
 *
 * @example
 * parse("/rows/3/a~1b"); // ["rows", "3", "a/b"]
 * parse(""); // []
 */
export function parse(pointer: string): string[] {
  if (typeof pointer !== "string") throw new PointerError(kind(pointer), "a pointer is text");
  if (/^[^/]/.test(pointer)) throw new PointerError(pointer, "a pointer is empty or starts with '/'");
  if (/~(?![01])/.test(pointer)) throw new PointerError(pointer, "'~' is followed by '0' or '1'");
  const tokens: string[] = []; // cut by hand, which takes half as long as `split`
  for (let end = 0; end < pointer.length; ) {
    const start = end + 1;
    end = pointer.indexOf("/", start);
    if (end < 0) end = pointer.length;
    tokens.push(pointer.slice(start, end));
  }
  // RFC 6901, section 4: "~1" before "~0", so that "~01" is "~1" and not "/"
  return pointer.includes("~")
    ? tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
    : tokens;
}

/**
 * Return the pointer of some reference tokens.
 *
 * @example
 * join("rows", 3, "a/b"); // "/rows/3/a~1b"
 */
export function join(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Return the index that a token names in a list of some length, or undefined.
 *
 * An index is `0` or has no leading zero, no sign and only ASCII digits (RFC 6901, section 4), and an array
 * ends before 2^32.
 */
export function index(token: string, length: number): number | undefined {
  const at = Number(token) >>> 0;
  return at < length && String(at) === token ? at : undefined;
}

/** Return what a token names in a container, or undefined if it names nothing there. */
export function step(container: Json | undefined, token: string): Json | undefined {
  if (isList(container)) {
    const at = index(token, container.length);
    return at === undefined ? undefined : container[at];
  }
  return isObject(container) ? own(container, token) : undefined;
}

/** Return the value at a target location, or undefined if nothing is there. */
export function find(document: Json, pointer: string): Json | undefined {
  return parse(pointer).reduce<Json | undefined>(step, document);
}

/**
 * Return the value at a target location.
 *
 * @throws {PointerError} if the text is not a pointer
 * @throws {TargetNotFound} if a reference token on the way names nothing
 *
 * @example
 * resolve({ todos: ["write"] }, "/todos/0"); // "write"
 */
export function resolve(document: Json, pointer: string): Json {
  const way = follow(document, parse(pointer), (why) => {
    throw new TargetNotFound(`Cannot find '${pointer}': ${why}`, pointer);
  });
  return way.at(-1) as Json;
}

/** Return what stands on the way that tokens lead, from the document on; `refuse` is told why it ends early. */
export function follow(document: Json, tokens: readonly string[], refuse: (why: string) => never): Json[] {
  const way = [document];
  for (const token of tokens) {
    const holder = way.at(-1) as Json;
    const found = step(holder, token);
    way.push(found === undefined ? refuse(missing(holder, token, tokens.slice(0, way.length - 1))) : found);
  }
  return way;
}

/** Say why a token names nothing in the value at a location. */
export function missing(container: Json, token: string, location: readonly string[]): string {
  const place = location.length > 0 ? `'${join(...location)}'` : "the document";
  if (isObject(container)) return `${place} has no member '${token}'`;
  if (!isList(container)) return `${place} is ${kind(container)}`;
  if (index(token, Infinity) === undefined) return `${place} is a list and '${token}' is no index`;
  return `the list has ${container.length} element${container.length === 1 ? "" : "s"}`;
}
