/**
 * Floor 10. An output of our MIME type: takes its model from the panel's link and shows it.
 *
 * @module
 */

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { isObject, type Json, own } from "../document.ts";
import { seedOf } from "../link.ts";
import type { Model, ViewCode } from "../model.ts";
import * as tree from "../tree.ts";
import { View } from "../view.ts";
import type { Hub } from "./hub.ts";

/** The MIME type of a model that is shown (docs/protocol.md, section 8). */
export const MIME_TYPE = "application/vnd.syncstate.view+json";

/** One output. All outputs that show one model in a panel share its replica. */
export class Renderer extends Widget implements IRenderMime.IRenderer {
  readonly #hub: Hub;
  #shown: Json | undefined;
  #model: Model | undefined;
  #view: View | undefined;
  #isOurs = false;
  #unfollow: () => void = () => {};

  constructor(hub: Hub) {
    super();
    this.#hub = hub;
    this.node.addEventListener("keydown", keepFromNotebook);
  }

  /** Show what the output holds; JupyterLab calls it again when the output is replaced. */
  async renderModel(output: IRenderMime.IMimeModel): Promise<void> {
    const bundle = output.data[MIME_TYPE] as Json;
    if (bundle !== this.#shown) this.#show(bundle); // what is still to come is told in the view
    this.#shown = bundle;
  }

  override dispose(): void {
    if (!this.isDisposed) this.#clear();
    super.dispose();
  }

  #show(bundle: Json): void {
    this.#clear();
    const seed = seedOf(bundle);
    const [key, esm, css, file] = ["model", "esm", "css", "file"].map((name) => textOf(bundle, name));
    if (!seed || key === undefined)
      throw new TypeError(
        "Cannot show this output: another version of syncstate made it; run the cell again",
      );
    const model = this.#hub.link.model(key, seed);
    this.#model = model;
    this.#draw(model, model.code ?? { esm, css, file }); // who saves the file does not run the cell again
    this.#unfollow = model.on("view", (code) => this.#draw(model, code));
  }

  #draw(model: Model, { esm, css, file }: ViewCode): void {
    const module = esm ?? tree;
    const code = { module, css, file };
    const isOurs = module === tree;
    if (this.#view && isOurs === this.#isOurs) this.#view.redraw(code);
    else {
      this.#view?.dispose();
      this.#view = new View({ model, host: this.node, tellsRejects: isOurs, ...code });
    }
    this.#isOurs = isOurs;
  }

  #clear(): void {
    this.#unfollow();
    this.#view?.dispose();
    if (this.#model) this.#hub.link.release(this.#model);
    this.#view = undefined;
    this.#model = undefined;
  }
}

// In command mode a notebook takes plain keys: an arrow on a slider would go to another cell, "dd" delete this one.
function keepFromNotebook(event: KeyboardEvent): void {
  const isShortcut = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape";
  const isRun = event.key === "Enter" && event.shiftKey;
  if (!isShortcut && !isRun && (event.target as Element).matches(CONTROLS)) event.stopPropagation();
}

const CONTROLS = "input, select, textarea, button, a, summary, [tabindex], [contenteditable]";

function textOf(bundle: Json, name: string): string | undefined {
  const text = isObject(bundle) ? own(bundle, name) : undefined;
  return typeof text === "string" ? text : undefined;
}
