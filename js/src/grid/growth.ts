/**
 * Floor 9. What makes the rows of a list fewer, and moves them.
 *
 * @module
 */

import type { Patch } from "../patch.ts";
import { join } from "../pointer.ts";
import type { Order } from "./order.ts";

/** Positions of rows that stand together. */
export type Span = readonly [first: number, last: number];

/** Return what removes the rows at some positions; the last of the list goes first, so that no other one moves. */
export function removal(pointer: string, order: Order, [first, last]: Span): Patch {
  const rows = Array.from({ length: last + 1 - first }, (_, at) => order.row(first + at));
  return rows.sort((one, other) => other - one).map((row) => ({ op: "remove", path: pointer + join(row) }));
}

/** Return what moves rows up or down: what stands beside them goes past them. */
export function passage(pointer: string, [first, last]: Span, by: -1 | 1): Patch {
  const [from, to] = by < 0 ? [first - 1, last] : [last + 1, first];
  return [{ op: "move", from: pointer + join(from), path: pointer + join(to) }];
}
