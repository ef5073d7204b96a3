/**
 * Floor 9. The rows of a grid that are drawn. Elements are used again: of 100,000 rows few are seen.
 *
 * @module
 */

import type { Rows } from "../view/rows.ts";
import type { Complaints } from "./complaints.ts";
import { Line, type Seen } from "./line.ts";
import type { Order } from "./order.ts";
import { ROW } from "./style.ts";

/** What is drawn: rows in an order, at some positions, as far as columns are seen. */
export interface Drawing {
  readonly rows: Rows;
  readonly order: Order;
  readonly positions: readonly number[];
  readonly seen: readonly Seen[];
  readonly complaints: Complaints;
  /** Tells whether a position is selected; nothing where rows are not. */
  readonly isSelected: ((position: number) => boolean) | undefined;
}

/** The lines on screen, by their rows. */
export class Lines {
  readonly #body: HTMLElement;
  readonly #spare: Line[] = [];
  #drawn = new Map<number, Line>();

  constructor(body: HTMLElement) {
    this.#body = body;
  }

  /** Return the line of a row, if it is drawn. */
  get(row: number): Line | undefined {
    return this.#drawn.get(row);
  }

  /** The rows that are drawn. */
  get rows(): number[] {
    return [...this.#drawn.keys()];
  }

  draw({ rows, order, positions, seen, complaints, isSelected }: Drawing): void {
    const wanted = new Map(positions.map((position) => [order.row(position), position] as const));
    for (const [row, line] of this.#drawn) {
      if (wanted.has(row)) continue;
      this.#drawn.delete(row);
      this.#putAway(line);
    }
    for (const [row, position] of wanted) {
      const line = this.#drawn.get(row) ?? this.#take(row);
      line.place(position, ROW);
      line.paint({ rows, row, seen, complaints: complaints.of(row), isSelected: isSelected?.(position) });
    }
    for (const line of this.#spare) line.element.remove();
  }

  /** Go with the rows. */
  follow(went: (row: number) => number | undefined): void {
    const lines = [...this.#drawn];
    this.#drawn = new Map();
    for (const [row, line] of lines) {
      const place = went(row);
      if (place === undefined || this.#drawn.has(place)) this.#putAway(line);
      else this.#drawn.set(place, line);
    }
  }

  #take(row: number): Line {
    const line = this.#spare.pop() ?? new Line();
    this.#drawn.set(row, line);
    if (!line.element.isConnected) this.#body.append(line.element);
    return line;
  }

  #putAway(line: Line): void {
    if (line.element.contains(document.activeElement)) line.element.remove(); // nobody writes in another row by that
    this.#spare.push(line);
  }
}
