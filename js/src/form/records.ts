/**
 * Floor 9. A list of records, or a table: rows and columns, which are loaded when they are shown.
 *
 * @module
 */

import { isList, isObject, type Json, type JsonObject, own } from "../document.ts";
import { find } from "../pointer.ts";
import { isTable } from "../table.ts";
import { make } from "../view/element.ts";
import { loadGrid } from "../view/grid-chunk.ts";
import { counted, extentOf as tableExtent } from "../view/sheet.ts";
import { kindOf } from "../view/values.ts";
import { fillList } from "./collection.ts";
import { frame } from "./group.ts";
import type { Place } from "./place.ts";
import { inferred, initial, optionsOf, resolved, type Schema, withoutNull } from "./schema.ts";

const LOOKED_AT = 50; // rows that say what a list of anything holds
const CELLS: ReadonlySet<string | undefined> = new Set(["string", "integer", "number", "boolean"]);
const FORMATS: ReadonlySet<string | undefined> = new Set([undefined, "date", "date-time"]);

/** Tell whether all that is in an object has room in a cell, and is written there as well as in a control. */
export function isRecord({ properties, additionalProperties, actions }: Schema, root: Schema): boolean {
  const members = Object.values(properties ?? {});
  if (members.length === 0 || additionalProperties || actions) return false;
  return members.every((member) => {
    const [schema] = withoutNull(resolved(member, root));
    const said = resolved(schema, root);
    if (said.widget !== undefined) return false; // somebody wants to see another control
    return optionsOf(said) !== undefined || (CELLS.has(said.type) && FORMATS.has(said.format));
  });
}

/** Tell whether a list of anything holds records: rows, as far as one looks, whose members have room in a cell. */
export function areRecords(value: Json | undefined): boolean {
  if (!isList(value) || value.length === 0) return false;
  const hasRoom = (cell: Json): boolean => kindOf(cell) !== "other";
  return value
    .slice(0, LOOKED_AT)
    .every((row) => isObject(row) && Object.keys(row).length > 0 && Object.values(row).every(hasRoom));
}

/** Draw a list of records. */
export function records(place: Place): HTMLElement {
  return frame(place, place.depth < 2, extentOf, (content) => {
    void fill(place, content, gridOf(place), () => fillList(place, content));
  });
}

/** Draw a table, which pages may look at alone. */
export function table(place: Place): HTMLElement {
  const { ground: model, pointer, label } = place;
  return frame(place, place.depth < 2, extentOf, (content) => {
    void fill(place, content, { model, pointer, label, editable: false }, () => {});
  });
}

async function fill(place: Place, content: HTMLElement, grid: Grid, instead: () => void): Promise<void> {
  const { signal } = place;
  const note = make("p", { class: "syncstate-empty", role: "status" }, "Loading…");
  content.append(note);
  try {
    const { render } = await loadGrid();
    if (signal.aborted) return;
    const el = make("div", { class: "syncstate-records", "data-pointer": place.pointer });
    render({ ...grid, el, signal });
    note.replaceWith(el);
  } catch (error) {
    if (signal.aborted) return;
    note.textContent = `Cannot show '${place.pointer}' as rows and columns: ${(error as Error).message}`;
    instead();
  }
}

type Options = Parameters<Awaited<ReturnType<typeof loadGrid>>["render"]>[0];
type Grid = Omit<Options, "el" | "signal">;

function gridOf({ ground, pointer, schema, root, label, isReadOnly }: Place): Grid {
  const { items, minItems: least = 0, maxItems: most = Number.POSITIVE_INFINITY } = schema;
  const record = resolved(items || {}, root);
  const last = (): JsonObject | undefined => lastOf(find(ground.state as Json, pointer));
  let like = last() ?? {}; // without a schema a new row is as the last one was
  const fresh = (): Json => {
    like = last() ?? like;
    return initial(record.properties ? record : alike(like), root);
  };
  return {
    model: ground,
    pointer,
    label,
    ...columnsOf(record, root),
    editable: !isReadOnly,
    growth: isReadOnly ? undefined : { least, most, fresh },
  };
}

// Without a schema they are what is there.
function columnsOf({ properties }: Schema, root: Schema): Pick<Grid, "columns" | "schema"> {
  if (!properties) return {};
  const columns = Object.keys(properties);
  const cells = columns.map((name) => [name, cellOf(own(properties, name) as Schema, root)]);
  return { columns, schema: { properties: Object.fromEntries(cells) } };
}

function lastOf(rows: Json | undefined): JsonObject | undefined {
  const row = isList(rows) ? rows.at(-1) : undefined;
  return isObject(row) ? row : undefined;
}

// The schema of records with the members of one.
function alike(row: JsonObject): Schema {
  const properties = Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, inferred(cell)]));
  return { type: "object", properties, required: Object.keys(row) };
}

/** What is said of a cell, without references and branches. */
function cellOf(member: Schema, root: Schema): JsonObject {
  const [schema, isNullable] = withoutNull(resolved(member, root));
  const { type, format, title, description, readOnly, ...said } = resolved(schema, root);
  const isChosen = type === "boolean" && isNullable; // of true, false and nothing
  const options = isChosen ? BOOLEANS : optionsOf(said);
  const hasNone = !isNullable || options?.some(({ value }) => value === null);
  const all = options && (hasNone ? options : [...options, { value: null, title: "None" }]);
  return {
    type: isNullable && type ? [type, "null"] : (type ?? null),
    format: format ?? null,
    title: title ?? null,
    description: description ?? null,
    readOnly: readOnly === true,
    ...(all && { oneOf: all.map(({ value, title: told }) => ({ const: value, title: told })) }),
  };
}

const BOOLEANS = [true, false].map((value) => ({ value, title: String(value) }));

// What is open says below its rows how many they are.
function extentOf(value: Json | undefined, isShown: boolean): string {
  if (isTable(value)) return tableExtent(value);
  return isShown ? "" : counted(isList(value) ? value.length : 0, "row");
}
