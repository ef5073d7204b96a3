/**
 * Floor 9. The door to the grid alone, for a part that is loaded itself: behind `chunks` it would meet itself.
 *
 * @module
 */

type Grid = typeof import("../grid.ts");

/** Load what shows rows: `(await loadGrid()).render({ model, pointer, el, signal })`. */
export function loadGrid(): Promise<Grid> {
  return import(/* webpackChunkName: "grid" */ "../grid.ts");
}
