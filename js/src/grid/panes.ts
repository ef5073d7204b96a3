/**
 * Floor 9. Which rows and columns of a grid are seen: the library's part.
 *
 * @module
 */

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { Order } from "./order.ts";
import { HEAD, ROW } from "./style.ts";

type Axis = Virtualizer<HTMLElement, HTMLElement>;

// The library lays all rows out when their number changes, so it is told of room for more: one row that is
// appended to 100,000 would cost five milliseconds.
const ROOM = 1024;

const LOOKED_AT = 8; // rows of which one will have stayed
const HIDDEN = { rows: 8, columns: 2 }; // drawn beyond what is seen

/** A window on rows of one height and columns of any width; `draw` is called when it shows others. */
export class Panes {
  readonly element: HTMLElement;
  readonly #rows: Axis;
  readonly #columns: Axis;
  #count = 0;
  #widths: readonly number[] = [];
  #kept: { readonly position: number; readonly column: number } = { position: -1, column: -1 };

  constructor(element: HTMLElement, draw: () => void, signal: AbortSignal) {
    this.element = element;
    const options = {
      count: 0,
      getScrollElement: () => element,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: draw,
    };
    this.#rows = new Virtualizer({
      ...options,
      estimateSize: () => ROW,
      overscan: HIDDEN.rows,
      paddingStart: HEAD,
    });
    this.#columns = new Virtualizer({
      ...options,
      observeElementRect: (axis, tell) => {
        let known: number | undefined;
        return observeElementRect(axis, (rect) => {
          tell(rect);
          const isOther = known !== undefined && known !== rect.width; // columns fill the room that there is
          known = rect.width;
          if (isOther) draw();
        });
      },
      horizontal: true,
      estimateSize: (at) => this.#widths[at] ?? 0,
      overscan: HIDDEN.columns,
    });
    for (const axis of [this.#rows, this.#columns]) {
      signal.addEventListener("abort", axis._didMount(), { once: true });
      axis._willUpdate();
    }
  }

  /** Say how many rows and which columns there are, and which cell is drawn though it is not seen. */
  update(count: number, widths: readonly number[], position: number, column: number): void {
    const isOther = widths.some((width, at) => width !== this.#widths[at]);
    this.#count = count;
    this.#widths = widths;
    this.#kept = { position, column };
    this.#rows.setOptions({ ...this.#rows.options, count: Math.ceil(count / ROOM) * ROOM });
    this.#columns.setOptions({ ...this.#columns.options, count: widths.length });
    if (isOther) this.#columns.measure();
    this.#rows._willUpdate();
    this.#columns._willUpdate();
  }

  /** The positions that are drawn. */
  get positions(): number[] {
    const seen = this.#rows.getVirtualItems().map(({ index }) => index);
    return kept(seen, this.#kept.position).filter((position) => position < this.#count);
  }

  /** The columns that are drawn, and where. */
  get columns(): { at: number; left: number }[] {
    const seen = this.#columns.getVirtualItems().map(({ index }) => index);
    return kept(seen, this.#kept.column)
      .filter((at) => at < this.#widths.length)
      .map((at) => ({ at, left: this.#leftOf(at) }));
  }

  #leftOf(column: number): number {
    return this.#widths.slice(0, Math.max(column, 0)).reduce((sum, width) => sum + width, 0);
  }

  /** The position of the first row that is seen whole or in part, and how far it is above the edge. */
  get top(): { position: number; offset: number } {
    const { scrollTop } = this.element;
    return { position: Math.floor(scrollTop / ROW), offset: scrollTop % ROW };
  }

  /** How many rows are seen at once. */
  get page(): number {
    return Math.max(1, Math.floor((this.element.clientHeight - HEAD) / ROW));
  }

  /** Scroll, so that a row is where another one was. */
  scrollTo(scrollTop: number): void {
    this.element.scrollTop = scrollTop;
    this.#rows.scrollOffset = this.element.scrollTop; // before the event tells it, a picture later
  }

  /**
   * Remember the rows that are seen from the top; what is returned scrolls to where the first of them that stayed
   * has its place.
   */
  anchor(order: Order): (went: (row: number) => number | undefined) => void {
    const { position: top, offset } = this.top;
    if (top === 0 && offset === 0) return () => {};
    const rows = Array.from({ length: LOOKED_AT }, (_, at) => order.row(top + at));
    return (went) => {
      for (const [at, row] of rows.entries()) {
        const place = row < 0 ? undefined : went(row);
        const position = place === undefined ? -1 : order.position(place);
        if (position < 0) continue;
        const scrollTop = Math.max(0, (position - at) * ROW + offset);
        if (scrollTop !== this.element.scrollTop) this.scrollTo(scrollTop);
        return;
      }
    };
  }

  /** Scroll as far as a cell needs to be seen. */
  reveal(position: number, column: number): void {
    const { element } = this;
    const top = position * ROW;
    const height = element.clientHeight - HEAD;
    if (position >= 0 && height > 0) {
      if (top < element.scrollTop) this.scrollTo(top);
      else if (top + ROW > element.scrollTop + height) this.scrollTo(top + ROW - height);
    }
    const [left, width] = [this.#leftOf(column), this.#widths[column] ?? 0];
    if (column < 0 || element.clientWidth === 0) return;
    if (left < element.scrollLeft) element.scrollLeft = left;
    else if (left + width > element.scrollLeft + element.clientWidth)
      element.scrollLeft = left + width - element.clientWidth;
  }
}

function kept(seen: readonly number[], one: number): number[] {
  return one < 0 || seen.includes(one) ? [...seen] : [...seen, one];
}
