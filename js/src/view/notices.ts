/**
 * Floor 9. What a view says beside what it shows.
 *
 * @module
 */

import { make } from "./element.ts";
import { whenAborted } from "./ends.ts";
import { style } from "./styles.ts";

const css = `
:scope {
  --error: var(--jp-error-color1, #d32f2f);
  font: var(--jp-ui-font-size1, 13px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif);
  color: var(--jp-ui-font-color1, #212121);
}
.syncstate-status, .syncstate-reject { position: relative; margin: 6px 0 2px; padding-left: 16px; overflow-wrap: anywhere; }
.syncstate-status { color: var(--jp-ui-font-color2, #616161); }
.syncstate-reject { color: var(--error); }
.syncstate-status:empty, .syncstate-reject:empty { display: none; }
.syncstate-status::before, .syncstate-reject::before {
  content: ""; position: absolute; left: 2px; top: calc(.75em - 4px); width: 8px; height: 8px; border-radius: 50%;
  background: var(--dot, currentColor);
}
.syncstate-status[data-status="stale"] { --dot: var(--jp-warn-color1, #f57c00); }
.syncstate-status[data-status="waiting"] { --dot: var(--jp-warn-color1, #f57c00); }
.syncstate-status:is([data-status="connecting"], [data-status="waiting"])::before { animation: syncstate-breathe 1.6s ease-in-out infinite; }
.syncstate-error {
  position: relative; margin: 6px 0 2px; padding: 8px 32px 8px 12px; border-left: 3px solid var(--error);
  background: var(--jp-rendermime-error-background, #fdd);
}
.syncstate-error small { display: block; font-size: inherit; color: var(--jp-ui-font-color2, #616161); }
.syncstate-error strong { display: block; font-weight: 600; overflow-wrap: anywhere; white-space: pre-wrap; }
.syncstate-error pre {
  margin: 4px 0 0; overflow-x: auto; font: var(--jp-code-font-size, 13px)/1.4 var(--jp-code-font-family, monospace);
}
.syncstate-error button {
  position: absolute; top: 6px; right: 6px; width: 22px; height: 22px; padding: 0; border: 0; border-radius: 3px;
  background: none; color: inherit; font: inherit; line-height: 1; opacity: .6; cursor: pointer;
}
.syncstate-error button:hover, .syncstate-error button:focus-visible { opacity: 1; background: rgb(128 128 128 / 20%); }
@keyframes syncstate-breathe { 50% { opacity: .25; } }
@media (prefers-reduced-motion: reduce) { .syncstate-status[data-status]::before { animation: none; } }
`;

const PATIENCE = 1000; // a view that is live within a second need not say that it was not, nor that it waited

const WAITING = "The kernel has not answered yet; it may be busy. Your change waits for it";

/** What a view has to tell its reader: whether it is live, which edit was refused, and what its author's code threw. */
export class Notices {
  readonly element: HTMLElement = make("div", { class: "syncstate-notices" });
  readonly #status = make("div", { class: "syncstate-status", role: "status" });
  // Made when there is something to say: most views never have, and an alert is told when it is put there too.
  #reject: HTMLElement | undefined;
  #errors: HTMLElement | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(signal: AbortSignal) {
    style(this.element, css, signal);
    whenAborted(signal, () => clearTimeout(this.#timer));
    this.element.append(this.#status);
  }

  /** Say why the view is not live, or that an edit waits for its answer; say nothing when all is well. */
  showStatus(status: string, reason: string, isWaiting = false): void {
    const show = (text: string, what = status): void => {
      this.#status.dataset.status = what;
      this.#status.textContent = text.charAt(0).toUpperCase() + text.slice(1);
    };
    clearTimeout(this.#timer);
    if (status === "live") {
      show("");
      if (isWaiting) this.#timer = setTimeout(show, PATIENCE, WAITING, "waiting");
    } else if (status === "connecting")
      this.#timer = setTimeout(show, PATIENCE, reason || "Connecting to the kernel…");
    else show(reason || "This is an old state: run the cell again to make it live");
  }

  /** Say why the kernel refused an edit; an empty reason takes the last one away. */
  showReject(reason: string): void {
    if ((this.#reject?.textContent ?? "") === reason) return;
    if (!this.#reject) {
      this.#reject = make("div", { class: "syncstate-reject", role: "alert" });
      this.#status.before(this.#reject);
    }
    this.#reject.textContent = reason;
  }

  /** Show what an author's code threw, and `place`, which says where; nothing takes the last one away. */
  showError(error: unknown, place = "", code: Code = {}): void {
    if (!place) {
      this.#errors?.replaceChildren();
      return;
    }
    if (!this.#errors) {
      this.#errors = make("div", { class: "syncstate-errors", role: "alert" });
      this.element.prepend(this.#errors);
    }
    const box = make("div", { class: "syncstate-error" });
    const close = make(
      "button",
      { type: "button", "aria-label": "Dismiss this error", title: "Dismiss" },
      "✕",
    );
    close.addEventListener("click", () => box.remove());
    box.append(close, make("small", {}, place), make("strong", {}, titleOf(error)));
    const stack = stackOf(error, code);
    if (stack) box.append(make("pre", {}, stack));
    this.#errors.replaceChildren(box); // one at a time: a faulty subscriber throws at every change
  }
}

/** What an author's code is known by: the URL in a stack, the author's file, and where in it a fault is. */
interface Code {
  readonly url?: string | undefined;
  readonly file?: string | undefined;
  readonly lines?: string | undefined;
}

function titleOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The frames from the first to the last that are the author's: those outside are ours, or the browser's. */
function stackOf(error: unknown, { url, file = "view.js", lines }: Code): string {
  if (lines) return `at ${file}:${lines}`;
  if (!(error instanceof Error) || !error.stack) return "";
  const frames = error.stack.replace(titleOf(error), "").split("\n");
  const isAuthors = (frame: string): boolean => url !== undefined && frame.includes(url);
  const own = frames.slice(frames.findIndex(isAuthors), frames.findLastIndex(isAuthors) + 1);
  return own.map((frame) => frame.replaceAll(url ?? "", file).trim()).join("\n");
}
