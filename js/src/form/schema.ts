/**
 * Floor 9. What a JSON Schema says of a place, as far as a form asks (`docs/guide/form.md`).
 *
 * @module
 */

import { isList, isObject, type Json, own, same } from "../document.ts";
import { formOf, isDate, readDate, Tagged } from "../forms.ts";
import { find } from "../pointer.ts";
import { isTable } from "../table.ts";

/** A JSON Schema, in the words that a form understands. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly format?: string;
  /** The type of a leaf that JSON lacks. */
  readonly leaf?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly readOnly?: boolean;
  readonly widget?: string;
  readonly enum?: readonly Json[];
  readonly oneOf?: readonly { readonly const: Json; readonly title: string }[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly step?: number;
  readonly formatMinimum?: string;
  readonly formatMaximum?: string;
  readonly maxLength?: number;
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly propertyNames?: Schema;
  /** What pages may call, by name. */
  readonly actions?: Readonly<Record<string, ActionSchema>>;
}

/** What is said of an action. */
export interface ActionSchema {
  readonly title?: string;
  readonly description?: string;
  readonly parameters: Schema & { readonly positional?: readonly string[] };
}

/** One of several values, and what a person reads of it. */
export interface Option {
  readonly value: Json;
  readonly title: string;
}

/** Return a schema with what it refers to; what stands beside the reference says more of this place. */
export function resolved(schema: Schema, root: Schema): Schema {
  let [found, seen] = [schema, 0];
  for (; found.$ref !== undefined && seen < DEEP; seen += 1) {
    const { $ref, ...beside } = found;
    const target = find(root as unknown as Json, $ref.slice(1));
    found = { ...(isObject(target) ? (target as unknown as Schema) : {}), ...beside };
  }
  return found;
}

const DEEP = 8; // references that lead to references

/** Return a schema without the `null` that it allows, and whether it does. */
export function withoutNull(schema: Schema): [schema: Schema, isNullable: boolean] {
  const { anyOf, ...beside } = schema;
  if (!anyOf) return [schema, schema.type === "null" || schema.enum?.includes(null) === true];
  const branches = anyOf.filter(({ type }) => type !== "null");
  const [only, ...others] = branches;
  const left = only && others.length === 0 ? { ...only, ...beside } : { ...beside, anyOf: branches };
  return [left, branches.length < anyOf.length];
}

/** Return the values among which a person chooses, if there are such. */
export function optionsOf(schema: Schema): Option[] | undefined {
  if (schema.oneOf) return schema.oneOf.map(({ const: value, title }) => ({ value, title }));
  return schema.enum?.map((value) => ({
    value: fromText(schema, value),
    title: value === null ? "None" : String(value),
  }));
}

/** Return a value of a document for one of a schema, where dates and the like are text. */
export function fromText(schema: Schema, value: Json): Json {
  if (typeof value !== "string") return value;
  if (schema.format === "date" || schema.format === "date-time") return readDate(value) ?? value;
  return schema.format === "time"
    ? new Tagged("time", value)
    : schema.format === "duration"
      ? new Tagged("timedelta", value)
      : value;
}

/** Return what a new element is at first: its default, or the least that its schema allows. */
export function initial(schema: Schema, root: Schema, depth = 0): Json {
  const said = resolved(schema, root);
  if (said.default !== undefined) return fromText(said, said.default);
  if (said.anyOf?.some(({ type }) => type === "null") || depth > DEEP) return null;
  const [first] = optionsOf(said) ?? [];
  if (first) return first.value;
  if (said.anyOf?.[0]) return initial(said.anyOf[0], root, depth + 1);
  if (said.format) return fromText(said, said.formatMinimum ?? firstOf(said.format));
  switch (said.type) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "integer":
    case "number":
      return Math.min(Math.max(0, said.minimum ?? 0), said.maximum ?? Number.POSITIVE_INFINITY);
    case "array":
      return (said.prefixItems ?? []).map((item) => initial(item, root, depth + 1));
    case "object": {
      const members = (said.required ?? []).map((name): [string, Json] => {
        return [name, initial(own(said.properties ?? {}, name) ?? {}, root, depth + 1)];
      });
      return Object.fromEntries(members);
    }
    default:
      return null;
  }
}

function firstOf(format: string): string {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  if (format === "date") return local.slice(0, 10);
  if (format === "date-time") return `${local.slice(0, 16)}:00`;
  return format === "time" ? "00:00:00" : "PT0S";
}

/** Tell whether a value may be of a branch of a union, by what is seen at once. */
export function isOf(schema: Schema, value: Json | undefined, root: Schema): boolean {
  const said = resolved(schema, root);
  const options = optionsOf(said);
  if (options) return options.some((option) => same(option.value, value));
  const { type = said.leaf } = inferred(value);
  if (said.type === "object" && isObject(value)) return isRecordOf(said, value, root);
  return said.type === type || said.leaf === type || (said.type === "number" && type === "integer");
}

function isRecordOf({ properties, required = [] }: Schema, value: Json, root: Schema): boolean {
  if (!properties || !isObject(value)) return true;
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, member]) => {
      const said = own(properties, name);
      return said !== undefined && (!(said.enum || said.oneOf) || isOf(said, member, root));
    })
  );
}

/** Return what can be told of a place by what stands there. */
export function inferred(value: Json | undefined): Schema {
  if (typeof value === "string") return { type: "string" };
  if (typeof value === "boolean") return { type: "boolean" };
  if (typeof value === "number" || typeof value === "bigint")
    return { type: Number.isInteger(value) ? "integer" : "number" };
  if (isDate(value)) return { type: "string", format: value.iso.length === 10 ? "date" : "date-time" };
  const form = formOf(value)?.type;
  if (form === "time") return { type: "string", format: "time" };
  if (form === "timedelta") return { type: "string", format: "duration" };
  if (isTable(value)) return { type: "object", leaf: "table" };
  if (isList(value)) return { type: "array" };
  if (isObject(value)) return { type: "object" };
  return value === null || value === undefined ? { type: "null" } : { leaf: "unknown" };
}
