/**
 * Floor 4. An edit carried over what was committed since (`docs/protocol.md`, rule 3.4).
 *
 * Only what is certain is carried. An edit that acts inside a value that was removed or replaced, or below
 * a list whose elements moved, could hit another thing than its author saw: it is refused, never guessed.
 *
 * @module
 */

import { isObject, type Json } from "./document.ts";
import type { Operation, Patch } from "./patch.ts";
import { find } from "./pointer.ts";

/** An edit as it stands on the newer document, or why it stands there no longer. */
export type Rebased =
  | { readonly operations: Patch }
  | { readonly operations: null; readonly pointer: string; readonly reason: string };

/**
 * Carry an edit over committed operations.
 *
 * @param operations - the edit, made against an older version of the document
 * @param over - what was committed since, in order
 * @param document - the document after that; it says what is a list
 */
export function rebase(operations: Patch, over: Patch, document: Json): Rebased {
  const touched = over.flatMap((committed) => touches(committed, document));
  for (const operation of operations) {
    for (const pointer of "from" in operation ? [operation.from, operation.path] : [operation.path]) {
      for (const touch of touched) {
        const reason = conflict(operation, pointer, touch);
        if (reason) return { operations: null, pointer, reason };
      }
    }
  }
  return { operations };
}

// A location that a committed operation changed.
interface Touch {
  readonly location: string;
  /** Whether what stood there left. */
  readonly isGone: boolean;
  /** The list that holds the location, if its elements shifted. */
  readonly list: string | undefined;
}

function touches(committed: Operation, document: Json): Touch[] {
  const { op, path } = committed;
  if (op === "test") return [];
  if (op === "replace") return [{ location: path, isGone: false, list: undefined }];
  const target: Touch = { location: path, isGone: op === "remove", list: listAround(path, document) };
  if (op !== "move") return [target];
  return [{ location: committed.from, isGone: true, list: listAround(committed.from, document) }, target];
}

// Returns the pointer of the list that holds a location. What cannot be found any more may have been one.
function listAround(location: string, document: Json): string | undefined {
  const holder = location.slice(0, Math.max(location.lastIndexOf("/"), 0));
  return location === "" || isObject(find(document, holder)) ? undefined : holder;
}

// Says why what an operation does at a pointer is uncertain after a location was touched, or nothing.
function conflict(
  operation: Operation,
  pointer: string,
  { location, isGone, list }: Touch,
): string | undefined {
  const isAppend = operation.op === "add" && pointer === `${list}/-`;
  if (list !== undefined && pointer.startsWith(`${list}/`) && !isAppend) {
    return `the list at '${list}' changed meanwhile`;
  }
  if (pointer.startsWith(`${location}/`)) return `'${location}' was replaced or removed meanwhile`;
  const isOnlyPut = pointer === operation.path && ["add", "copy", "move"].includes(operation.op);
  return isGone && pointer === location && !isOnlyPut ? "it was removed meanwhile" : undefined;
}
