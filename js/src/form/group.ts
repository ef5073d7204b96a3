/**
 * Floor 9. What holds several fields: a legend that opens and closes it, and what is in it.
 *
 * @module
 */

import { isContainer, isList, isObject, type Json, own } from "../document.ts";
import { join } from "../pointer.ts";
import { isTable } from "../table.ts";
import { make } from "../view/element.ts";
import { counted, extentOf as extentOfTable } from "../view/sheet.ts";
import { textOf } from "./entries.ts";
import { fresh, type Place } from "./place.ts";
import type { Schema } from "./schema.ts";

const FEW = 12; // what has so few members of its own is open from the start, if it is not deep inside
const GLIMPSE = 3; // so many members of what is closed are told beside its name
const SHORT = 24;

/** Draw a frame with a legend; what is in it is drawn when it is opened first. */
export function frame(
  place: Place,
  isOpen: boolean,
  extent: (value: Json | undefined, isShown: boolean) => string,
  fill: (content: HTMLElement) => void,
): HTMLElement {
  const element = make("fieldset", { class: "syncstate-group" });
  const content = make("div", { class: "syncstate-content", id: fresh() });
  const toggle = make("button", { type: "button", class: "syncstate-toggle", "aria-controls": content.id });
  const told = make("span", { class: "syncstate-extent" });
  const legend = make("legend");
  let isFilled = false;
  let value: Json | undefined;
  const tell = (): void => {
    const isShown = content.hidden === false;
    const text = (!isShown && glimpse(value)) || extent(value, isShown);
    if (told.textContent !== text) told.textContent = text;
  };
  const show = (isShown: boolean): void => {
    content.hidden = !isShown;
    toggle.setAttribute("aria-expanded", String(isShown));
    if (isShown && !isFilled) {
      isFilled = true;
      fill(content);
    }
    tell();
  };
  toggle.append(make("span", { class: "syncstate-title" }, place.label), told);
  legend.append(toggle);
  element.append(legend);
  element.style.setProperty("--depth", String(place.depth + 1));
  if (place.schema.description) {
    const help = make("p", { class: "syncstate-help", id: fresh() }, place.schema.description);
    element.setAttribute("aria-describedby", help.id);
    content.append(help);
  }
  element.append(content);
  toggle.addEventListener("click", () => show(content.hidden !== false), { signal: place.signal });
  place.ground.subscribe(
    place.pointer,
    (state) => {
      value = state;
      tell();
    },
    { signal: place.signal },
  );
  show(isOpen);
  return element;
}

/** Draw an object with known members. */
export function group(place: Place): HTMLElement {
  const { properties = {} } = place.schema;
  const isShort = place.depth < 2 && Object.keys(properties).length <= FEW;
  return frame(
    place,
    isShort,
    () => "",
    (content) => content.append(...members(place)),
  );
}

/** Draw the members of an object. */
export function members(place: Place): HTMLElement[] {
  const { properties = {} } = place.schema;
  return Object.keys(properties).map((name) => {
    const schema = own(properties, name) as Schema;
    return place.draw(inside(place, name, schema, schema.title ?? name));
  });
}

/** How much is in a list or in an object with any names. */
export function extentOf(value: Json | undefined): string {
  if (isTable(value)) return extentOfTable(value);
  if (!isContainer(value)) return "";
  const [size, noun] = isList(value) ? [value.length, "element"] : [Object.keys(value).length, "member"];
  return size === 0 ? "empty" : counted(size, noun);
}

/** Return a place inside of another one. */
export function inside(place: Place, token: string | number, schema: Schema, label: string): Place {
  const { ground, root, signal, draw, isReadOnly } = place;
  const pointer = place.pointer + join(token);
  return {
    ground,
    root,
    signal,
    draw,
    pointer,
    schema,
    label,
    depth: place.depth + 1,
    isReadOnly: isReadOnly || schema.readOnly === true,
    isNullable: false,
  };
}

/** The beginning of what is in a container, in a line. */
function glimpse(value: Json | undefined): string {
  if (!isContainer(value) || isTable(value)) return "";
  const named = Object.entries(isObject(value) ? value : {}) as [string, Json][];
  const shown = (isList(value) ? [...value.entries()] : named).filter(([, member]) => !isContainer(member));
  const told = shown.slice(0, GLIMPSE).map(([, member]) => shorten(textOf(member)));
  const isAll = told.length === Object.keys(value).length;
  return told.length > 0 ? told.filter(Boolean).join(", ") + (isAll ? "" : ", …") : "";
}

function shorten(text: string): string {
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}
