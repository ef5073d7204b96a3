/**
 * Floor 9. Actions as buttons: with their parameters, how far they are, and how they ended.
 *
 * @module
 */

import { isObject, type Json, type JsonObject, own } from "../document.ts";
import type { Model } from "../model.ts";
import { apply, type Patch } from "../patch.ts";
import { find } from "../pointer.ts";
import { make } from "../view/element.ts";
import { textOf } from "./entries.ts";
import { inside } from "./group.ts";
import { fresh, type Ground, type Place, whenOpened } from "./place.ts";
import { type ActionSchema, initial, type Schema } from "./schema.ts";

const PATIENCE = 150; // what has ended sooner shows no progress

/** The arguments of an action while they are entered: a document that nobody else sees. */
export class Arguments implements Ground {
  state: JsonObject;
  readonly on: Model["on"];
  readonly readOnly: readonly string[] = [];
  readonly #model: Model;
  readonly #watchers = new Set<() => void>();

  constructor(model: Model, state: JsonObject) {
    this.#model = model;
    this.state = state;
    // what is refused in the model is no business of these
    this.on = (name, callback, options) => {
      return name === "status" ? model.on(name, callback, options) : () => {};
    };
  }

  get status(): Model["status"] {
    return this.#model.status;
  }

  get reason(): string {
    return this.#model.reason;
  }

  subscribe: Ground["subscribe"] = (pointer, callback, { signal } = {}) => {
    let value = find(this.state, pointer);
    const watcher = (): void => {
      const now = find(this.state, pointer);
      if (Object.is(now, value)) return;
      value = now;
      callback(value);
    };
    const end = (): void => void this.#watchers.delete(watcher);
    this.#watchers.add(watcher);
    signal?.addEventListener("abort", end, { once: true });
    callback(value);
    return end;
  };

  set(pointer: string, value: unknown): void {
    const op = find(this.state, pointer) === undefined ? "add" : "replace";
    this.apply([{ op, path: pointer, value: value as Json }]);
  }

  apply(operations: Patch): void {
    const next = apply(this.state, operations);
    if (isObject(next)) this.state = next;
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Draw an action. */
export function action(name: string, schema: ActionSchema, model: Model, place: Place): HTMLElement {
  const { parameters, description, title = name } = schema;
  const { properties = {}, required = [], positional = [] } = parameters;
  const names = Object.keys(properties);
  const given = new Arguments(model, argumentsOf(parameters, place.root));
  const element = make("form", { class: "syncstate-action", novalidate: "" });
  const run = make("button", { class: "syncstate-button syncstate-run" }, title);
  const outcome = new Outcome();
  if (description) {
    const help = make("p", { class: "syncstate-help", id: fresh() }, description);
    run.setAttribute("aria-describedby", help.id);
    element.append(help);
  }
  const ground = { ...place, ground: given, pointer: "" };
  element.append(
    ...names.map((parameter) => {
      const said = own(properties, parameter) as Schema;
      const drawn = inside(ground, parameter, said, said.title ?? parameter);
      return place.draw({ ...drawn, isNullable: !required.includes(parameter) && said.default === null });
    }),
  );
  const bar = make("div", { class: "syncstate-bar" });
  bar.append(run, outcome.element);
  element.append(bar);
  element.setAttribute("aria-label", title);

  let running: AbortController | undefined;
  let isNowOpen = true;
  const look = (): void => {
    run.disabled = !isNowOpen || running !== undefined;
    run.title = isNowOpen ? "" : model.reason;
  };
  const start = async (): Promise<void> => {
    if (running) return;
    const { signal } = place;
    running = new AbortController();
    const cancel = running;
    look();
    const { state } = given;
    const keywords = Object.fromEntries(
      Object.entries(state).filter(([parameter]) => !positional.includes(parameter)),
    );
    const values = positional.filter((each) => Object.hasOwn(state, each)).map((each) => own(state, each));
    const onProgress = (value: number | null, text?: string): void => outcome.proceed(value, text);
    outcome.begin(title, () => cancel.abort(new Error("Cancelled")));
    try {
      const options = { signal: AbortSignal.any([signal, cancel.signal]), keywords, onProgress };
      outcome.end(await model.action(name, options)(...values));
    } catch (error) {
      if (!signal.aborted) outcome.fail((error as Error).message, cancel.signal.aborted);
    }
    running = undefined;
    look();
    if (document.activeElement === document.body) run.focus(); // a button that is disabled loses it
  };
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const active = document.activeElement; // what is being entered counts
    if (active instanceof HTMLElement && element.contains(active) && active !== run) {
      active.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (element.querySelector('[aria-invalid="true"]')) return;
    void start();
  });
  whenOpened(place, (isOpen) => {
    isNowOpen = isOpen;
    look();
  });
  return element;
}

/** What stands in the parameters at first: defaults, and where there are none what must be given. */
function argumentsOf({ properties = {}, required = [] }: Schema, root: Schema): JsonObject {
  const named = Object.entries(properties).filter(
    ([name, { default: known }]) => known !== undefined || required.includes(name),
  );
  return Object.fromEntries(named.map(([name, said]) => [name, initial(said, root)]));
}

/** How far a call is, and how it ended. */
class Outcome {
  readonly element: HTMLElement = make("div", { class: "syncstate-outcome" });
  readonly #bar = make("progress", { max: "1" });
  readonly #text = make("span", { class: "syncstate-doing" });
  readonly #cancel = make("button", { type: "button", class: "syncstate-button" }, "Cancel");
  readonly #progress = make("div", { class: "syncstate-progress", hidden: "" });
  readonly #result = make("output", { class: "syncstate-output" });
  readonly #note = make("p", { class: "syncstate-note", role: "alert" });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: () => void = () => {};

  constructor() {
    this.#progress.append(this.#bar, this.#text, this.#cancel);
    this.element.append(this.#progress, this.#result, this.#note);
    this.#cancel.addEventListener("click", () => this.#stop());
  }

  begin(title: string, stop: () => void): void {
    this.#stop = stop;
    this.#result.textContent = this.#note.textContent = this.#text.textContent = "";
    this.#bar.removeAttribute("value");
    this.#bar.setAttribute("aria-label", title);
    this.#cancel.setAttribute("aria-label", `Cancel ${title}`);
    this.#timer = setTimeout(() => {
      this.#progress.hidden = false;
    }, PATIENCE);
  }

  proceed(value: number | null, text = ""): void {
    if (value === null) this.#bar.removeAttribute("value");
    else this.#bar.value = value;
    this.#text.textContent = text;
  }

  end(value: Json): void {
    this.#rest();
    this.#result.textContent = value === null ? "" : textOf(value);
  }

  fail(reason: string, isCancelled: boolean): void {
    this.#rest();
    if (isCancelled) this.#result.textContent = reason;
    else this.#note.textContent = reason;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#progress.hidden = true;
  }
}
