/**
 * Floor 0. Leaves that JSON lacks, and the forms that they have on the wire (`docs/protocol.md`, section 1).
 *
 * NaN, the infinities and `BigInt`s are what they are. All others are objects whose form is known here: dates,
 * failures, values of registered types. Such a value never changes.
 *
 * @module
 */

/** What a leaf is on the wire: a name, and a value of a document. */
export interface Form {
  readonly type: string;
  readonly value: unknown;
}

/** A date of a document, with the exact text of it: microseconds, an offset or none; of a day ten characters. */
export type ExactDate = Date & { readonly iso: string };

/** How values of a registered type travel. */
export interface Codec<Value extends object = object> {
  /** The class whose instances are encoded; without it the page can only show and return values. */
  readonly type?: abstract new (
    ...values: never[]
  ) => Value;
  /** Return what a value is made of: called once, for it never changes. */
  encode?(value: Value): unknown;
  /** Return the value that is made of what was encoded: an object. */
  decode(form: never): Value;
}

// One for all copies of this module in a page: the form is a bundle of its own, and a leaf is one to all of them.
const FORMS = Symbol.for("syncstate.forms");
const page = globalThis as { [FORMS]?: WeakMap<object, Form> };
page[FORMS] ??= new WeakMap();
const forms = page[FORMS];
const codecs = new Map<string, Codec>();

/** What stands where a value would, had computing it not failed. */
export class Failure {
  readonly type: string;
  readonly text: string;

  constructor(type: string, text: string) {
    this.type = type;
    this.text = text;
    keep(Object.freeze(this), "failure", { type, text });
  }

  toString(): string {
    return `${this.type}: ${this.text}`;
  }
}

/** A value of a type that this page has nothing for. */
export class Tagged {
  readonly type: string;
  readonly value: unknown;

  constructor(type: string, value: unknown) {
    this.type = type;
    this.value = value;
    keep(Object.freeze(this), type, value);
  }
}

/**
 * Say how values of a type travel that Python's `register` knows by the same name.
 *
 * @example
 * register("Decimal", { type: Money, encode: (money) => money.text, decode: (text) => new Money(text) });
 */
export function register<Value extends object>(name: string, codec: Codec<Value>): void {
  if (Object.hasOwn(READERS, name))
    throw new TypeError(`Cannot register '${name}': values of that type have a form already`);
  codecs.set(name, codec as Codec);
}

/** Return the form of a leaf, or nothing: JSON has it, it is a view of a buffer, or it holds others. */
export function formOf(value: unknown): Form | undefined {
  // JSON.stringify makes 0 of -0
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { type: "float", value: value === 0 ? "-0" : String(value) };
  if (typeof value === "bigint") return { type: "int", value: String(value) };
  return typeof value === "object" && value !== null ? forms.get(value) : undefined;
}

/** Tell whether a value is an object that is one leaf. */
export function isLeaf(value: object): boolean {
  return forms.has(value);
}

/** Tell whether a value is a date, of whatever frame. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

/**
 * Return the date of a text in ISO 8601: a day where it has ten characters, in the time zone of the page; a
 * moment, of which a text without an offset means that zone too.
 *
 * @throws {RangeError} if it is none
 */
export function exactDate(iso: string): ExactDate {
  // JavaScript has no seconds in an offset
  const date = new Date(iso.length === 10 ? `${iso}T00:00` : iso.replace(/([+-]\d\d:\d\d):[\d.]+$/, "$1"));
  if (Number.isNaN(date.getTime())) throw new RangeError(`'${iso}' is no date`);
  Object.defineProperty(date, "iso", { value: iso });
  return keep(date as ExactDate, iso.length === 10 ? "date" : "datetime", iso);
}

/** Return the date that a person wrote, or nothing. */
export function readDate(text: string): ExactDate | undefined {
  try {
    return exactDate(text.replace(" ", "T"));
  } catch {
    return undefined;
  }
}

/** Return a value, of which the form is known from now on. */
export function keep<Value extends object>(value: Value, type: string, form: unknown): Value {
  forms.set(value, { type, value: form });
  return value;
}

/** Return what is registered for the nearest class of a value. */
export function codecOf(value: object): [name: string, codec: Codec] | undefined {
  for (let prototype = value; prototype; prototype = Object.getPrototypeOf(prototype)) {
    const found = [...codecs].find(([, { type, encode }]) => encode && type?.prototype === prototype);
    if (found) return found;
  }
  return undefined;
}

/** Return the leaf of a form; of a type that is not registered here, or of no such form, a {@link Tagged}. */
export function construct(type: string, value: unknown): unknown {
  const isOwn = Object.hasOwn(READERS, type);
  try {
    const made = (isOwn ? READERS[type] : codecs.get(type)?.decode)?.(value as never);
    if (typeof made === "object" && made !== null) return keep(made, type, value);
    if (isOwn) return made;
  } catch (error) {
    console.error(`Cannot read a '${type}':`, error);
  }
  return new Tagged(type, value);
}

const READERS: Readonly<Record<string, (value: never) => unknown>> = {
  float: Number,
  int: BigInt,
  date: exactDate,
  datetime: exactDate,
  failure: ({ type, text }: Failure) => new Failure(type, text),
};
