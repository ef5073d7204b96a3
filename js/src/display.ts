/**
 * Floor 7. What a saved notebook holds of a model: a mimebundle, as Python makes it when the model is shown.
 *
 * Beside the state stand two static forms of it, for every place that knows nothing of syncstate: a code host, an
 * export, an untrusted notebook. All text in them is escaped. Both languages write the same, but for what a page
 * cannot know: it writes `1` where Python has `1.0`, and a registered type by its form.
 *
 * @module
 */

import { describe, isView } from "./arrays.ts";
import { takeBuffers } from "./buffers.ts";
import {
  isBytes,
  isContainer,
  isList,
  isObject,
  type Json,
  type JsonObject,
  own,
  spell,
} from "./document.ts";
import { Failure, formOf } from "./forms.ts";
import type { Seed } from "./messages.ts";

/** The MIME type of a model that is shown (docs/protocol.md, section 8). */
export const MIME_TYPE = "application/vnd.syncstate.view+json";

/** Bytes of JSON above which the state is not stored in the output: a notebook is no database. */
export const EMBED_LIMIT: number = 2 ** 20;

const SHOWN = 5;
const MEMBERS = 100;
const NAME_WIDTH = 24;

/** Return the mimebundle of a state; `view` holds what else is known of the model, its class and its code. */
export function mimebundle(view: JsonObject, seed: Seed): Record<string, Json> {
  const { epoch, version, read_only, document = {} } = seed;
  const { document: _, values: __, ...rest } = view;
  const name = own(view, "class");
  const title = typeof name === "string" ? name : "Model";
  return {
    [MIME_TYPE]: { ...rest, epoch, version, read_only, ...stored(document) },
    "text/html": asHtml(title, document),
    "text/plain": asText(title, document),
  };
}

/** Return a model's one-line form: `Board(title='Sales', rows=[1461 elements])`. */
export function asText(name: string, document: JsonObject): string {
  const members = Object.entries(document);
  const texts = members.slice(0, MEMBERS).map(([member, value]) => `${member}=${brief(value)}`);
  return `${name}(${[...texts, ...more(members.length, MEMBERS)].join(", ")})`;
}

/** Return a model's static form: its members in two columns, everything in it escaped. */
export function asHtml(name: string, document: JsonObject): string {
  const members = Object.entries(document);
  const shown = members.slice(0, MEMBERS);
  const width = Math.min(Math.max(0, ...shown.map(([member]) => lengthOf(member))), NAME_WIDTH);
  const indent = `\n${" ".repeat(width + 4)}`;
  const rows = shown.map(
    ([member, value]) => `\n  ${escaped(padded(member, width))}  ${escaped(lines(value).join(indent))}`,
  );
  const rest = more(members.length, MEMBERS).map((text) => `\n  ${text}`);
  return `<pre><code>${escaped(name)}${[...rows, ...rest].join("")}</code></pre>`; // an export takes its font from `pre`
}

function stored(document: JsonObject): JsonObject {
  if (weigh(document, EMBED_LIMIT) > EMBED_LIMIT) return {};
  const { frame, buffers } = takeBuffers({ document });
  return buffers.length > 0 || hasProto(frame) ? {} : frame; // as in Python
}

// JupyterLab's copy of an output makes a prototype of `__proto__`.
function hasProto(value: Json): boolean {
  if (!isContainer(value)) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some((member) => hasProto(member as Json));
}

function lines(value: Json): string[] {
  if (!isContainer(value)) return [brief(value, 1000)];
  const items = Object.entries(value) as [string, Json][];
  if (items.length === 0) return [brief(value, 1000)];
  const texts = items.slice(0, SHOWN).map(([key, member]) => `${key}: ${brief(member, 100)}`);
  return [...texts, ...more(items.length, SHOWN)];
}

function more(count: number, shown: number): string[] {
  return count > shown ? [`… ${count - shown} more`] : [];
}

function brief(value: Json, width = 60): string {
  if (isContainer(value) && weigh(value, width) > width) {
    const count = Object.keys(value).length;
    const [noun, opening, closing] = isList(value) ? ["element", "[", "]"] : ["member", "{", "}"];
    return `${opening}${count} ${noun}${count === 1 ? "" : "s"}${closing}`;
  }
  const text = textOf(value, width);
  return lengthOf(text) <= width ? text : `${[...text].slice(0, width - 1).join("")}…`;
}

// A value as Python spells it. Of what is long, no more than a width is looked at.
function textOf(value: Json, width: number): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numeral(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return quoted(value, width);
  if (isList(value)) return `[${value.map((element) => textOf(element, width)).join(", ")}]`;
  if (isObject(value)) {
    const members = Object.entries(value).map(
      ([name, member]) => `${quoted(name, width)}: ${textOf(member, width)}`,
    );
    return `{${members.join(", ")}}`;
  }
  if (isBytes(value)) return `b${quoted(String.fromCharCode(...value.subarray(0, width)), width, /[^ -~]/g)}`;
  if (isView(value)) return `[${describe(value)}]`;
  if (value instanceof Failure) return String(value);
  const form = formOf(value);
  return form?.type === "timedelta" ? duration(String(form.value)) : (spell(value) ?? String(value));
}

function numeral(value: number): string {
  if (!Number.isFinite(value)) return String(value).toLowerCase().replace("infinity", "inf");
  if (Object.is(value, -0)) return "-0.0";
  if (Number.isSafeInteger(value)) return String(value);
  const [digits = "", exponent] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16)
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function quoted(whole: string, width: number, unprintable: RegExp = UNPRINTABLE): string {
  const quote = whole.includes("'") && !whole.includes('"') ? '"' : "'";
  const text = whole.length > 2 * width ? whole.slice(0, 2 * width) : whole; // the rest would be cut
  const safe = text
    .replace(/[\\\n\r\t]/g, (letter) => NAMED[letter] ?? letter)
    .replaceAll(quote, `\\${quote}`)
    .replace(unprintable, (letter) => (letter === " " ? " " : coded(letter.codePointAt(0) ?? 0)));
  return `${quote}${safe}${quote}`;
}

const NAMED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const UNPRINTABLE = /[\p{C}\p{Z}]/gu;

function coded(point: number): string {
  const hex = point.toString(16);
  if (point < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

// ISO 8601, in seconds, as Python's str() writes it: `-1 day, 23:59:59.500000`.
function duration(iso: string): string {
  const [, sign, seconds = "0", fraction = ""] = /^(-?)PT(\d+)(?:\.(\d+))?S$/.exec(iso) ?? [];
  const size = BigInt(seconds) * SECOND + BigInt(fraction.padEnd(6, "0"));
  const micros = sign ? -size : size;
  const inDay = ((micros % DAY) + DAY) % DAY;
  const days = (micros - inDay) / DAY;
  const [clock, rest] = [inDay / SECOND, inDay % SECOND];
  const two = (count: bigint): string => String(count).padStart(2, "0");
  const day = days === 0n ? "" : `${days} day${days === 1n || days === -1n ? "" : "s"}, `;
  const tail = rest === 0n ? "" : `.${String(rest).padStart(6, "0")}`;
  return `${day}${clock / 3600n}:${two((clock / 60n) % 60n)}:${two(clock % 60n)}${tail}`;
}

const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

/** Estimate the bytes of a value's JSON, and stop counting above a limit. */
export function weigh(value: Json, limit: number): number {
  if (value === null || typeof value === "boolean") return textOf(value, 0).length;
  if (typeof value === "number") return numeral(value).length;
  if (typeof value === "string") return (value.length > 2 * limit ? value.length : lengthOf(value)) + 2;
  if (isView(value)) return value.byteLength;
  let total = 2;
  if (isList(value)) {
    for (const element of value) {
      total += 1 + weigh(element, limit);
      if (total > limit) break;
    }
    return total;
  }
  if (!isObject(value)) {
    const form = formOf(value);
    return form ? form.type.length + weigh(form.value as Json, limit) : 0;
  }
  for (const name of Object.keys(value)) {
    total += lengthOf(name) + 4 + weigh(own(value, name) ?? null, limit);
    if (total > limit) break;
  }
  return total;
}

// As Python counts: in characters.
function lengthOf(text: string): number {
  return /[\ud800-\udfff]/.test(text) ? [...text].length : text.length;
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - lengthOf(text)));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};
