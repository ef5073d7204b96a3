/**
 * The pages of a run that are the real client: its link, replica and model, over a transport that is a pipe.
 *
 * Each line of the input is a list of commands, each line of the output the events of each; `pages.py` has
 * the table of both. The edits are those of `edits.py`, whose twin this is.
 */

import { createInterface } from "node:readline";
import { isList, isObject, type Json, type JsonObject, own, same } from "../../js/src/document.ts";
import { Link } from "../../js/src/link.ts";
import type { Model } from "../../js/src/model.ts";
import { apply, type Operation, type Patch } from "../../js/src/patch.ts";
import { join } from "../../js/src/pointer.ts";
import type { Transport } from "../../js/src/transports/transport.ts";

const NAMES = ["v", "w", "0", "12", "__proto__", "-", "", "~/"];
const CROWD = 40;
const UNIQUE = 1000;

type Meaning = JsonObject;
type Made = [Operation[], Meaning];

/** Choices, as the digits of a number. */
class Digits {
  #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  below(count: number): number {
    const digit = this.#number % count;
    this.#number = Math.floor(this.#number / count);
    return digit;
  }

  of<Option>(options: readonly Option[]): Option {
    return options[this.below(options.length)] as Option;
  }
}

/** Who makes values; no two authors make the same id or number. */
class Author {
  readonly #name: string;
  readonly #place: number;
  #count = 0;

  constructor(name: string, place: number) {
    this.#name = name;
    this.#place = place;
  }

  number(): number {
    this.#count += 1;
    return UNIQUE + 8 * this.#count + this.#place;
  }

  text(): string {
    this.#count += 1;
    return `${this.#name}${this.#count}`;
  }

  pebble(): JsonObject {
    return { id: this.text(), pebble: true, v: this.number() };
  }

  element(digits: Digits, depth = 2): Json {
    const kind = digits.below(4);
    if (kind === 0) return this.text();
    if (kind === 1) return this.pebble();
    const kids: Json[] = [];
    for (let left = depth > 0 ? digits.below(3) : 0; left > 0; left -= 1)
      kids.push(this.element(digits, depth - 1));
    return { id: this.text(), kids };
  }

  member(digits: Digits, holder: JsonObject): Json {
    const kind = digits.below(8);
    if (kind === 0) return digits.of<Json>([null, true, 1.5]);
    if (kind === 1 && !Object.hasOwn(holder, "pebble")) return { id: this.text(), kids: [this.text()] };
    return this.number();
  }
}

interface Place {
  readonly pointer: string;
  readonly holder: string;
  readonly name: string;
  readonly elements: readonly Json[];
}

interface Member {
  readonly pointer: string;
  readonly holder: JsonObject;
  readonly name: string;
}

const idOf = (holder: JsonObject): string => (own(holder, "id") as string | undefined) ?? "";
const identity = (element: Json): string | null => {
  if (isObject(element)) return idOf(element);
  return typeof element === "string" ? element : null;
};
// A member, and what its author saw there: a scalar, or the id of an object.
const named = (holder: JsonObject, name: string): { at: string[]; saw: Json } => {
  const value = own(holder, name) as Json;
  return { at: [idOf(holder), name], saw: isObject(value) ? idOf(value) : value };
};
const isScalar = (value: Json): boolean => !isObject(value) && !isList(value);
const at = (pointer: string, name: string): string => pointer + join(name);

/** The containers of a document that edits may act in. */
class Sight {
  readonly document: JsonObject;
  readonly objects: { pointer: string; holder: JsonObject }[] = [];
  readonly lists: Place[] = [];

  constructor(document: JsonObject) {
    this.document = document;
    const waiting = [{ pointer: "", holder: document }];
    for (let here = waiting.pop(); here; here = waiting.pop()) {
      const { pointer, holder } = here;
      if (pointer) this.objects.push(here);
      for (const name of Object.keys(holder)) {
        const value = own(holder, name) as Json;
        const below = at(pointer, name);
        if (isObject(value)) waiting.push({ pointer: below, holder: value });
        else if (isList(value) && name !== "sizes") {
          this.lists.push({ pointer: below, holder: idOf(holder), name, elements: value });
          value.forEach((element, index) => {
            if (isObject(element)) waiting.push({ pointer: `${below}/${index}`, holder: element });
          });
        }
      }
    }
  }

  get isCrowded(): boolean {
    return this.objects.length + this.lists.length > CROWD;
  }

  element(digits: Digits): { place: Place; index: number; element: Json } | undefined {
    const full = this.lists.filter(({ elements }) => elements.length > 0);
    if (full.length === 0) return undefined;
    const place = digits.of(full);
    const index = digits.below(place.elements.length);
    const element = place.elements[index] as Json;
    return identity(element) === null ? undefined : { place, index, element };
  }

  members(isWanted: (value: Json) => boolean): Member[] {
    return this.objects.flatMap(({ pointer, holder }) =>
      NAMES.filter((name) => Object.hasOwn(holder, name) && isWanted(own(holder, name) as Json)).map(
        (name) => ({ pointer, holder, name }),
      ),
    );
  }

  /** The same after an element or member was taken out. */
  without(pointer: string): Sight {
    return new Sight(apply(this.document, [{ op: "remove", path: pointer }]) as JsonObject);
  }
}

function gap({ pointer, holder, name, elements }: Place, digits: Digits): { path: string; target: Meaning } {
  const index = digits.below(elements.length + 1);
  const token = index === elements.length && digits.below(2) ? "-" : String(index);
  const left = index > 0 ? identity(elements[index - 1] as Json) : null;
  const right = index < elements.length ? identity(elements[index] as Json) : null;
  return { path: `${pointer}/${token}`, target: { in: [holder, name], between: [left, right] } };
}

type Verb = (sight: Sight, digits: Digits, author: Author) => Made | undefined;

const VERBS: Record<string, Verb> = {
  set({ objects }, digits, author) {
    const { pointer, holder } = digits.of(objects);
    const name = digits.of(NAMES);
    const op = Object.hasOwn(holder, name) && digits.below(4) ? "replace" : "add";
    const value = author.member(digits, holder);
    const meaning = { do: "set", at: [idOf(holder), name], value };
    return [
      [{ op, path: at(pointer, name), value }],
      op === "replace" ? { ...meaning, ...named(holder, name), replace: true } : meaning,
    ];
  },

  unset(sight, digits) {
    const members = sight.members(() => true);
    if (members.length === 0) return undefined;
    const { pointer, holder, name } = digits.of(members);
    return [[{ op: "remove", path: at(pointer, name) }], { do: "unset", ...named(holder, name) }];
  },

  top(_, digits, author) {
    const name = digits.of(["n", "mode", "sizes", "n", "mode", "ticks"] as const);
    const number = author.number();
    const values: Record<typeof name, Json[]> = {
      n: [number % 150, number, -number],
      mode: [`m${number}`, `bad${number}`],
      sizes: [[number], [number, 2], [number, "text"]],
      ticks: [number],
    };
    const value = digits.of(values[name]);
    return [[{ op: "replace", path: `/${name}`, value }], { do: "set", at: ["", name], value, replace: true }];
  },

  insert(sight, digits, author) {
    if (sight.isCrowded) return VERBS.remove?.(sight, digits, author);
    const { path, target } = gap(digits.of(sight.lists), digits);
    const value = author.element(digits);
    return [[{ op: "add", path, value }], { do: "insert", ...target, value }];
  },

  put(sight, digits, author) {
    const found = sight.element(digits);
    if (!found) return undefined;
    const value = author.element(digits, 1);
    const path = `${found.place.pointer}/${found.index}`;
    return [[{ op: "replace", path, value }], { do: "put", on: identity(found.element), value }];
  },

  remove(sight, digits) {
    const found = sight.element(digits);
    if (!found) return undefined;
    const path = `${found.place.pointer}/${found.index}`;
    return [[{ op: "remove", path }], { do: "remove", on: identity(found.element) }];
  },

  move(sight, digits) {
    const found = sight.element(digits);
    if (!found) return undefined;
    const from = `${found.place.pointer}/${found.index}`;
    const { path, target } = gap(digits.of(sight.without(from).lists), digits);
    return [[{ op: "move", from, path }], { do: "move", what: { on: identity(found.element) }, to: target }];
  },

  nest(sight, digits) {
    const found = sight.element(digits);
    if (!found) return undefined;
    const from = `${found.place.pointer}/${found.index}`;
    const holders = sight.without(from).objects.filter(({ holder }) => !Object.hasOwn(holder, "pebble"));
    const { pointer, holder } = digits.of(holders);
    const name = digits.of(NAMES);
    const meaning = {
      do: "move",
      what: { on: identity(found.element) },
      to: { at: [idOf(holder), name] },
    };
    return [[{ op: "move", from, path: at(pointer, name) }], meaning];
  },

  unnest(sight, digits) {
    const members = sight.members(isObject);
    if (members.length === 0) return undefined;
    const { pointer, holder, name } = digits.of(members);
    const from = at(pointer, name);
    const { path, target } = gap(digits.of(sight.without(from).lists), digits);
    return [
      [{ op: "move", from, path }],
      { do: "move", what: named(holder, name), to: target },
    ];
  },

  rename(sight, digits) {
    const members = sight.members(isScalar);
    if (members.length === 0) return undefined;
    const { pointer, holder, name } = digits.of(members);
    const other = digits.of(sight.objects);
    const otherName = digits.of(NAMES);
    const op = digits.of(["move", "copy"] as const);
    if (holder === other.holder && name === otherName) return undefined;
    const [from, path] = [at(pointer, name), at(other.pointer, otherName)];
    if (op === "move" && from.startsWith(`${path}/`)) return undefined;
    const what = named(holder, name);
    const meaning = { do: op, what, to: { at: [idOf(other.holder), otherName] } };
    // an object that came there meanwhile would be there twice, or where it may be copied
    if (op === "move" && !Object.hasOwn(other.holder, "pebble")) return [[{ op, from, path }], meaning];
    const check: Operation = { op: "test", path: from, value: own(holder, name) as Json };
    return [[check, { op, from, path }], { ...meaning, tested: true }];
  },

  copy(sight, digits, author) {
    const pebbles = sight.lists.flatMap(({ pointer, elements }) =>
      elements.flatMap((element, index) =>
        isObject(element) && Object.hasOwn(element, "pebble")
          ? [{ from: `${pointer}/${index}`, on: idOf(element) }]
          : [],
      ),
    );
    if (pebbles.length === 0 || sight.isCrowded) return undefined;
    const { from, on } = digits.of(pebbles);
    const place = digits.of(sight.lists);
    const { path: gapped, target } = gap(place, digits);
    const id = author.text();
    const path = gapped.endsWith("/-") ? `${place.pointer}/${place.elements.length}` : gapped;
    return [
      [
        { op: "copy", from, path },
        { op: "replace", path: `${path}/id`, value: id },
      ],
      { do: "copy", what: { on }, to: target, id },
    ];
  },

  test(sight, digits) {
    const members = sight.members(isScalar);
    if (members.length === 0) return undefined;
    const { pointer, holder, name } = digits.of(members);
    const value = own(holder, name) as Json;
    return [[{ op: "test", path: at(pointer, name), value }], { do: "test", ...named(holder, name), value }];
  },

  relist(sight, digits, author) {
    const { pointer, holder } = digits.of(
      sight.objects.filter(({ holder }) => !Object.hasOwn(holder, "pebble")),
    );
    const value: Json[] = [];
    for (let left = 1 + digits.below(2); left > 0; left -= 1) value.push(author.element(digits, 0));
    return [
      [{ op: "add", path: `${pointer}/kids`, value }],
      { do: "set", at: [idOf(holder), "kids"], value },
    ];
  },
};

type Choices = [verb: string, number: number][];

function edit(document: JsonObject, choices: Choices, author: Author, isAlone: boolean): [Patch, Meaning[]] {
  const operations: Operation[] = [];
  const meanings: Meaning[] = [];
  let seen = document;
  for (const [verb, number] of choices) {
    const made = VERBS[verb]?.(new Sight(seen), new Digits(number), author);
    if (!made || isForbidden(made[0][0] as Operation)) continue;
    seen = apply(seen, made[0]) as JsonObject;
    operations.push(...made[0]);
    meanings.push(made[1]);
  }
  if (operations.length > 0 && !isAlone && !operations.some(isMarked)) {
    const value = author.number();
    operations.push({ op: "add", path: "/map/v", value });
    meanings.push({ do: "set", at: ["map", "v"], value });
  }
  return [operations, meanings];
}

// Whether a move to what follows an element reads as one into it (RFC 6902, section 4.4).
function isForbidden(operation: Operation): boolean {
  return operation.op === "move" && operation.path.startsWith(`${operation.from}/`);
}

// Whether an operation contains a value that is made once.
function isMarked(operation: Operation): boolean {
  if (operation.op !== "add" && operation.op !== "replace") return false;
  const { value } = operation;
  return (
    typeof value === "string" ||
    isObject(value) ||
    isList(value) ||
    (Number.isInteger(value) && Math.abs(value as number) >= UNIQUE)
  );
}

type Event = [name: string, ...facts: unknown[]];

/** One page: a link with one model. */
class Page {
  events: Event[] = [];
  readonly #author: Author;
  #transport: Transport | undefined;
  #link: Link | undefined;
  #model: Model | undefined;
  // The own edits that a frame tells to have happened: their numbers by version.
  #answers = new Map<number, { base: number; number: number }>();

  constructor(name: string, place: number) {
    this.#author = new Author(name, place);
  }

  new(bundle: Json): void {
    const transport: Transport = {
      onFrame: () => {},
      onClose: () => {},
      close: () => {},
      send: (frame) => void (this.#transport === transport && this.events.push(["sent", frame])),
    };
    this.#transport = transport;
    this.#link = new Link(transport);
    this.#model = this.#link.model("board", bundle ?? undefined) as Model;
    const model = this.#model;
    let { state: shown, version } = model;
    model.on("change", (event) => {
      const answer = this.#answers.get(event.version);
      if (answer?.base === version && version !== event.version) {
        this.events.push(["answered", answer.number, same(shown, event.state)]);
      }
      ({ state: shown, version } = event);
    });
    model.on("error", ({ operations, reason }) => this.events.push(["told", operations, reason]));
  }

  frame(frame: JsonObject): void {
    this.#answers.clear();
    for (const message of frame.messages as JsonObject[]) {
      if (message.type !== "patch" || message.replica !== this.#link?.id || "to" in message) continue;
      this.#answers.set(message.version as number, {
        base: message.base as number,
        number: message.number as number,
      });
    }
    this.#transport?.onFrame(frame, []);
  }

  edit(choices: Choices): void {
    const model = this.#model;
    if (!model || Object.keys(model.state).length === 0 || ["connecting", "closed"].includes(model.status))
      return;
    const [operations, meanings] = edit(model.state, choices, this.#author, model.pending.length === 0);
    if (operations.length === 0) return;
    const { version } = model;
    try {
      model.apply(operations);
    } catch (error) {
      if ((error as Error).name !== "NotWritable") throw error;
      this.events.push(["refused"]);
      return;
    }
    this.events.push(["made", operations, meanings, version]);
  }

  stale(): void {
    this.#link?.stale("the connection was lost");
  }

  reopen(): void {
    this.#link?.reopen();
  }

  show(): void {
    if (!this.#model) return;
    const { state: document, version, status, pending } = this.#model;
    this.events.push(["shown", { document, version, status, pending: pending.length }]);
  }
}

// A script says what happens when: the client's own clock would say something else each time.
globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;

let pages: Page[] = [];

// What the client complains of, nobody would see here.
let faults: string[] = [];
console.error = (...facts: unknown[]) => void faults.push(facts.map(String).join(" "));

async function obey([name, place, argument]: [string, number, Json]): Promise<Event[]> {
  if (name === "reset") {
    pages = [];
    return [];
  }
  if (name === "page") {
    pages[place] = new Page(argument as string, place);
    return [];
  }
  const page = pages[place] as Page;
  page.events = [];
  faults = [];
  try {
    (page[name as "edit"] as (argument: unknown) => void).call(page, argument);
  } catch (error) {
    faults.push(String((error as Error).stack));
  }
  // the link sends what was said in one turn as one frame
  await Promise.resolve();
  await Promise.resolve();
  return [...page.events, ...faults.map((text): Event => ["fault", text])];
}

process.stdout.on("error", () => process.exit(0)); // nobody listens any more
for await (const line of createInterface({ input: process.stdin })) {
  const answers: Event[][] = [];
  for (const command of JSON.parse(line)) answers.push(await obey(command));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
process.exit(0);
