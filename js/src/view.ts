/**
 * Floor 9. A model on screen: an author's module or ours draws it, and what goes wrong is said where it happens.
 *
 * @module
 */

import { SyncStateError } from "./errors.ts";
import type { Model } from "./model.ts";
import type { Operation } from "./patch.ts";
import { find } from "./pointer.ts";
import type { Trouble } from "./replica.ts";
import { make } from "./view/element.ts";
import { onFault } from "./view/faults.ts";
import { demandModule, importText, Runtime, undoAtEnd, type ViewModule } from "./view/module.ts";
import { Notices } from "./view/notices.ts";
import { placeIn } from "./view/place.ts";
import { style, stylePage } from "./view/styles.ts";
import { linesOf } from "./view/syntax.ts";

/** What draws a model. */
export interface DrawnBy {
  /** A module, the text or the URL of an author's, or the pointer of the text in the state. */
  readonly module: ViewModule | string | { readonly pointer: string };
  /** The text or the URL of a style sheet. */
  readonly css?: string | undefined;
  /** Whether the style sheet is for the whole page, as those of anywidget are. */
  readonly isCssForPage?: boolean | undefined;
  /** The name of the file that the text is from. */
  readonly file?: string | undefined;
}

/** What a view shows, where, and how. */
export interface ViewOptions extends DrawnBy {
  readonly model: Model;
  readonly host: HTMLElement;
  /** Whether the module itself says which edit was refused. */
  readonly tellsRejects?: boolean | undefined;
}

/** A module that can draw, and what its author knows it by. */
interface Loaded {
  /** Its text is run for the model by a runtime. */
  readonly module: ViewModule | string;
  readonly url?: string | undefined;
  readonly file?: string | undefined;
}

/** A model on screen. */
export class View {
  readonly #model: Model;
  readonly #controller = new AbortController();
  // What ends with the view; without a signal, of which each subscription would keep a listener.
  readonly #ends: (() => void)[] = [];
  readonly #content = make("div", { class: "syncstate-content" });
  readonly #notices = new Notices(this.#controller.signal);
  #element = make("div");
  #drawing = new AbortController();
  #styling = new AbortController();
  #wanted: DrawnBy;
  #shown: Loaded | undefined;
  #runtime: Runtime | undefined;
  // What has drawn well.
  #good: Loaded | undefined;

  constructor({ model, host, tellsRejects = false, ...code }: ViewOptions) {
    this.#model = model;
    this.#wanted = code;
    this.#content.append(this.#element);
    this.#style(code);
    host.classList.add("syncstate-view");
    host.replaceChildren(this.#content, this.#notices.element);
    this.#watchStatus();
    if (!tellsRejects) this.#watchRejects();
    this.#watchErrors();
    void this.#draw(code);
  }

  /**
   * Draw the model by other code, in the same place: an author has saved it.
   *
   * The code of before goes on until the new one is loaded, and comes back if that cannot draw. A style sheet that
   * is new alone is exchanged and nothing else.
   */
  redraw(code: DrawnBy): void {
    const { module, css } = this.#wanted;
    this.#wanted = code;
    if (css !== code.css) this.#style(code);
    if (module !== code.module) void this.#draw(code);
  }

  /** Take the view away: its signal aborts, and what its `render` returned is called. */
  dispose(): void {
    for (const end of this.#ends.splice(0)) end();
    for (const end of [this.#controller, this.#drawing, this.#styling]) end.abort();
  }

  // Around the author's element, whose classes are the author's.
  #style({ css, isCssForPage }: DrawnBy): void {
    this.#styling.abort();
    this.#styling = new AbortController();
    if (css && isCssForPage) stylePage(css, this.#styling.signal);
    else if (css) style(this.#content, css, this.#styling.signal);
  }

  async #draw(code: DrawnBy): Promise<void> {
    const { signal } = this.#controller;
    const isOver = (): boolean => signal.aborted || code !== this.#wanted;
    let place = NOT_LOADED;
    try {
      const loaded = await load(code, this.#model, stateOf(this.#model, signal));
      if (isOver()) return;
      place = NOT_RENDERED;
      await this.#render(loaded);
      if (isOver()) return;
      this.#good = loaded;
      this.#notices.showError(undefined);
    } catch (error) {
      const lines = await linesOf(error, isPlace(code.module) ? "" : code.module);
      if (isOver()) return;
      const { url, file = code.file } = place === NOT_RENDERED ? (this.#shown ?? {}) : {};
      if (place === NOT_RENDERED) place = this.#runtime?.place ?? place;
      this.#notices.showError(error, this.#good ? `${place}; ${GOOD}` : place, { url, file, lines });
      if (this.#good && this.#shown !== this.#good) void this.#render(this.#good);
    }
  }

  async #render(loaded: Loaded): Promise<void> {
    const giveBack = placeIn(this.#element);
    this.#drawing.abort();
    this.#drawing = new AbortController();
    this.#shown = loaded;
    const { signal } = this.#drawing;
    const el = make("div");
    const isFirst = this.#element.childNodes.length === 0;
    if (!isFirst) this.#content.style.minHeight = `${this.#content.offsetHeight}px`; // or what is below would jump
    this.#element.replaceWith(el);
    this.#element = el;
    try {
      const { module } = loaded;
      if (typeof module === "string") {
        this.#runtime = Runtime.enter(this.#model, module, signal);
        await this.#runtime.render(el, signal);
      } else undoAtEnd(signal, await module.render({ model: this.#model, el, signal }));
      if (!signal.aborted) giveBack(el);
    } finally {
      if (!signal.aborted) this.#content.style.minHeight = "";
    }
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
    this.#ends.push(this.#model.on("status", show), this.#model.on("change", follow));
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
    this.#ends.push(this.#model.on("change", follow), this.#model.on("error", show));
  }

  /** What the author's code throws later: the model tells what a subscriber threw, the window tells the rest. */
  #watchErrors(): void {
    const show = (error: unknown, isCertain: boolean): void => {
      if (isCertain || this.#isAuthors(error))
        this.#notices.showError(error, "The code of this view failed", this.#shown);
    };
    // A stack holds ten frames: the author's may lie below those of a library.
    const isSubscribers = ({ cause, operations }: Trouble): boolean =>
      cause !== undefined && operations.length === 0 && !(cause instanceof SyncStateError);
    const hear = (trouble: Trouble): void =>
      show(trouble.cause, this.#shown?.url !== undefined && isSubscribers(trouble));
    this.#ends.push(
      this.#model.on("error", hear),
      onFault((error) => show(error, false)),
    );
  }

  #isAuthors(error: unknown): boolean {
    const url = this.#shown?.url;
    return error instanceof Error && url !== undefined && error.stack?.includes(url) === true;
  }
}

const NOT_LOADED = "The code of this view could not be loaded";
const NOT_RENDERED = "The render function of this view failed";
const GOOD = "what you see is the code of before";

async function load({ module, file }: DrawnBy, model: Model, state: Promise<void>): Promise<Loaded> {
  if (typeof module !== "string") await state;
  const code = isPlace(module) ? (find(model.state, module.pointer) as string) : module;
  if (typeof code !== "string") return { module: code };
  const imported = await importText(code);
  demandModule(imported);
  await state;
  return { module: code, url: imported.url, file };
}

function isPlace(module: DrawnBy["module"]): module is { readonly pointer: string } {
  return typeof module === "object" && "pointer" in module;
}

/** Wait for a state: a large one is not in the output, and no author expects a model without members. */
async function stateOf(model: Model, signal: AbortSignal): Promise<void> {
  const isThere = (): boolean => model.status === "live" || Object.keys(model.state).length > 0;
  if (isThere()) return;
  await new Promise<void>((resolve) => {
    model.on("status", () => isThere() && resolve(), { signal });
  });
}
