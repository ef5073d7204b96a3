/**
 * Floor 9. What is loaded only when it is used: the door to the parts of the extension that are chunks.
 *
 * @module
 */

export { loadGrid } from "./grid-chunk.ts";

type Chart = typeof import("../chart.ts");
type Form = typeof import("../form.ts");

/** Load what draws charts: `(await loadChart()).render({ model, el, signal, spec })`. */
export function loadChart(): Promise<Chart> {
  return import(/* webpackChunkName: "chart" */ "../chart.ts");
}

/** Load what draws controls and forms: `(await loadForm()).control({ model, pointer, schema, signal })`. */
export function loadForm(): Promise<Form> {
  return import(/* webpackChunkName: "form" */ "../form.ts");
}
