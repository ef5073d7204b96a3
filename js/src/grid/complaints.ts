/**
 * Floor 9. What is wrong in the cells of a grid: why a value was refused.
 *
 * @module
 */

import type { Shift } from "./shift.ts";

/** Reasons by row and column. Each stands at its cell until the row is another one. */
export class Complaints {
  #known = new Map<number, ReadonlyMap<string, string>>();

  /** Return what is wrong in a row, by column. */
  of(row: number): ReadonlyMap<string, string> | undefined {
    return this.#known.get(row);
  }

  add(row: number, name: string, reason: string): void {
    this.#known.set(row, new Map([...(this.of(row) ?? []), [name, reason]]));
  }

  /** Forget what was wrong in a row, and tell whether anything was. */
  forget(row: number): boolean {
    return this.#known.delete(row);
  }

  /** Go with the rows. */
  follow(went: (row: number) => number | undefined, { changed }: Shift): void {
    if (this.#known.size === 0) return;
    const kept = [...this.#known].map(([row, complaint]) => [went(row), complaint] as const);
    const others = new Set<number | undefined>([undefined, ...changed]);
    this.#known = new Map(
      kept.filter((pair): pair is [number, ReadonlyMap<string, string>] => !others.has(pair[0])),
    );
  }
}
