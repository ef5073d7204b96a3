/**
 * Floor 9. What a caller says of a grid.
 *
 * @module
 */

import type { Json, JsonObject } from "../document.ts";
import type { Model } from "../model.ts";
import type { ColumnSpec } from "./columns.ts";
import type { Bounds } from "./foot.ts";

/** What holds the rows: a model, or what is as good as one. */
export type GridModel = Pick<Model, "status" | "reason" | "readOnly" | "subscribe" | "set" | "apply" | "on">;

/** How a list grows and shrinks. */
export interface Growth extends Bounds {
  /** Returns what a new row is at first. */
  readonly fresh: () => Json;
}

/** What a grid shows, where, and how. */
export interface GridOptions {
  readonly model: GridModel;
  /** Where the rows are: a list, or a table. */
  readonly pointer: string;
  readonly el: HTMLElement;
  /** Takes the grid away when aborted. */
  readonly signal: AbortSignal;
  /** The columns and their order; all that there are, if not given. */
  readonly columns?: readonly (string | ColumnSpec)[] | undefined;
  /** The JSON Schema of the rows: titles, types, values to choose from, what is read-only. */
  readonly schema?: JsonObject | undefined;
  /** How high it is, in pixels; it is no higher than its rows. */
  readonly height?: number | undefined;
  /** What the rows are called, if not by the last token of the pointer. */
  readonly label?: string | undefined;
  /** Whether cells may be written, where the model lets them. */
  readonly editable?: boolean | undefined;
  /** How a person adds rows of a list, removes and moves them; without it nobody does. */
  readonly growth?: Growth | undefined;
}
