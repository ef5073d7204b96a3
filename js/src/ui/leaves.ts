/**
 * Floor 9. The elements without children: what each shows of its model.
 *
 * @module
 */

import { isBytes, isList, isObject, type Json, own } from "../document.ts";
import type { Model } from "../model.ts";
import { loadChart, loadForm, loadGrid } from "../view/chunks.ts";
import { make } from "../view/element.ts";
import { View } from "../view.ts";
import { write } from "./format.ts";
import { markdown } from "./markdown.ts";
import { type Draw, type DrawContext, numberOf, textOf } from "./part.ts";
import { pictureType, safeUrl } from "./url.ts";

type Bound = DrawContext & { readonly model: Model };

const drawText: Draw = ({ node, el, signal, model }) => {
  const body = make("div", { class: "syncstate-ui-prose" });
  el.append(body);
  const show = (text: Json | undefined): void =>
    body.replaceChildren(...markdown(typeof text === "string" ? text : ""));
  if (model) model.subscribe(textOf(node, "pointer"), show, { signal });
  else show(textOf(node, "text"));
};

function drawOutput({ node, el, signal, model }: Bound): void {
  const value = make("output");
  el.append(make("span", { class: "syncstate-ui-label" }, textOf(node, "label")), value);
  addHelp(el, textOf(node, "help"));
  model.subscribe(
    textOf(node, "pointer"),
    (state) => {
      value.textContent = write(state, own(node, "format"));
    },
    { signal },
  );
}

function drawProgress({ node, el, signal, model }: Bound): void {
  const label = textOf(node, "label");
  const head = make("div", { class: "syncstate-ui-label" }, label);
  const share = make("span");
  const bar = new Bar(label);
  head.append(share);
  el.append(head, bar.element);
  addHelp(el, textOf(node, "help"));
  model.subscribe(
    textOf(node, "pointer"),
    (value) => {
      bar.show(typeof value === "number" ? value : null);
      share.textContent = typeof value === "number" ? `${Math.round(value * 100)} %` : "";
    },
    { signal },
  );
}

/** A bar that says how far something is; without a number, that it goes on. */
class Bar {
  readonly element: HTMLElement;
  readonly #fill = make("div");

  constructor(label: string) {
    this.element = make("div", { class: "syncstate-ui-bar", role: "progressbar", "aria-label": label });
    this.element.append(this.#fill);
  }

  show(value: number | null): void {
    const share = value === null ? null : Math.min(1, Math.max(0, value));
    this.element.toggleAttribute("data-unknown", share === null);
    this.element.ariaValueNow = share === null ? null : String(Math.round(share * 100));
    this.#fill.style.width = share === null ? "" : `${share * 100}%`;
  }
}

function drawImage({ node, el, signal, model }: Bound): void {
  const image = make("img", { alt: textOf(node, "alt") });
  const note = make("p", { class: "syncstate-ui-note", role: "status" });
  const width = numberOf(node, "width");
  let url: string | undefined;
  const forget = (): void => {
    if (url) URL.revokeObjectURL(url);
    url = undefined;
  };
  if (width !== undefined) image.style.width = `${width}px`;
  image.addEventListener("error", () => tell("The picture cannot be shown"));
  const tell = (text: string): void => {
    note.textContent = text;
    image.hidden = text !== "";
  };
  const show = (value: Json | undefined): void => {
    forget();
    const type = isBytes(value) ? pictureType(value) : undefined;
    if (isBytes(value) && type) url = URL.createObjectURL(new Blob([new Uint8Array(value)], { type }));
    const source = typeof value === "string" && value ? safeUrl(value, ["http:", "https:", "data:"]) : url;
    tell(source ? "" : value ? "This is no picture that can be shown" : "No picture yet");
    if (source) image.src = source;
  };
  el.append(image, note);
  model.subscribe(textOf(node, "pointer"), show, { signal });
  signal.addEventListener("abort", forget, { once: true });
}

function drawButton({ node, el, model, signal }: Bound): void {
  const label = textOf(node, "label");
  const button = make("button", { type: "button" }, label);
  const bar = new Bar(label);
  const stop = make("button", { type: "button", class: "syncstate-ui-stop" }, "Stop");
  const note = make("span", { class: "syncstate-ui-doing", role: "status" });
  const alert = make("p", { class: "syncstate-ui-alert", role: "alert" });
  const line = make("div", { class: "syncstate-ui-line" });
  line.append(button, stop, note);
  el.append(line, bar.element, alert);
  addHelp(el, textOf(node, "help"));
  let running: AbortController | undefined;
  const show = (value: number | null, text = ""): void => {
    bar.show(value);
    note.textContent = text;
  };
  const follow = (): void => {
    const isClosed = model.status === "closed" || model.status === "stale";
    button.disabled = running !== undefined || isClosed;
    button.title = isClosed ? model.reason : "";
    stop.hidden = bar.element.hidden = running === undefined;
  };
  const run = async (): Promise<void> => {
    const given = own(node, "arguments");
    running = new AbortController();
    alert.textContent = "";
    show(null);
    follow();
    try {
      const call = model.action(textOf(node, "action"), { signal: running.signal, onProgress: show });
      await call(...(isList(given) ? given : []));
    } catch (error) {
      if (!running.signal.aborted) alert.textContent = (error as Error).message;
    }
    running = undefined;
    note.textContent = "";
    follow();
  };
  button.addEventListener("click", () => void run());
  stop.addEventListener("click", () => running?.abort());
  model.on("status", follow, { signal });
  follow();
}

async function drawControl({ node, el, signal, model }: Bound): Promise<void> {
  const { control } = await loadForm();
  if (signal.aborted) return;
  const [pointer, label, help, widget] = ["pointer", "label", "help", "widget"].map((name) =>
    textOf(node, name),
  );
  const said = own(node, "schema");
  const schema = { ...(isObject(said) ? said : {}), description: help };
  el.append(control({ model, pointer, label, widget, schema, signal } as Parameters<typeof control>[0]));
}

async function drawForm({ node, el, signal, model }: Bound): Promise<void> {
  const { render } = await loadForm();
  if (!signal.aborted) render({ model, el, signal, schema: own(node, "schema") as object });
}

async function drawTable({ node, el, signal, model }: Bound): Promise<void> {
  const { render } = await loadGrid();
  if (signal.aborted) return;
  const label = textOf(node, "label");
  const columns = own(node, "columns");
  if (label) el.append(make("div", { class: "syncstate-ui-label" }, label));
  const pointer = textOf(node, "pointer");
  const given = { columns: isList(columns) && columns.length > 0 ? columns : undefined };
  render({ model, pointer, el, signal, height: numberOf(node, "height"), ...given } as Parameters<
    typeof render
  >[0]);
}

async function drawChart({ node, el, signal, model }: Bound): Promise<void> {
  const { render } = await loadChart();
  const spec = own(node, "spec") as unknown as Parameters<typeof render>[0]["spec"];
  if (!signal.aborted) render({ model, el, signal, spec });
}

function drawView({ node, el, signal, model }: Bound): void {
  const view = new View({ model, host: el, module: textOf(node, "esm"), css: textOf(node, "css") });
  signal.addEventListener("abort", () => view.dispose(), { once: true });
}

function addHelp(el: HTMLElement, help: string): void {
  if (help) el.append(make("p", { class: "syncstate-ui-help" }, help));
}

/** Draw what shows a model, and say in place what could not be loaded. */
function bound(draw: (context: Bound) => void | Promise<void>): Draw {
  return (context) => {
    const { model, el } = context;
    if (!model) return;
    const fail = (error: unknown): void =>
      el.replaceChildren(make("p", { class: "syncstate-ui-alert", role: "alert" }, String(error)));
    try {
      draw({ ...context, model })?.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** What draws each kind of element without children. */
export const leaves: Readonly<Record<string, Draw>> = {
  button: bound(drawButton),
  chart: bound(drawChart),
  control: bound(drawControl),
  form: bound(drawForm),
  image: bound(drawImage),
  markdown: drawText,
  output: bound(drawOutput),
  progress: bound(drawProgress),
  table: bound(drawTable),
  view: bound(drawView),
};
