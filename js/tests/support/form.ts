/** A page with a form, and what a test does there. */

import { setMaxListeners } from "node:events";
import type { Json } from "../../src/document.ts";
import { render, type Schema } from "../../src/form.ts";
import { Kernel, type KernelModel, openPage, type Page } from "./kernel.ts";

export interface Shown {
  el: HTMLElement;
  kernel: Kernel;
  board: KernelModel;
  model: Page["model"];
  end: AbortController;
}

/** A page with a model, and an element in it. */
export async function page(state: Json, readOnly: string[] = []): Promise<Shown> {
  const kernel = new Kernel();
  const board = kernel.publish("board", state);
  board.readOnly = readOnly;
  const { model } = await openPage(kernel);
  const el = document.createElement("div");
  document.body.append(el);
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  return { el, kernel, board, model, end };
}

/** A page with a whole form. */
export async function whole(
  properties: Record<string, Schema>,
  state: Json,
  more: Schema = {},
): Promise<Shown> {
  const shown = await page(state);
  const { model, el, end } = shown;
  render({ model, el, signal: end.signal, schema: { type: "object", properties, ...more } });
  return shown;
}

/** Press a button by its name. */
export const press = (el: Element, name: string): void => {
  const found = [...el.querySelectorAll("button")].find(
    (button) => (button.getAttribute("aria-label") ?? button.textContent) === name,
  );
  if (!found) throw new Error(`no ${name}`);
  found.click();
};
/** What is said to be wrong. */
export const note = (el: Element): string =>
  [...el.querySelectorAll(".syncstate-note")].map((each) => each.textContent).join("");
