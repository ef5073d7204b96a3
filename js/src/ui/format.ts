/**
 * Floor 9. Values as Python's `format` writes them (`syncstate/ui/formats.py`).
 *
 * @module
 */

import { isObject, type Json, own, spell, toText } from "../document.ts";

const DIGITS = 6; // what Python takes where a type asks for digits and none are said
const LONGEST = 20;

/** Write a value by what an element's `format` says. */
export function write(value: Json | undefined, format: Json | undefined): string {
  const said = isObject(format) ? format : {};
  const text = (name: string): string => String(own(said, name) ?? "");
  const written =
    typeof value === "number" && Number.isFinite(value) ? writeNumber(value, said) : plain(value);
  return `${text("before")}${written}${text("after")}`;
}

function writeNumber(value: number, said: Readonly<Record<string, Json>>): string {
  const type = String(own(said, "type") ?? "");
  const given = own(said, "digits");
  const digits = typeof given === "number" ? given : undefined;
  const comma = String(own(said, "comma") ?? "");
  const sign = own(said, "sign") === true && value >= 0 ? "+" : "";
  return sign + writeAs(type, value, digits, comma);
}

function writeAs(type: string, value: number, digits: number | undefined, comma: string): string {
  switch (type) {
    case "d":
      return grouped(value, 0, 0, comma);
    case "f":
      return grouped(value, digits ?? DIGITS, digits ?? DIGITS, comma);
    case "%":
      return `${grouped(value * 100, digits ?? DIGITS, digits ?? DIGITS, comma)}%`;
    case "e":
      return exponential(value.toExponential(digits ?? DIGITS));
    case "g":
      return general(value, digits ?? DIGITS, comma);
    default:
      if (digits !== undefined) return general(value, digits, comma);
      return grouped(value, 0, comma ? 3 : LONGEST, comma);
  }
}

/** As Python has it: so many digits that count, and an exponent where there are more before the point. */
function general(value: number, digits: number, comma: string): string {
  const precise = Math.max(1, digits);
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(Number(value.toPrecision(precise)))));
  if (exponent < -4 || exponent >= precise)
    return exponential(value.toExponential(precise - 1).replace(/\.?0+e/, "e"));
  return grouped(Number(value.toPrecision(precise)), 0, LONGEST, comma);
}

function exponential(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function grouped(value: number, least: number, most: number, comma: string): string {
  const options = { useGrouping: comma !== "", minimumFractionDigits: least, maximumFractionDigits: most };
  const text = value.toLocaleString("en-US", options);
  return comma === "_" ? text.replaceAll(",", "_") : text;
}

function plain(value: Json | undefined): string {
  const shown = spell(value) ?? value ?? "–";
  return typeof shown === "object" ? toText(shown) : String(shown);
}
