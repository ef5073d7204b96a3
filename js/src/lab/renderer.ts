/**
 * Floor 10. An output of our MIME type: takes its model from the panel's link and shows it.
 *
 * @module
 */

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { MIME_TYPE, mimebundle } from "../display.ts";
import { isList, isObject, type Json, type JsonObject, own, same } from "../document.ts";
import { seedOf } from "../link.ts";
import type { Model, ViewCode } from "../model.ts";
import * as tree from "../tree.ts";
import { loadForm } from "../view/chunks.ts";
import type { ViewModule } from "../view/module.ts";
import { View } from "../view.ts";
import type { Hub, Stored } from "./hub.ts";

const PARTS = ["model", "esm", "css", "file", "esm_at"];

interface Code extends ViewCode {
  /** The pointer of the member that has the text of the module, if it is not here. */
  readonly at?: string | undefined;
  readonly isCssForPage?: boolean | undefined;
}

/** One output. All outputs that show one model in a panel share its replica. */
export class Renderer extends Widget implements IRenderMime.IRenderer, Stored {
  readonly #hub: Hub;
  #output: IRenderMime.IMimeModel | undefined;
  #shown: Json | undefined;
  #model: Model | undefined;
  #view: View | undefined;
  #ours: ViewModule = tree;
  #isOurs = false;
  #layout: ViewModule | undefined;
  readonly #models = new Set<Model>(); // that a layout shows, or has shown
  #unfollow: () => void = () => {};

  constructor(hub: Hub) {
    super();
    this.#hub = hub;
    this.node.addEventListener("keydown", keepFromNotebook);
  }

  /** Show what the output holds; JupyterLab calls it again when the output is replaced. */
  async renderModel(output: IRenderMime.IMimeModel): Promise<void> {
    const bundle = output.data[MIME_TYPE] as Json;
    this.#output = output;
    if (!this.#isShown(bundle)) this.#show(bundle); // what is still to come is told in the view
    this.#shown = bundle;
  }

  /** Put the newest state and code into the output, if it has older ones: it is saved, and shown without a kernel. */
  store(): void {
    const old = this.#output?.data[MIME_TYPE] as Json | undefined;
    const bundle = this.#bundle(old);
    if (!this.#output || !bundle || same(bundle[MIME_TYPE], old)) return;
    this.#output.setData({ data: { ...this.#output.data, ...bundle } as IRenderMime.IMimeModel["data"] });
  }

  // What an output would hold that was made now.
  #bundle(old: Json | undefined): Record<string, Json> | undefined {
    const { seed, code } = this.#model ?? {};
    if (!seed || !isObject(old)) return undefined;
    const bundle = mimebundle(code ? withCode(old, code) : old, seed);
    if (!this.#layout) return bundle;
    const view = bundle[MIME_TYPE] as JsonObject; // what a layout is in text, Python alone can say
    return { [MIME_TYPE]: { ...view, models: this.#seeds(old) } };
  }

  // What an output keeps of the models that its layout shows: what each is now, or was.
  #seeds(old: JsonObject): Json {
    const known = own(old, "models");
    const seeds = new Map(isList(known) ? known.map((seed) => [textOf(seed, "model"), seed]) : []);
    for (const { key, seed } of this.#models)
      if (seed && seeds.has(key)) seeds.set(key, mimebundle({ model: key }, seed)[MIME_TYPE] as Json);
    return [...seeds.values()];
  }

  override dispose(): void {
    if (!this.isDisposed) this.#clear();
    super.dispose();
  }

  // An output that was stored, by this view or by another one of it, brings nothing new.
  #isShown(bundle: Json): boolean {
    return same(bundle, this.#shown) || same(bundle, this.#bundle(this.#shown)?.[MIME_TYPE]);
  }

  #show(bundle: Json): void {
    this.#clear();
    const seed = seedOf(bundle);
    const [key, esm, css, file, at] = PARTS.map((name) => textOf(bundle, name));
    if (!seed || key === undefined)
      throw new TypeError(
        "Cannot show this output: another version of syncstate made it; run the cell again",
      );
    const model = this.#hub.link.model(key, seed);
    this.#model = model;
    this.#ours = this.#layoutOf(bundle) ?? formOf(bundle);
    this.#hub.outputs.add(this);
    const isCssForPage = isObject(bundle) && own(bundle, "css_for_page") === true;
    this.#draw(model, model.code ?? { esm, css, file, at, isCssForPage }); // who saves the file does not run the cell again
    this.#unfollow = model.on("view", (code) => this.#draw(model, code));
  }

  #draw(model: Model, { esm, css, file, at, isCssForPage }: Code): void {
    const module = at === undefined ? (esm ?? this.#ours) : { pointer: at };
    const code = { module, css, file, isCssForPage };
    const isOurs = module === this.#ours;
    if (this.#view && isOurs === this.#isOurs) this.#view.redraw(code);
    else {
      this.#view?.dispose();
      this.#view = new View({ model, host: this.node, tellsRejects: isOurs, ...code });
    }
    this.#isOurs = isOurs;
  }

  /** A layout is drawn by ours, which opens the models that it shows over the same link. */
  #layoutOf(bundle: Json): ViewModule | undefined {
    if (textOf(bundle, "view") !== "ui") return undefined;
    const { link } = this.#hub;
    const open = (key: string, signal: AbortSignal): Model => {
      const model = link.model(key, seedIn(bundle, key));
      this.#models.add(model);
      signal.addEventListener("abort", () => link.release(model), { once: true });
      return model;
    };
    return {
      render: async (context) => {
        const { render } = await import(/* webpackChunkName: "ui" */ "../ui.ts");
        render({ ...context, open });
      },
    };
  }

  #clear(): void {
    this.#hub.outputs.delete(this);
    this.#unfollow();
    this.#view?.dispose();
    if (this.#model) this.#hub.link.release(this.#model);
    this.#view = undefined;
    this.#model = undefined;
    this.#models.clear();
  }
}

// The form is loaded with the first model that is shown as one. An older output has no schema.
function formOf(bundle: Json): ViewModule {
  const schema = isObject(bundle) ? own(bundle, "schema") : undefined;
  if (!isObject(schema)) return tree;
  return {
    async render(context) {
      const { render } = await loadForm();
      if (!context.signal.aborted) render({ ...context, schema });
    },
  };
}

/**
 * Keep the keys of controls from a host's shortcuts, in all outputs: the window's listener, before all others.
 *
 * Notebook 7 looks for them before an event has come to an output: to Lumino this attribute says that there are none.
 */
export function keepFromShortcuts(event: KeyboardEvent): void {
  const element = event.target;
  if (element instanceof Element && element.closest(".syncstate-view"))
    element.toggleAttribute("data-lm-suppress-shortcuts", isForControl(event));
}

// In command mode a notebook takes plain keys: an arrow on a slider would go to another cell, "dd" delete this one.
function keepFromNotebook(event: KeyboardEvent): void {
  if (isForControl(event)) event.stopPropagation();
}

function isForControl(event: KeyboardEvent): boolean {
  const isShortcut = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape";
  const isRun = event.key === "Enter" && event.shiftKey;
  return !isShortcut && !isRun && (event.target as Element).matches(CONTROLS);
}

function withCode(view: JsonObject, code: ViewCode): JsonObject {
  const { esm: _, css: __, file: ___, ...rest } = view;
  const parts = Object.entries(code).filter(([, text]) => text !== undefined) as [string, Json][];
  return { ...rest, ...Object.fromEntries(parts) } as JsonObject;
}

const CONTROLS = "input, select, textarea, button, a, summary, [tabindex], [contenteditable]";

/** What an output keeps of a model that its layout shows. */
function seedIn(bundle: Json, key: string): Json | undefined {
  const seeds = isObject(bundle) ? own(bundle, "models") : undefined;
  return isList(seeds) ? seeds.find((seed) => textOf(seed, "model") === key) : undefined;
}

function textOf(bundle: Json, name: string): string | undefined {
  const text = isObject(bundle) ? own(bundle, name) : undefined;
  return typeof text === "string" ? text : undefined;
}
