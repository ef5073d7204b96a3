/**
 * Floor 6. How attributes are spelled. Nothing in them is ever evaluated: they name places, and literals.
 *
 * ```
 * place    "/pointer" of the model | "./pointer" of the row | "../pointer" of the row around it | "@index" | "@key"
 * list     name ":" ["!"] place, with ";" between
 * call     event ":" (action | place of one) [ "(" [name "="] (place | "@value" | literal) "," … ")" ], with ";" between
 * ```
 *
 * A row's place begins with a dot, so that a pointer stays what RFC 6901 says, and a place is never taken for
 * the other kind because a slash was forgotten.
 *
 * @module
 */

import { SyncStateError } from "../errors.ts";
import { parse } from "../pointer.ts";

/** A place, as an attribute names it. */
export interface Spot {
  readonly isNegated: boolean;
  /** Of how many rows up: 0 is the model, 1 the row itself. */
  readonly up: number;
  readonly pointer: string;
  readonly tokens: readonly string[];
  /** What is asked of the row instead of what it holds; a key is what names it. */
  readonly mark?: "index" | "token";
}

/** What a call passes: what stands in a spot, a literal, or what was entered. */
export type Argument =
  | { readonly spot: Spot }
  | { readonly literal: string | number | boolean | null }
  | "value";

/** What is called, and when. */
export interface Calling {
  readonly event: string;
  readonly action: string;
  /** Where the action is, if it is one of a model in the model. */
  readonly target: Spot | undefined;
  /** The arguments, each with its name if it has one; nothing if none are written. */
  readonly given: readonly (readonly [name: string | undefined, argument: Argument])[] | undefined;
}

/** One attribute of one element. */
export class Spelling {
  readonly element: Element;
  readonly attribute: string;
  readonly text: string;
  /** How many rows are around it. */
  readonly depth: number;

  constructor(element: Element, attribute: string, text: string, depth: number) {
    this.element = element;
    this.attribute = attribute;
    this.text = text;
    this.depth = depth;
  }

  /** Throw what is wrong with it. */
  refuse(why: string): never {
    throw new SyncStateError(
      `Cannot bind ${this.attribute}="${this.text}" of a <${this.element.localName}>: ${why}`,
    );
  }

  /** Return a place that may be negated. */
  condition(text: string = this.text): Spot {
    const isNegated = text.startsWith("!");
    return { ...this.spot(isNegated ? text.slice(1).trim() : text), isNegated };
  }

  /** Return a place. */
  spot(text: string = this.text): Spot {
    const [, dots, pointer, mark] =
      text.match(/^(?:(\.*)((?:\/.*)?)|@(index|key))$/s) ??
      this.refuse(
        `'${text}' is no place; write '/${text}' for a member of the model, or './${text}' for one of a row`,
      );
    const up = mark ? 1 : (dots as string).length;
    if (up > this.depth)
      this.refuse(
        `'${text}' is of a row, and ${up > 1 ? "so many are not" : "none is"} around it; see data-sync-each`,
      );
    try {
      const tokens = parse(pointer ?? "");
      return {
        isNegated: false,
        up,
        pointer: pointer ?? "",
        tokens,
        ...(mark && { mark: MARKS[mark] }),
      } as Spot;
    } catch (error) {
      return this.refuse((error as Error).message);
    }
  }

  /** Return what is named, and the place that each is tied to. */
  pairs(isBare = false): [name: string, spot: Spot][] {
    return this.#parts().map((part) => {
      const [, name = "", place = part] = part.match(/^([^/.@!]+?)\s*:\s*((?:[/.@!].*)?)$/s) ?? [];
      if (!name && !isBare) this.refuse(`'${part}' names nothing; write 'name:/pointer', with ';' between`);
      return [name, this.condition(place)];
    });
  }

  /** Return the calls that are spelled. */
  calls(): Calling[] {
    return this.#parts().map((part) => {
      const [, event, action, given] =
        part.match(/^([\w.-]+)\s*:\s*([^\s():,=]+)\s*(?:\((.*)\))?$/s) ??
        this.refuse(`'${part}' is no call; write 'click:action' or 'click:action(/pointer, 'text', name=1)'`);
      const target = /^[/.]/.test(action as string) ? this.spot(action) : undefined;
      return {
        event,
        action,
        target,
        given: given === undefined ? undefined : this.#arguments(given),
      } as Calling;
    });
  }

  #parts(): string[] {
    return cut(this.text, ";")
      .map((part) => part.trim())
      .filter(Boolean);
  }

  #arguments(text: string): [string | undefined, Argument][] {
    return text.trim()
      ? cut(text, ",").map((part) => {
          const [, name, word] = part.match(/^\s*(?:([^\s'"=/.@]+)\s*=)?\s*(.*?)\s*$/s) as string[];
          return [name, this.#argument(word as string)];
        })
      : [];
  }

  #argument(word: string): Argument {
    if (word === "@value") return "value";
    if (/^[/.@]/.test(word)) return { spot: this.spot(word) };
    if (/^'[^']*'$/.test(word)) return { literal: word.slice(1, -1) };
    try {
      const literal = JSON.parse(word);
      if (typeof literal !== "object" || literal === null) return { literal };
    } catch {}
    return this.refuse(
      `'${word}' is neither a place nor a number nor a quoted text; nothing is evaluated here`,
    );
  }
}

const MARKS = { index: "index", key: "token" } as Readonly<Record<string, Spot["mark"]>>;

// Cuts a text at a sign, but not within quotes.
function cut(text: string, sign: string): string[] {
  return text.match(new RegExp(`(?:'[^']*'|"[^"]*"|[^${sign}])+`, "g")) ?? [];
}
