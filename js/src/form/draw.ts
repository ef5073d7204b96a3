/**
 * Floor 9. Which control a place has: by what its schema says, and by what stands there.
 *
 * @module
 */

import { isContainer, isList, type Json } from "../document.ts";
import { formOf } from "../forms.ts";
import { isTable } from "../table.ts";
import { twigs } from "../tree.ts";
import { make } from "../view/element.ts";
import { isOpen } from "../view/open.ts";
import { dict, list } from "./collection.ts";
import { isEntry } from "./entries.ts";
import { field } from "./field.ts";
import { extentOf, frame, group } from "./group.ts";
import { changing, focusIn, type Place, whenOpened } from "./place.ts";
import { areRecords, isRecord, records, table } from "./records.ts";
import { inferred, initial, isOf, optionsOf, resolved, type Schema, withoutNull } from "./schema.ts";

const FEW = 3; // of so few short choices all are seen at once
const LETTERS = 24;
const LONG = 200;

/** Draw a place; it becomes another control when it must. */
export function draw(place: Place): HTMLElement {
  const [schema, isNullable] = withoutNull(resolved(place.schema, place.root));
  const known = {
    ...place,
    schema: resolved(schema, place.root),
    isNullable: place.isNullable || isNullable,
    isReadOnly: place.isReadOnly || schema.readOnly === true,
    widget: place.widget ?? schema.widget,
  };
  return changing(known, (value, former) => kindOf(known, value, former), build);
}

/** Name what a place needs for a value: an entry, or something that holds others. */
function kindOf(place: Place, value: Json | undefined, former?: string): string {
  const { schema, root, widget, isReadOnly, isNullable } = place;
  const isNothing = value === null || value === undefined;
  if (isTable(value)) return "table";
  if (formOf(value)?.type === "failure") return "output";
  if (schema.anyOf) {
    const at = schema.anyOf.findIndex((branch) => isOf(branch, value, root));
    return isReadOnly ? kindOf({ ...place, schema: inferred(value) }, value) : `branch ${at}`;
  }
  if (isEntry(widget)) return isReadOnly && !isContainer(value) ? "output" : widget;
  const isKnown = schema.type !== undefined || schema.leaf !== undefined || optionsOf(schema) !== undefined;
  if (!isKnown && !isNothing) {
    if (isContainer(value)) return looseKindOf(value, former);
    return kindOf({ ...place, schema: inferred(value), isNullable: false }, value, former);
  }
  const kind = KINDS[schema.type ?? ""]?.(schema, root) ?? "output";
  const isEmpty = isNothing && HOLDERS.has(kind);
  if (isEmpty) return isReadOnly || !isNullable ? (isReadOnly ? "output" : "absent") : "absent";
  if (kind === "tree" && isContainer(value)) return looseKindOf(value, former);
  if (HOLDERS.has(kind)) return isContainer(value) ? kind : "output";
  if (isReadOnly) return isContainer(value) && kind !== "multiselect" ? looseKindOf(value, former) : "output";
  return entryKindOf(place, kind, value, former);
}

// Of what may be anything; where the last of some records went, others may come.
function looseKindOf(value: Json | undefined, former: string | undefined): string {
  const isEmptied = former === "records" && isList(value) && value.length === 0;
  return isEmptied || areRecords(value) ? "records" : "tree";
}

const HOLDERS = new Set(["group", "list", "records", "dict", "tree"]);

type Read = (schema: Schema, root: Schema) => string;

const KINDS: Readonly<Record<string, Read>> = {
  array: ({ items, prefixItems }, root) => {
    const each = items && resolved(items, root);
    if (each && optionsOf(each)) return "multiselect";
    if (each && !prefixItems && isRecord(each, root)) return "records";
    return prefixItems || (each && !isUntyped(each)) ? "list" : "tree";
  },
  object: ({ properties, additionalProperties, leaf }, root) => {
    if (leaf) return "output";
    if (additionalProperties) return isUntyped(resolved(additionalProperties, root)) ? "tree" : "dict";
    return properties ? "group" : "tree";
  },
  boolean: () => "checkbox",
  integer: numbers,
  number: numbers,
  string: ({ format, maxLength = 0 }) => FORMATS[format ?? ""] ?? (maxLength > LONG ? "textarea" : "text"),
};

/** Whether anything may stand there, or an object of anything. */
function isUntyped(schema: Schema): boolean {
  const { type, leaf, anyOf, properties, additionalProperties, items, prefixItems } = schema;
  if (type === "object") return !leaf && !properties && !additionalProperties;
  if (type === "array") return !items && !prefixItems;
  return !type && !leaf && !anyOf && !optionsOf(schema);
}

const FORMATS: Readonly<Record<string, string>> = {
  date: "date",
  "date-time": "datetime",
  time: "time",
  duration: "duration",
};

function numbers({ minimum, maximum }: Schema): string {
  return minimum !== undefined && maximum !== undefined && minimum < maximum ? "slider" : "number";
}

/** Name the entry for one value; a value that it cannot show has another one. */
function entryKindOf(
  { schema, isNullable }: Place,
  kind: string,
  value: Json | undefined,
  former: string | undefined,
): string {
  const options = optionsOf(schema);
  if (options) {
    const letters = options.reduce((sum, { title }) => sum + title.length, 0);
    return options.length + Number(isNullable) <= FEW && letters <= LETTERS ? "radio" : "select";
  }
  if (kind === "output") return "output";
  if (kind === "checkbox" && isNullable) return "radio";
  if (kind === "slider") return isNullable || !Number.isFinite(value) ? "number" : "slider";
  if (kind === "text") return former === "textarea" || String(value).includes("\n") ? "textarea" : "text";
  return kind;
}

function build(kind: string, place: Place): HTMLElement {
  switch (kind) {
    case "group":
      return removable(place, group(place));
    case "list":
      return removable(place, list(place));
    case "records":
      return removable(place, records(place));
    case "dict":
      return removable(place, dict(place));
    case "tree":
      return removable(place, tree(place));
    case "table":
      return table(place);
    case "absent":
      return absent(place);
  }
  if (kind.startsWith("branch ")) return union(Number(kind.slice("branch ".length)), place);
  const isTyped =
    place.schema.type !== undefined || place.schema.leaf !== undefined || optionsOf(place.schema);
  return field(kind, isTyped ? place : { ...place, schema: { ...place.schema, ...typeOf(kind) } });
}

// What an entry of a place that anything may stand in takes for granted.
function typeOf(kind: string): Schema {
  return kind === "number" ? { type: "number" } : kind === "checkbox" ? { type: "boolean" } : {};
}

/** Give what may be nothing a button that makes it so. */
function removable(place: Place, element: HTMLElement): HTMLElement {
  if (!place.isNullable || place.isReadOnly) return element;
  const clear = button("Clear", `Clear ${place.label}`, place, () => place.ground.set(place.pointer, null));
  const bar = make("div", { class: "syncstate-bar" });
  bar.append(clear);
  element.append(bar);
  return element;
}

/** Draw what is not there, and could be. */
function absent(place: Place): HTMLElement {
  const { schema, root, pointer, ground, label } = place;
  const element = make("div", { class: "syncstate-field", "data-pointer": pointer });
  const column = make("div", { class: "syncstate-entry syncstate-absent" });
  const add = button("Add", `Add ${label}`, place, () => {
    ground.set(pointer, initial(schema, root));
  });
  column.append(make("span", { class: "syncstate-none" }, "None"), add);
  element.append(make("span", { class: "syncstate-label" }, label), column);
  return element;
}

/** Draw one of several shapes, with the choice of another. */
function union(at: number, place: Place): HTMLElement {
  const { schema, root, ground, pointer, label, isNullable } = place;
  const branches = (schema.anyOf ?? []).map((branch) => resolved(branch, root));
  const kinds = isNullable ? [...branches, { type: "null", title: "None" }] : branches;
  const current = at < 0 && isNullable ? branches.length : at;
  const element = make("div", { class: "syncstate-union" });
  const choice = make("select", { "aria-label": `Kind of ${label}`, class: "syncstate-kind" });
  choice.append(...kinds.map((branch, index) => make("option", { value: String(index) }, titleOf(branch))));
  choice.selectedIndex = current;
  choice.addEventListener("change", () => {
    const next = branches[choice.selectedIndex];
    ground.set(pointer, next ? initial(next, root) : null);
  });
  whenOpened(place, (isNowOpen) => {
    choice.disabled = !isNowOpen;
  });
  const { anyOf: _, ...beside } = schema;
  const branch = branches[at];
  const said = { ...branch, ...beside };
  element.append(place.draw({ ...place, schema: branch ? said : { ...beside, leaf: "unknown" } }), choice);
  return element;
}

const WORDS: Readonly<Record<string, string>> = {
  string: "Text",
  integer: "Whole number",
  number: "Number",
  boolean: "Yes or no",
  array: "List",
  object: "Object",
  null: "None",
};

function titleOf({ title, format, type, leaf, enum: values }: Schema): string {
  if (values) return values.join(", ");
  const said = title ?? format ?? WORDS[type ?? ""] ?? leaf ?? "Anything";
  return said.charAt(0).toUpperCase() + said.slice(1).replace("-", " ");
}

/** Draw what may be anything: its tree. */
function tree(place: Place): HTMLElement {
  return frame(place, place.depth < 2, extentOf, (content) => {
    const { ground, pointer, signal, isReadOnly } = place;
    twigs({ model: ground, pointer, el: content, signal, isReadOnly });
  });
}

function button(text: string, title: string, place: Place, act: () => void): HTMLElement {
  const made = make("button", { type: "button", class: "syncstate-button", "aria-label": title }, text);
  whenOpened(place, (isNowOpen) => {
    made.disabled = !isNowOpen;
  });
  made.addEventListener("click", () => {
    const around = made.closest(".syncstate-place");
    if (isOpen(place.ground)) act();
    focusIn(around);
  });
  return made;
}
