/**
 * Floor 9. The columns of a grid: what they are called, how wide they are, what may be written into them.
 *
 * @module
 */

import { isList, isObject, type Json, type JsonObject, own, same } from "../document.ts";
import type { Entry, Rows } from "../view/rows.ts";
import { exactText, type Kind, kindOf, textOf } from "../view/values.ts";

/** What a caller says of a column. */
export interface ColumnSpec {
  readonly name: string;
  /** What stands above it, if not its name. */
  readonly label?: string;
  /** How wide it is, in pixels. */
  readonly width?: number;
  /** Whether it may be written, where the model lets it. */
  readonly editable?: boolean;
}

/** A value that is allowed, and what a person reads of it. */
export interface Choice {
  readonly value: Json;
  readonly title: string;
}

/** One column, as it is drawn. */
export interface Column {
  readonly name: string;
  readonly label: string;
  /** What it is for, if that is said. */
  readonly help: string;
  readonly kind: Kind;
  readonly isEditable: boolean;
  /** Whether nothing may stand there, which a text that is emptied then is. */
  readonly isNullable: boolean;
  /** The values that are allowed, where these are few. */
  readonly choices: readonly Choice[] | undefined;
  /** How wide it should be, in pixels, and whether somebody said so. */
  wanted: number;
  isFixed: boolean;
  /** How wide it is. */
  width: number;
}

const LOOKED_AT = 50; // rows that say how wide a column is, and what is in it
const CHARACTER = 7.4;
const PADDING = 24;
const ARROW = 24; // beside a name, which is bold
const WIDTHS = [88, 320] as const;

const STRETCH = 1.5; // a table of few columns fills the room, but not any room
const SQUEEZE = 0.85; // rather than to be scrolled for its last few pixels

/** The narrowest that a column can be made. */
export const NARROWEST = 40;

/** Return the columns of rows: those that a caller names, that a schema has, or that are there. */
export function columnsOf(
  rows: Rows,
  specs: readonly (string | ColumnSpec)[] | undefined,
  schema: JsonObject | undefined,
  widths: ReadonlyMap<string, number>,
): Column[] {
  const properties = propertiesOf(schema);
  const told = specs?.map((spec) => (typeof spec === "string" ? { name: spec } : spec));
  const names = Object.keys(properties).filter((name) => rows.length === 0 || rows.names.includes(name));
  const found = [...new Set([...names, ...rows.names])].map((name): ColumnSpec => ({ name }));
  return (told ?? found).map((spec) => {
    const { name, editable = true } = spec;
    const property = own(properties, name);
    const said = (isObject(property) ? property : {}) as Partial<JsonObject>;
    const { title, description, type, format, readOnly } = said;
    const choices = choicesOf(said);
    const label = spec.label ?? (typeof title === "string" ? title : name);
    const values = Array.from({ length: Math.min(LOOKED_AT, rows.length) }, (_, row) => rows.cell(row, name));
    const read = values.map((value) => textOf(titled(choices, value)));
    const known = widths.get(name) ?? spec.width;
    const wanted = known ?? widthFor(label, read);
    return {
      name,
      label,
      help: typeof description === "string" ? description : "",
      kind: isList(said.oneOf)
        ? "text"
        : (kindOfSchema(type, format) ?? values.map(kindOf).find((kind) => kind !== "missing") ?? "text"),
      isEditable: editable && readOnly !== true,
      isNullable: isList(type) && type.includes("null"),
      choices,
      wanted,
      isFixed: known !== undefined,
      width: wanted,
    };
  });
}

/** Return how wide columns should be together. */
export function wantedBy(columns: readonly Column[]): number {
  return columns.reduce((total, { wanted }) => total + wanted, 0);
}

/** Make columns a little wider or narrower than they should be, where they fill the room then. */
export function fill(columns: readonly Column[], room: number): void {
  const flexible = columns.filter(({ isFixed }) => !isFixed);
  let left = room - wantedBy(columns.filter(({ isFixed }) => isFixed));
  const factor = Math.min(left / wantedBy(flexible), STRETCH);
  for (const column of columns) {
    column.width = column.wanted;
    if (column.isFixed || !(factor >= SQUEEZE) || room <= 0) continue;
    column.width = Math.floor(column.wanted * factor);
    left -= column.width;
  }
  const last = flexible.at(-1);
  if (last && factor >= SQUEEZE && factor < STRETCH && room > 0) last.width += left; // what rounding took
}

/** Return the title of a value that has one of its own, or else the value. */
export function titled(choices: readonly Choice[] | undefined, value: Entry): Entry {
  if (!choices || value === null) return value; // it is missing, whatever it is called where a person chooses
  const title = choices.find((choice) => same(choice.value, value as Json))?.title;
  return title === undefined || title === exactText(value) ? value : title;
}

/** Return how wide a column is that has a label above some texts. */
export function widthFor(label: string, texts: readonly string[]): number {
  const longest = texts.reduce((length, text) => Math.max(length, text.length), 0);
  const [narrowest, widest] = WIDTHS;
  const needed = Math.max(longest * CHARACTER, label.length * CHARACTER + ARROW) + PADDING;
  return Math.round(Math.min(Math.max(needed, narrowest), widest));
}

// Of a list's schema those of its items, of a record's its own.
function propertiesOf(schema: JsonObject | undefined): JsonObject {
  const items = schema && own(schema, "items");
  const properties = isObject(items) ? own(items, "properties") : schema && own(schema, "properties");
  return isObject(properties) ? properties : {};
}

function choicesOf({ enum: values, oneOf }: Partial<JsonObject>): Choice[] | undefined {
  if (isList(values)) return values.map((value) => ({ value, title: exactText(value) }));
  if (!isList(oneOf)) return undefined;
  return oneOf.filter(isObject).map((one) => {
    const value = own(one, "const") ?? null;
    return { value, title: String(own(one, "title") ?? exactText(value)) };
  });
}

function kindOfSchema(type: Json | undefined, format: Json | undefined): Kind | undefined {
  const one = Array.isArray(type) ? type.find((name) => name !== "null") : type;
  if (one === "integer" || one === "number") return "number";
  if (one === "string") return format === "date" || format === "date-time" ? "date" : "text";
  return one === "boolean" ? "boolean" : undefined;
}
