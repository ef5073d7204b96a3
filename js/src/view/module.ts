/**
 * Floor 9. What draws a model: a module of an author's, given as text, or one of ours.
 *
 * @module
 */

import type { Model } from "../model.ts";

/** What a module's `render` is given. */
export interface ViewContext {
  readonly model: Model;
  readonly el: HTMLElement;
  /** Aborted when the view is taken away. */
  readonly signal: AbortSignal;
}

/** What draws a model. What `render` returns, if it is a function, undoes its work. */
export interface ViewModule {
  render(context: ViewContext): unknown;
}

/** An author's module, and the URL by which its frames are known in a stack. */
export interface Imported {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly url: string;
}

const imported = new Map<string, Promise<Imported>>();

/** Import the text of an ES module: once for the same text, however many views show it. */
export function importText(text: string): Promise<Imported> {
  const known = imported.get(text);
  if (known) return known;
  const module = importAnew(text);
  imported.set(text, module);
  module.catch(() => imported.delete(text)); // what it imports itself may be there the next time
  return module;
}

/**
 * Return what draws, from what a module exports: a default object, a default function that makes one, or `render`.
 *
 * @throws {TypeError} if none of these has a `render`
 */
export async function moduleOf({ exports }: Imported): Promise<ViewModule> {
  const main: unknown = typeof exports.default === "function" ? await exports.default() : exports.default;
  for (const candidate of [main, exports]) if (isModule(candidate)) return candidate;
  throw new TypeError(
    "Cannot show the model: its module exports no render; write export default { render({ model, el, signal }) { … } }",
  );
}

async function importAnew(text: string): Promise<Imported> {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return { url, exports: await import(/* webpackIgnore: true */ /* @vite-ignore */ url) };
  } finally {
    URL.revokeObjectURL(url);
  }
}

function isModule(value: unknown): value is ViewModule {
  return (
    typeof value === "object" && value !== null && "render" in value && typeof value.render === "function"
  );
}
