/** The oracle of rebase: a document whose values are known by an identity, wherever they go. */

import type { Json } from "../../src/document.ts";
import type { Operation } from "../../src/patch.ts";
import { join, parse } from "../../src/pointer.ts";

/** A value with what it stands for. */
export interface Node {
  readonly id: string;
  content: Content;
  /** The ids of all values in whose place it stands. */
  readonly places: ReadonlySet<string>;
  /** The same, without those that others replaced in a list, or after they were moved: what was meant is gone. */
  readonly selves: ReadonlySet<string>;
  isMoved: boolean;
}

type Content = null | boolean | number | string | Node[] | Map<string, Node>;

/** What an operation did, in identities. */
export interface Meaning {
  /** What was taken: the source of a move or copy. */
  source?: Node;
  /** What was removed, replaced or tested. */
  target?: Node;
  /** What took something in. */
  holder?: Node;
  /** The name of the member that was put, or "-" for the end of a list. */
  name?: string;
  /** The elements of the holder before and behind the gap that something was put into. */
  sides?: readonly [readonly Node[], readonly Node[]];
}

/** A document that changes, and whose values keep their identity. */
export class Tree {
  /** The ids of what was moved. */
  readonly moved: Set<string> = new Set();
  readonly #document: Node;

  constructor(document: Node) {
    this.#document = document;
  }

  static of(document: Json): Tree {
    return new Tree(born(document, ""));
  }

  /** Return the same document, with the same identities, which changes by itself. */
  clone(): Tree {
    const tree = new Tree(duplicate(this.#document, (id) => id));
    for (const id of this.moved) tree.moved.add(id);
    return tree;
  }

  get json(): Json {
    return plain(this.#document);
  }

  /** Every value with its pointer, the document first. */
  get nodes(): [pointer: string, node: Node][] {
    return within(this.#document, "");
  }

  /**
   * Apply an operation, and return what it did.
   *
   * @param maker - what it makes gets its ids from this
   * @param isOwn - whether its author knows what it does: an element that he replaces is still the same to him
   * @throws {Error} if it does not apply
   */
  run(operation: Operation, maker: string, isOwn: boolean): Meaning {
    const { path } = operation;
    if (operation.op === "remove") return { target: this.#take(path) };
    if (operation.op === "test") return { target: this.#at(path) };
    if (operation.op === "replace") return this.#replace(path, born(operation.value, maker), isOwn);
    if (operation.op === "add") return this.#put(path, born(operation.value, maker), isOwn);
    const { op, from } = operation as Extract<Operation, { readonly from: string }>;
    const source = this.#at(from);
    if (op === "copy") {
      const copy = duplicate(source, (id) => `${maker}:${id === source.id ? "" : id}`);
      return { source, ...this.#put(path, copy, isOwn) };
    }
    this.#take(from);
    this.moved.add(source.id);
    source.isMoved = true;
    return { source, ...this.#put(path, source, isOwn) };
  }

  #at(pointer: string): Node {
    return parse(pointer).reduce((holder, token) => {
      const { content } = holder;
      const node =
        content instanceof Map
          ? content.get(token)
          : Array.isArray(content)
            ? content[Number(token)]
            : undefined;
      if (!node) throw new Error(`nothing is at ${pointer}`);
      return node;
    }, this.#document);
  }

  #holder(pointer: string): [holder: Node, token: string] {
    const tokens = parse(pointer);
    const token = tokens.pop() as string;
    return [this.#at(join(...tokens)), token];
  }

  #take(pointer: string): Node {
    const node = this.#at(pointer);
    const [{ content }, token] = this.#holder(pointer);
    if (content instanceof Map) content.delete(token);
    else (content as Node[]).splice(Number(token), 1);
    return node;
  }

  #replace(pointer: string, fresh: Node, isOwn: boolean): Meaning {
    const target = this.#at(pointer);
    const [{ content }, token] = this.#holder(pointer);
    if (content instanceof Map) content.set(token, inPlaceOf(target, fresh, isOwn || !target.isMoved));
    else (content as Node[])[Number(token)] = inPlaceOf(target, fresh, isOwn);
    return { target };
  }

  #put(pointer: string, node: Node, isOwn: boolean): Meaning {
    const [holder, token] = this.#holder(pointer);
    const { content } = holder;
    if (content instanceof Map) {
      const old = content.get(token);
      content.set(token, old ? inPlaceOf(old, node, isOwn || !old.isMoved) : node);
      return { holder, name: token };
    }
    if (!Array.isArray(content)) throw new Error(`nothing can be put at ${pointer}`);
    const at = token === "-" ? content.length : Number(token);
    if (!(at <= content.length)) throw new Error(`the list ends before ${pointer}`);
    const sides = [content.slice(0, at), content.slice(at)] as const;
    content.splice(at, 0, node);
    return token === "-" ? { holder, name: token } : { holder, sides };
  }
}

/** Tell whether two values share an identity. */
export function meet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((id) => other.has(id));
}

function born(value: Json, id: string): Node {
  const inside = (name: string | number, part: Json): Node => born(part, `${id}/${name}`);
  const content = Array.isArray(value)
    ? value.map((element, at) => inside(at, element))
    : typeof value === "object" && value !== null
      ? new Map(Object.entries(value).map(([name, member]) => [name, inside(name, member)]))
      : value;
  return { id, content: content as Content, places: new Set([id]), selves: new Set([id]), isMoved: false };
}

function duplicate(node: Node, rename: (id: string) => string): Node {
  const { content } = node;
  const id = rename(node.id);
  const isSame = id === node.id;
  return {
    id,
    content:
      content instanceof Map
        ? new Map([...content].map(([name, member]) => [name, duplicate(member, rename)]))
        : Array.isArray(content)
          ? content.map((element) => duplicate(element, rename))
          : content,
    places: isSame ? node.places : new Set([...node.places].map(rename).concat(id)),
    selves: isSame ? node.selves : new Set([...node.selves].map(rename).concat(id)),
    isMoved: isSame && node.isMoved,
  };
}

// Returns a value that stands where another stood.
function inPlaceOf(old: Node, node: Node, isSame: boolean): Node {
  return {
    ...node,
    places: new Set([...node.places, ...old.places]),
    selves: isSame ? new Set([...node.selves, ...old.selves]) : node.selves,
  };
}

function plain({ content }: Node): Json {
  if (content instanceof Map)
    return Object.fromEntries([...content].map(([name, member]) => [name, plain(member)]));
  return Array.isArray(content) ? content.map(plain) : content;
}

function within(node: Node, pointer: string): [string, Node][] {
  const { content } = node;
  const inside = content instanceof Map || Array.isArray(content) ? [...content.entries()] : [];
  return [[pointer, node], ...inside.flatMap(([name, part]) => within(part, pointer + join(name)))];
}
