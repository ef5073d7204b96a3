/**
 * Floor 9. The entries of a form: what shows one value, and reads what a person enters.
 *
 * @module
 */

import { isList, type Json, same, spell, toText } from "../document.ts";
import { formOf, isDate, readDate, Tagged } from "../forms.ts";
import { isTable } from "../table.ts";
import { make } from "../view/element.ts";
import { extentOf } from "../view/sheet.ts";
import { readDuration, spellDuration } from "./durations.ts";
import { type Entry, fresh, type Place, Unfit } from "./place.ts";
import { type Option, optionsOf, resolved } from "./schema.ts";

/** Return what shows and reads the values of a place, by the name of a widget. */
export function entryOf(widget: string, place: Place): Entry {
  return (ENTRIES[widget] ?? output)(place);
}

/** Tell whether there is an entry of a name. */
export function isEntry(widget: string | undefined): widget is string {
  return widget !== undefined && Object.hasOwn(ENTRIES, widget);
}

const ENTRIES: Readonly<Record<string, (place: Place) => Entry>> = {
  checkbox: (place) => checkbox(place, {}),
  color: (place) => line(place, "color"),
  date: (place) => dated(place, "date", 10),
  datetime: (place) => dated(place, "datetime-local", 19),
  duration,
  multiselect,
  number,
  output,
  password: (place) => line(place, "password"),
  radio,
  select,
  slider,
  switch: (place) => checkbox(place, { role: "switch" }),
  text: (place) => line(place, "text"),
  textarea,
  time,
};

// -- text

function line(place: Place, type: string): Entry {
  const input = make("input", { type, ...PLAIN, ...lengthOf(place) });
  return textEntry(place, input);
}

function textarea(place: Place): Entry {
  return textEntry(place, make("textarea", { rows: "3", ...PLAIN, ...lengthOf(place) }));
}

function textEntry(place: Place, input: HTMLInputElement | HTMLTextAreaElement): Entry {
  return {
    element: input,
    target: input,
    write: (value) => put(input, value === null || value === undefined ? "" : textOf(value)),
    read: () => (place.isNullable && input.value === "" ? null : input.value),
  };
}

const PLAIN = { spellcheck: "false", autocomplete: "off" };

function lengthOf({ schema: { maxLength } }: Place): Record<string, string> {
  return maxLength === undefined ? {} : { maxlength: String(maxLength) };
}

/** Put a text into a control and leave selected what was: who is about to type over it types over the new one. */
function put(input: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  if (input.value === text) return;
  const { selectionStart: start, selectionEnd: end, value: old } = input; // none where it is no text
  input.value = text;
  if (start === null || end === null || !input.matches(":focus")) return;
  const moved = (at: number): number => (at === old.length ? text.length : at);
  input.setSelectionRange(moved(start), moved(end));
}

/** What a person reads of a value. */
export function textOf(value: Json | undefined): string {
  const shown = spell(value) ?? value ?? "";
  return typeof shown === "object" ? toText(shown) : String(shown);
}

// -- numbers

function number(place: Place): Entry {
  const { minimum, maximum, step, type } = place.schema;
  const input = make("input", {
    type: "number",
    class: "syncstate-number",
    autocomplete: "off",
    step: String(step ?? (type === "integer" ? 1 : "any")),
    ...(minimum !== undefined && { min: String(minimum) }),
    ...(maximum !== undefined && { max: String(maximum) }),
  });
  return {
    element: input,
    target: input,
    write(value) {
      const text = textOf(value);
      const isPlain = text === "" || Number.isFinite(Number(text));
      input.type = isPlain && typeof value !== "bigint" ? "number" : "text"; // no number input takes the others
      put(input, text);
    },
    read: () => readNumber(input, place),
  };
}

function readNumber(input: HTMLInputElement, { schema, isNullable }: Place): Json {
  const text = input.value.trim();
  const isInteger = schema.type === "integer";
  const what = isInteger ? "a whole number" : "a number";
  if (text === "" && isNullable && !input.validity?.badInput) return null;
  const found = Number(text);
  if (text === "" || (Number.isNaN(found) && text !== "NaN")) throw new Unfit(`Enter ${what}`);
  if (isInteger && !Number.isInteger(found)) throw new Unfit(`Enter ${what}`);
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(found)) return BigInt(text); // no digit is lost
  return found;
}

function slider(place: Place): Entry {
  const { minimum = 0, maximum = 100, type } = place.schema;
  const step = place.schema.step ?? (type === "integer" ? 1 : stepOf(maximum - minimum));
  const exact = number({ ...place, schema: { ...place.schema, step } });
  const range = make("input", {
    type: "range",
    min: String(minimum),
    max: String(maximum),
    step: String(step),
  });
  const box = exact.target as HTMLInputElement;
  box.setAttribute("aria-label", `${place.label}, as a number`);
  const element = make("div", { class: "syncstate-slider" });
  element.append(range, box);
  let last: HTMLInputElement = range; // in which of both something was entered
  for (const input of [range, box]) {
    input.addEventListener("input", () => {
      last = input;
      if (input === range) box.value = range.value; // what the kernel says waits, and this does not
    });
  }
  return {
    element,
    target: range,
    isLive: true,
    write(value) {
      range.value = textOf(value);
      exact.write(value);
    },
    read: (value) => (last === range ? Number(range.value) : exact.read(value)),
  };
}

/** A hundredth of a range, rounded down to a power of ten. */
function stepOf(range: number): number {
  return range > 0 ? Number((10 ** Math.floor(Math.log10(range / 100))).toPrecision(1)) : 1;
}

// -- booleans and choices

function checkbox(_: Place, attributes: Record<string, string>): Entry {
  const input = make("input", { type: "checkbox", ...attributes });
  return {
    element: input,
    target: input,
    write(value) {
      input.checked = value === true;
      input.indeterminate = value === null;
    },
    read: () => input.checked,
  };
}

/** The choices of a place, among which none is one if it may be empty. */
function choicesOf({ schema, isNullable }: Place): Option[] {
  const isBoolean = schema.type === "boolean";
  const options = isBoolean ? BOOLEANS : (optionsOf(schema) ?? []);
  const hasNone = !isNullable || options.some(({ value }) => value === null);
  return hasNone ? options : [{ value: null, title: "None" }, ...options];
}

const BOOLEANS: Option[] = [
  { value: true, title: "Yes" },
  { value: false, title: "No" },
];

function select(place: Place): Entry {
  const options = choicesOf(place);
  const element = make("select");
  element.append(...options.map(({ title }, at) => make("option", { value: String(at) }, title)));
  return {
    element,
    target: element,
    write(value) {
      element.selectedIndex = options.findIndex((option) => same(option.value, value));
    },
    read: () => options[element.selectedIndex]?.value ?? null,
  };
}

function radio(place: Place): Entry {
  const options = choicesOf(place);
  const name = fresh();
  const { element, inputs } = boxes(options, { type: "radio", name });
  element.setAttribute("role", "radiogroup");
  return {
    element,
    target: element,
    write(value) {
      for (const [at, input] of inputs.entries()) input.checked = same(options[at]?.value, value);
    },
    read: () => options[inputs.findIndex(({ checked }) => checked)]?.value ?? null,
  };
}

function multiselect(place: Place): Entry {
  const { items } = place.schema;
  const options = optionsOf(resolved(items || {}, place.root)) ?? [];
  const { element, inputs } = boxes(options, { type: "checkbox" });
  return {
    element,
    target: element,
    write(value) {
      const chosen = isList(value) ? value : [];
      for (const [at, input] of inputs.entries())
        input.checked = chosen.some((each) => same(each, options[at]?.value));
    },
    read(value) {
      const former = isList(value) ? value : [];
      const chosen = options.filter((_, at) => inputs[at]?.checked).map((option) => option.value);
      const kept = former.filter((each) => chosen.some((other) => same(each, other)));
      return [...kept, ...chosen.filter((each) => !kept.some((other) => same(each, other)))];
    },
  };
}

function boxes(
  options: readonly Option[],
  attributes: Record<string, string>,
): { element: HTMLFieldSetElement; inputs: HTMLInputElement[] } {
  const element = make("fieldset", { class: "syncstate-options" });
  const inputs = options.map(() => make("input", attributes));
  for (const [at, input] of inputs.entries()) {
    const label = make("label");
    label.append(input, make("span", {}, options[at]?.title));
    element.append(label);
  }
  return { element, inputs };
}

// -- dates, times, durations

function dated(place: Place, type: string, length: number): Entry {
  const { formatMinimum: min, formatMaximum: max } = place.schema;
  const input = make("input", { type, ...(min && { min }), ...(max && { max }) });
  return {
    element: input,
    target: input,
    write(value) {
      const iso = isDate(value) ? value.iso : "";
      put(input, iso.slice(0, length).replace(/(T\d\d:\d\d):00$/, "$1"));
    },
    read(value) {
      if (input.value === "" && place.isNullable) return null;
      if (input.value < "1000" && input.matches(":focus")) throw new Unfit(""); // of the year the rest is still to come
      const [, zone = ""] = (isDate(value) && value.iso.match(/T.*?(Z|[+-].*)$/)) || []; // which it does not show
      const date = readDate(input.value + (length > 10 ? zone : ""));
      if (!date) throw new Unfit(length > 10 ? "Enter a date and a time" : "Enter a date");
      return date;
    },
  };
}

function time(place: Place): Entry {
  const input = make("input", { type: "time" });
  return {
    element: input,
    target: input,
    write: (value) =>
      put(
        input,
        taggedText(value)
          .slice(0, 8)
          .replace(/^(\d\d:\d\d):00$/, "$1"),
      ),
    read() {
      if (input.value === "" && place.isNullable) return null;
      if (!/^\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(input.value)) throw new Unfit("Enter a time");
      return new Tagged("time", input.value.length === 5 ? `${input.value}:00` : input.value);
    },
  };
}

function duration(place: Place): Entry {
  const input = make("input", { type: "text", class: "syncstate-duration", ...PLAIN });
  return {
    element: input,
    target: input,
    write: (value) => put(input, spellDuration(taggedText(value))),
    read() {
      if (input.value.trim() === "" && place.isNullable) return null;
      const iso = readDuration(input.value);
      if (iso === undefined) throw new Unfit("Enter a duration, such as 1h 30m or 90s");
      return new Tagged("timedelta", iso);
    },
  };
}

function taggedText(value: Json | undefined): string {
  return String(formOf(value)?.value ?? value ?? "");
}

// -- what is only looked at

function output({ schema, root }: Place): Entry {
  const element = make("output", { class: "syncstate-output", "aria-live": "off" });
  const items = resolved(schema.items || {}, root);
  const titles = [...(optionsOf(schema) ?? []), ...(optionsOf(items) ?? [])];
  const told = (value: Json | undefined): string => {
    if (value === null || value === undefined) return "–";
    if (typeof value === "boolean") return value ? "Yes" : "No";
    if (isTable(value)) return extentOf(value);
    if (isList(value)) return value.map(told).join(", ") || "–";
    const form = formOf(value);
    if (form?.type === "timedelta") return spellDuration(String(form.value));
    return titles.find((option) => same(option.value, value))?.title ?? textOf(value);
  };
  return {
    element,
    target: element,
    write(value) {
      const text = told(value);
      if (element.textContent !== text) element.textContent = text;
      element.classList.toggle("syncstate-failure", formOf(value)?.type === "failure");
    },
    read: (value) => value ?? null,
  };
}
