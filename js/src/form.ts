/**
 * Floor 9. The view of a model that brings none: a form, made of what its types say.
 *
 * ```js
 * import { control, render } from "syncstate/form";
 *
 * render({ model, el, signal, schema }); // all of it
 * el.append(control({ model, pointer: "/threshold", schema: { type: "number", minimum: 0, maximum: 1 }, signal }));
 * ```
 *
 * @module
 */

import { action } from "./form/calls.ts";
import { draw } from "./form/draw.ts";
import { members } from "./form/group.ts";
import { concerns, type Place } from "./form/place.ts";
import { resolved, type Schema } from "./form/schema.ts";
import { css } from "./form/style.ts";
import type { Model } from "./model.ts";
import { parse } from "./pointer.ts";
import { make } from "./view/element.ts";
import type { ViewContext } from "./view/module.ts";
import { style } from "./view/styles.ts";

export type { ActionSchema, Schema } from "./form/schema.ts";

/** The control that a place shall have, whatever its schema says. */
export type Widget =
  | "slider"
  | "number"
  | "checkbox"
  | "switch"
  | "text"
  | "textarea"
  | "select"
  | "radio"
  | "multiselect"
  | "date"
  | "datetime"
  | "time"
  | "duration"
  | "color"
  | "output"
  | "password";

/** What a control is for, and how it looks. */
export interface ControlOptions {
  readonly model: Model;
  /** The location of what it shows. */
  readonly pointer: string;
  /** What may stand there. */
  readonly schema: Schema;
  /** Ends it when aborted. */
  readonly signal: AbortSignal;
  /** What it is called, if not by the title of the schema. */
  readonly label?: string | undefined;
  readonly widget?: Widget | undefined;
  /** The schema in which references are looked up: that of the model. */
  readonly root?: Schema | undefined;
}

/**
 * Return a labelled control for one place of a model, which the schema chooses.
 *
 * What stands there is a list or an object? Then it is all that is in it.
 */
export function control(options: ControlOptions): HTMLElement {
  const { pointer, schema, signal, label, widget } = options;
  const element = make("div", { class: "syncstate-control" });
  const title = label ?? schema.title ?? parse(pointer).at(-1) ?? "";
  style(element, css, signal);
  element.append(draw({ ...placeOf(options), pointer, schema, label: title, widget }));
  return element;
}

/** What a form is drawn from. */
export interface FormContext extends ViewContext {
  readonly schema: Schema;
}

/** Draw a model as a form. */
export function render({ model, el, signal, schema }: FormContext): void {
  const form = make("div", { class: "syncstate-form", role: "group" });
  const note = make("p", { class: "syncstate-note", role: "alert" });
  const said = resolved(schema, schema);
  const place: Place = { ...placeOf({ model, pointer: "", schema, signal }), schema: said, depth: -1 };
  const actions = Object.entries(said.actions ?? {});
  if (said.title) form.setAttribute("aria-label", said.title);
  style(el, css, signal);
  if (said.description) form.append(make("p", { class: "syncstate-help" }, said.description));
  form.append(...members(place));
  if (actions.length > 0) {
    const list = make("div", { class: "syncstate-actions" });
    list.append(...actions.map(([name, known]) => action(name, known, model, place)));
    form.append(list);
  }
  if (Object.keys(said.properties ?? {}).length + actions.length === 0)
    form.append(
      make("p", { class: "syncstate-empty" }, `${said.title ?? "This model"} has no members to show`),
    );
  form.append(note);
  el.append(form);
  model.on(
    "error",
    ({ pointer, operations, reason }) => {
      const places = pointer === undefined ? operations.map(({ path }) => path) : [pointer];
      const shown = [...form.querySelectorAll<HTMLElement>("[data-pointer]")].map(
        (e) => e.dataset.pointer ?? "",
      );
      const isTold = places.some((path) => shown.some((each) => concerns(path, each)));
      note.textContent = isTold ? "" : reason; // what was edited may be gone
    },
    { signal },
  );
}

function placeOf({ model, pointer, schema, signal, root = schema }: ControlOptions): Place {
  const [member = ""] = parse(pointer);
  return {
    ground: model,
    pointer,
    schema,
    root,
    signal,
    draw,
    label: "",
    depth: 0,
    isReadOnly: model.readOnly.includes(member),
    isNullable: false,
  };
}
