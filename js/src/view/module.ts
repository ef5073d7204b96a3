/**
 * Floor 9. What draws a model: a module of an author's, given as text or by its URL, or one of ours.
 *
 * An author's module is one of anywidget's front-end modules: `initialize` is called once for a model, `render` for
 * each view of it.
 *
 * @module
 */

import type { Model } from "../model.ts";
import { type Experimental, experimentalOf, type Face, faceOf, letMessagesIn } from "./any-model.ts";
import { whenAborted } from "./ends.ts";

/** What a module's `initialize` is given. */
export interface ModelContext<Shown = Face> {
  readonly model: Shown;
  /** Aborted when the model is on screen no more, or, for a view, when it is taken away. */
  readonly signal: AbortSignal;
  readonly experimental: Experimental;
}

/** What a module's `render` is given. */
export interface ViewContext<Shown = Model> extends Omit<ModelContext<Shown>, "experimental"> {
  readonly el: HTMLElement;
}

/** What draws a model. What `render` returns, if it is a function, undoes its work. */
export interface ViewModule {
  render(context: ViewContext): unknown;
}

/** A module of an author's. What a function of it returns, if that is a function, undoes its work. */
export interface AnyModule {
  initialize?(context: ModelContext): unknown;
  render?(context: ViewContext<Face> & ModelContext): unknown;
}

/** An author's module, and the URL by which its frames are known in a stack. */
export interface Imported {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly url: string;
}

const imported = new Map<string, Promise<Imported>>();

/** Import an ES module from its text, or from its URL: once for the same one, however many views show it. */
export function importText(text: string): Promise<Imported> {
  const known = imported.get(text);
  if (known) return known;
  const module = importAnew(text);
  imported.set(text, module);
  module.catch(() => imported.delete(text)); // what it imports itself may be there the next time
  return module;
}

/** Tell whether a source is the URL of one. */
export function isUrl(source: string): boolean {
  return /^https?:\/\/\S+$/.test(source);
}

/**
 * Demand that a module can draw, as far as it can be seen before it runs.
 *
 * @throws {TypeError} if it exports nothing that could
 */
export function demandModule({ exports }: Imported): void {
  if (typeof exports.default !== "function" && !isModule(exports.default) && !isModule(exports))
    throw drawless();
}

// Returns what draws, from what a module exports: a default object, a default function that makes one, or `render`.
async function moduleOf({ exports }: Imported): Promise<AnyModule> {
  const main: unknown = typeof exports.default === "function" ? await exports.default() : exports.default;
  for (const candidate of [main, exports]) if (isModule(candidate)) return candidate;
  throw drawless();
}

const runtimes = new WeakMap<Model, Map<string, Runtime>>();

/** A module at work on one model, as long as a view of it is on screen. */
export class Runtime {
  /** What it is doing, to say what has failed. */
  place = "The code of this view could not be loaded";
  /** The URL of the module, as soon as it is known. */
  url: string | undefined;
  readonly #model: Model;
  readonly #controller = new AbortController();
  readonly #module: Promise<AnyModule>;
  #views = 0;

  private constructor(model: Model, text: string) {
    this.#model = model;
    faceOf(model, this.#controller.signal); // messages are kept from here on
    this.#module = this.#start(text);
    this.#module.catch(() => runtimes.get(model)?.delete(text)); // the next view tries again
  }

  /** Return the runtime of a module for a model, until the signal of the view aborts. */
  static enter(model: Model, text: string, signal: AbortSignal): Runtime {
    const known = runtimes.get(model) ?? new Map<string, Runtime>();
    runtimes.set(model, known);
    const runtime = known.get(text) ?? new Runtime(model, text);
    known.set(text, runtime);
    runtime.#views += 1;
    whenAborted(signal, () => {
      runtime.#views -= 1;
      if (runtime.#views > 0) return;
      runtime.#controller.abort();
      if (known.get(text) === runtime) known.delete(text);
    });
    return runtime;
  }

  /** Draw a view, when the model is initialized; its end undoes it. */
  async render(el: HTMLElement, signal: AbortSignal): Promise<void> {
    const module = await this.#module;
    if (signal.aborted) return;
    this.place = "The render function of this view failed";
    const [model, experimental] = [faceOf(this.#model, signal), experimentalOf(this.#model)];
    const drawn = module.render?.({ model, el, signal, experimental });
    letMessagesIn(this.#model); // not later: it may wait for one
    undoAtEnd(signal, await drawn);
  }

  async #start(text: string): Promise<AnyModule> {
    const { signal } = this.#controller;
    const imported = await importText(text);
    this.url = imported.url;
    const module = await moduleOf(imported);
    if (signal.aborted) return module;
    this.place = "The initialize function of this view failed";
    const model = faceOf(this.#model, signal);
    undoAtEnd(
      signal,
      await module.initialize?.({ model, signal, experimental: experimentalOf(this.#model) }),
    );
    return module;
  }
}

/** Undo at the end what a function of a module has done, if it returned what does that. */
export function undoAtEnd(signal: AbortSignal, cleanup: unknown): void {
  if (typeof cleanup !== "function") return;
  // what it throws or rejects with is the author's, and keeps nobody from the rest
  const undo = (): void => void (async () => cleanup())().catch(console.error);
  if (signal.aborted) undo();
  else signal.addEventListener("abort", undo, { once: true }); // behind the author's own
}

async function importAnew(text: string): Promise<Imported> {
  const url = isUrl(text) ? text : URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return { url, exports: await import(/* webpackIgnore: true */ /* @vite-ignore */ url) };
  } finally {
    if (url !== text) URL.revokeObjectURL(url);
  }
}

const drawless = (): TypeError =>
  new TypeError(
    "Cannot show the model: its module exports no render; write export default { render({ model, el, signal }) { … } }",
  );

function isModule(value: unknown): value is AnyModule {
  if (typeof value !== "object" || value === null) return false;
  const { render, initialize } = value as Record<string, unknown>;
  return typeof render === "function" || typeof initialize === "function";
}
