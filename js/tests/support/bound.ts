/** A page whose markup is bound to a model, and the person in front of it. */

import { setMaxListeners } from "node:events";
import type { Json } from "../../src/document.ts";
import { type Kernel, type KernelModel, type Page, pair } from "./kernel.ts";

export type Bound = Page & {
  kernel: Kernel;
  board: KernelModel;
  root: HTMLElement;
  control: HTMLInputElement;
  end: () => void;
};

/** A page with some markup in it, bound to a model. */
export async function bound(markup: string, state: Json, readOnly: string[] = []): Promise<Bound> {
  const page = await pair(state);
  if (readOnly.length > 0) {
    page.board.readOnly = readOnly;
    page.kernel.say({ ...(page.board.snapshot() as object), epoch: "again" } as object);
    Object.assign(page.board, { epoch: "again" });
  }
  const root = document.createElement("div");
  root.insertAdjacentHTML("beforeend", markup);
  document.body.append(root);
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // Node warns of more than ten
  page.model.bind(root, { signal: controller.signal });
  const control = root.querySelector("[data-sync-value], [data-sync-checked]") as HTMLInputElement;
  return { ...page, root, control, end: () => controller.abort() };
}

/** What a person does to a control. */
export const person = {
  types(control: HTMLInputElement, value: string): void {
    control.focus();
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  },
  leaves(control: HTMLInputElement): void {
    control.dispatchEvent(new Event("change", { bubbles: true }));
    control.blur();
  },
  presses(control: HTMLInputElement): void {
    control.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  },
  drags(control: HTMLInputElement, value: string): void {
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  },
  letsGo(where: EventTarget = document): void {
    where.dispatchEvent(new Event("pointerup", { bubbles: true }));
  },
  clicks(control: HTMLInputElement): void {
    control.click();
  },
};
