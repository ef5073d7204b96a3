/**
 * Floor 9. A model on screen: an author's module or ours draws it, and what goes wrong is said where it happens.
 *
 * @module
 */

import { SyncStateError } from "./errors.ts";
import type { Model } from "./model.ts";
import type { Operation } from "./patch.ts";
import type { Trouble } from "./replica.ts";
import { make } from "./view/element.ts";
import { importText, moduleOf, type ViewModule } from "./view/module.ts";
import { Notices } from "./view/notices.ts";
import { style } from "./view/styles.ts";

/** What a view shows, where, and how. */
export interface ViewOptions {
  readonly model: Model;
  readonly host: HTMLElement;
  /** A module, or the text of one. */
  readonly module: ViewModule | string;
  readonly css?: string | undefined;
  /** Whether the module itself says which edit was refused. */
  readonly tellsRejects?: boolean | undefined;
}

/** A model on screen. */
export class View {
  readonly #model: Model;
  readonly #controller = new AbortController();
  readonly #element = make("div");
  readonly #notices = new Notices(this.#controller.signal);
  #url: string | undefined;

  constructor({ model, host, module, css, tellsRejects = false }: ViewOptions) {
    this.#model = model;
    const content = make("div", { class: "syncstate-content" });
    content.append(this.#element);
    if (css) style(content, css, this.#controller.signal); // around the author's element, whose classes are the author's
    host.classList.add("syncstate-view");
    host.replaceChildren(content, this.#notices.element);
    this.#watchStatus();
    if (!tellsRejects) this.#watchRejects();
    this.#watchErrors();
    void this.#draw(module);
  }

  /** Take the view away: its signal aborts, and what its `render` returned is called. */
  dispose(): void {
    this.#controller.abort();
  }

  async #draw(module: ViewModule | string): Promise<void> {
    const { signal } = this.#controller;
    let place = "The code of this view could not be loaded";
    try {
      const drawing = typeof module === "string" ? await this.#import(module) : module;
      await stateOf(this.#model, signal);
      if (signal.aborted) return;
      place = "The render function of this view failed";
      const cleanup = await drawing.render({ model: this.#model, el: this.#element, signal });
      if (typeof cleanup === "function") whenAborted(signal, () => cleanup());
    } catch (error) {
      this.#notices.showError(error, place, this.#url);
    }
  }

  async #import(text: string): Promise<ViewModule> {
    const imported = await importText(text);
    this.#url = imported.url;
    return moduleOf(imported);
  }

  #watchStatus(): void {
    let awaited: Operation | undefined; // of the edit that is on its way
    const show = (): void =>
      this.#notices.showStatus(this.#model.status, this.#model.reason, awaited !== undefined);
    const follow = (): void => {
      const [first] = this.#model.pending;
      if (first === awaited) return;
      awaited = first;
      show();
    };
    this.#model.on("status", show, this.#controller);
    this.#model.on("change", follow, this.#controller);
    show();
  }

  /** A reason stays until an edit of this page was accepted: what Python does in the meantime is no answer to it. */
  #watchRejects(): void {
    let isWaiting = false;
    const follow = (): void => {
      const isAnswered = isWaiting && this.#model.pending.length === 0;
      isWaiting = this.#model.pending.length > 0;
      if (isAnswered) this.#notices.showReject("");
    };
    const show = ({ reason, operations }: Trouble): void => {
      if (operations.length > 0) this.#notices.showReject(reason);
    };
    this.#model.on("change", follow, this.#controller);
    this.#model.on("error", show, this.#controller);
  }

  /** What the author's code throws later: the model tells what a subscriber threw, the window tells the rest. */
  #watchErrors(): void {
    const { signal } = this.#controller;
    const show = (error: unknown, isCertain = false): void => {
      if (isCertain || this.#isAuthors(error))
        this.#notices.showError(error, "The code of this view failed", this.#url);
    };
    // A stack holds ten frames: the author's may lie below those of a library.
    const isSubscribers = ({ cause, operations }: Trouble): boolean =>
      cause !== undefined && operations.length === 0 && !(cause instanceof SyncStateError);
    this.#model.on(
      "error",
      (trouble) => show(trouble.cause, this.#url !== undefined && isSubscribers(trouble)),
      { signal },
    );
    window.addEventListener("error", (event) => show(event.error), { signal });
    window.addEventListener("unhandledrejection", (event) => show(event.reason), { signal });
  }

  #isAuthors(error: unknown): boolean {
    return error instanceof Error && this.#url !== undefined && error.stack?.includes(this.#url) === true;
  }
}

/** Wait for a state: a large one is not in the output, and no author expects a model without members. */
async function stateOf(model: Model, signal: AbortSignal): Promise<void> {
  const isThere = (): boolean => model.status === "live" || Object.keys(model.state).length > 0;
  if (isThere()) return;
  await new Promise<void>((resolve) => {
    model.on("status", () => isThere() && resolve(), { signal });
  });
}

function whenAborted(signal: AbortSignal, action: () => void): void {
  if (signal.aborted) action();
  else signal.addEventListener("abort", action, { once: true });
}
