/**
 * JSON Patches applied to a document of 100,000 rows: by ours, by six packages, and by hand.
 *
 * By hand there are two floors, which know each case and check nothing. One makes a new document and shares
 * what is the same: one copy of the list, of the row, of the root. The other changes the document in place,
 * which nobody may do who compares states by `===`. Ours checks each patch, as the page's door does.
 *
 * Of patches that come one after the other, those before the last are never seen if they come faster than a page
 * draws. Then one copy for all of them is enough, and that is the third floor: what somebody held stays as it was.
 *
 * All cases run in every round, all of one case in rotated order, each as often as fills a few milliseconds of
 * the processor's time. A ratio is the median of the rounds. What takes longer runs in the first rounds only.
 * No collection of garbage is asked for: after one, the engine compiles everything anew.
 */

import { isDeepStrictEqual } from "node:util";
import fastJsonPatch from "fast-json-patch";
import { enablePatches, freeze, Immer, type Patch as ImmerPatch } from "immer";
import { immutableJSONPatch } from "immutable-json-patch";
import { applyPatch as joy } from "json-joy/esm/json-patch/applyPatch";
import { apply as mutative } from "mutative";
import { applyPatch as rfc6902 } from "rfc6902";
import type { KernelMessage } from "../js/src/messages.ts";
import { apply } from "../js/src/patch.ts";
import { Replica } from "../js/src/replica.ts";

interface Row {
  readonly id: number;
  readonly name: string;
  readonly price: number;
}
interface Document {
  n: number;
  rows: Row[];
}
/** What all the cases need: a value at a pointer. */
interface Operation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly value?: unknown;
}
type Patch = readonly [Operation, ...Operation[]];

const ROWS = 100_000;
const [rounds = 11] = process.argv.slice(2).map(Number);
const SLOW_ROUNDS = 3;
// How long a case runs in a round, and before the first one.
const MILLISECONDS = 4;
const WARM_UP = 20;

const row = (id: number): Row => ({ id, name: `item ${id}`, price: id * 1.5 });
const make = (): Document => ({ n: 0, rows: Array.from({ length: ROWS }, (_, id) => row(id)) });

// --- by hand --------------------------------------------------------------------------------------------------

type Change = (document: Document, patch: Patch) => Document;

/** Patches that are applied one after the other, and what the floors do for each of them. */
interface Case {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly oneCopy: Change;
  readonly inPlace: Change;
  /** Whether the floor to compare with is the one in place. */
  readonly isBurst?: boolean;
}

const cell = (at: number): Operation => ({ op: "replace", path: `/rows/${at}/price`, value: at + 0.25 });
const append = (at: number): Operation => ({ op: "add", path: `/rows/${ROWS + at}`, value: row(ROWS + at) });
const thousand = <Item>(item: (at: number) => Item): [Item, ...Item[]] =>
  Array.from({ length: 1000 }, (_, at) => item(at)) as [Item, ...Item[]];

function setCell(rows: Row[], { path, value }: Operation, isOwned = false): void {
  const [, , at, name] = path.split("/") as [string, string, number, string];
  if (isOwned) (rows[at] as never as Record<string, unknown>)[name] = value;
  else rows[at] = { ...rows[at], [name]: value } as Row;
}

const oneCell = {
  oneCopy: (document: Document, [{ path, value }]: Patch): Document => {
    const [, , at, name] = path.split("/") as [string, string, number, string];
    return { ...document, rows: document.rows.with(at, { ...(document.rows[at] as Row), [name]: value }) };
  },
  inPlace: (document: Document, [operation]: Patch): Document => {
    setCell(document.rows, operation, true);
    return document;
  },
};

const CASES: readonly Case[] = [
  {
    name: "a scalar",
    patches: [[{ op: "replace", path: "/n", value: 1 }]],
    oneCopy: (document, [{ path, value }]) => ({ ...document, [path.split("/")[1] as string]: value }),
    inPlace: (document, [{ path, value }]) => {
      document[path.split("/")[1] as "n"] = value as number;
      return document;
    },
  },
  { name: "a cell", patches: [[cell(ROWS / 2)]], ...oneCell },
  {
    name: "append",
    patches: [[append(0)]],
    oneCopy: (document, [{ value }]) => ({ ...document, rows: document.rows.concat([value as Row]) }),
    inPlace: (document, [{ value }]) => {
      document.rows.push(value as Row);
      return document;
    },
  },
  {
    name: "insert + remove", // in front, and not the same one: that would leave no trace
    patches: [
      [
        { op: "add", path: "/rows/0", value: row(-1) },
        { op: "remove", path: "/rows/1" },
      ],
    ],
    oneCopy: (document, [insertion]) => {
      const rows = document.rows.toSpliced(0, 0, insertion.value as Row);
      rows.splice(1, 1);
      return { ...document, rows };
    },
    inPlace: (document, [insertion]) => {
      document.rows.splice(0, 0, insertion.value as Row);
      document.rows.splice(1, 1);
      return document;
    },
  },
  {
    name: "1,000 cells",
    patches: [thousand((at) => cell((at * ROWS) / 1000))],
    oneCopy: (document, patch) => {
      const rows = document.rows.slice();
      for (const operation of patch) setCell(rows, operation);
      return { ...document, rows };
    },
    inPlace: (document, patch) => {
      for (const operation of patch) setCell(document.rows, operation, true);
      return document;
    },
  },
  {
    name: "1,000 appends",
    patches: [thousand(append)],
    oneCopy: (document, patch) => ({
      ...document,
      rows: document.rows.concat(patch.map(({ value }) => value as Row)),
    }),
    inPlace: (document, patch) => {
      for (const { value } of patch) document.rows.push(value as Row);
      return document;
    },
  },
  {
    name: "each of 1,000 patches",
    patches: thousand((at) => [cell((at * ROWS) / 1000)]),
    ...oneCell,
    isBurst: true,
  },
];

let last: Document; // so that no run is for nothing

// --- the packages, with their patches in the form that each takes ------------------------------------------------

/** Applies the first patches of a case, one after the other. */
type Run = (document: Document, count: number) => Document;

interface Library {
  readonly name: string;
  /** What it begins with: a document that it shares, that it has frozen, or that it changes in place. */
  readonly begins: "shared" | "frozen" | "mutable";
  readonly prepare: (one: Case) => Run;
  readonly isForBurst?: boolean;
}

function eachBy<Form>(
  change: (document: Document, patch: Form) => Document,
  form: (patch: Patch) => Form = (patch) => patch as never,
): Library["prepare"] {
  return ({ patches }) => {
    const forms = patches.map(form);
    return (document, count) => {
      let seen = document;
      for (let at = 0; at < count; at += 1) seen = change(seen, forms[at] as Form);
      return seen;
    };
  };
}

// Lets a page's replica hear the patches, as it does after its door: there they are checked.
function inPage(isLookedAt: boolean): Library["prepare"] {
  return ({ patches }) => {
    const [model, epoch] = ["table", "a1"];
    const messages = patches.map((operations, base) => {
      return { type: "patch", model, epoch, base, version: base + 1, operations } as unknown as KernelMessage;
    });
    return (document, count) => {
      const seed = { epoch, version: 0, read_only: [], document: document as never };
      const replica = new Replica("page", { model, seed });
      for (let at = 0; at < count; at += 1) {
        replica.receive(messages[at] as KernelMessage);
        if (isLookedAt) last = replica.document as never;
      }
      return replica.document as never;
    };
  };
}

// Copies what a burst changes once, for somebody holds the document, and changes the copy in place.
function copyThenInPlace({ patches, inPlace }: Case): Run {
  return (document, count) => {
    const rows = document.rows.slice();
    const copy = { ...document, rows };
    for (const [{ path }] of patches.slice(0, count)) {
      const at = Number(path.split("/")[2]);
      rows[at] = { ...(rows[at] as Row) };
    }
    for (const patch of patches.slice(0, count)) inPlace(copy, patch);
    return copy;
  };
}

function withTokens(patch: Patch): ImmerPatch[] {
  const tokens = (path: string): (string | number)[] =>
    path
      .slice(1)
      .split("/")
      .map((token) => (/^\d/.test(token) ? Number(token) : token));
  return patch.map((operation) => ({ ...operation, path: tokens(operation.path) }));
}

enablePatches();
const [melting, freezing] = [new Immer({ autoFreeze: false }), new Immer({ autoFreeze: true })];
const { applyPatch: fast } = fastJsonPatch;

const LIBRARIES: readonly Library[] = [
  { name: "floor: in place", begins: "mutable", prepare: (one) => eachBy(one.inPlace)(one) },
  { name: "floor: one copy", begins: "shared", prepare: (one) => eachBy(one.oneCopy)(one) },
  { name: "floor: a copy for all", begins: "shared", isForBurst: true, prepare: copyThenInPlace },
  {
    name: "syncstate",
    begins: "shared",
    prepare: eachBy((it, patch: never) => apply(it as never, patch) as never),
  },
  { name: "  page, all looked at", begins: "shared", isForBurst: true, prepare: inPage(true) },
  { name: "  page, nobody looks", begins: "shared", isForBurst: true, prepare: inPage(false) },
  {
    name: "immutable-json-patch",
    begins: "shared",
    prepare: eachBy((it, patch: never) => immutableJSONPatch(it, patch) as Document),
  },
  {
    name: "mutative",
    begins: "shared",
    prepare: eachBy((it, patch) => mutative(it, patch as never), withTokens),
  },
  {
    name: "immer, no freezing",
    begins: "shared",
    prepare: eachBy((it, patch) => melting.applyPatches(it, patch), withTokens),
  },
  {
    name: "immer",
    begins: "frozen",
    prepare: eachBy((it, patch) => freezing.applyPatches(it, patch), withTokens),
  },
  {
    name: "fast-json-patch",
    begins: "shared",
    prepare: eachBy((it, patch: never) => fast(it, patch, false, false).newDocument),
  },
  {
    name: "  in place",
    begins: "mutable",
    prepare: eachBy((it, patch: never) => fast(it, patch, false, true).newDocument),
  },
  {
    name: "json-joy",
    begins: "shared",
    prepare: eachBy((it, patch: never) => joy(it, patch, { mutate: false }).doc as Document),
  },
  {
    name: "  in place",
    begins: "mutable",
    prepare: eachBy((it, patch: never) => joy(it, patch, { mutate: true }).doc as Document),
  },
  {
    name: "rfc6902, in place",
    begins: "mutable",
    prepare: eachBy((it, patch: never) => {
      rfc6902(it, patch);
      return it;
    }),
  },
];

// --- measuring --------------------------------------------------------------------------------------------------

/** The milliseconds of the processor so far, in all threads of this process: a collector of garbage works, too. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const documents = { shared: make(), frozen: freeze(make(), true), mutable: make() };

/** A library in a case. */
class Entry {
  readonly library: Library;
  readonly #one: Case;
  readonly #run: Run;
  // How many patches of the case it applies in a run: one that takes long for each is spared most of a burst.
  #count: number;
  #runs = 1;
  #isSlow = false;
  // Milliseconds for a run, or for one patch of a burst, round by round.
  readonly #times: number[] = [];

  constructor(library: Library, one: Case) {
    this.library = library;
    this.#one = one;
    this.#run = library.prepare(one);
    this.#count = one.patches.length;
  }

  /** Demand that it does what the floor does, and find out how often it runs in a round. */
  warmUp(): void {
    if (this.#one.isBurst) {
      const second = Math.min(...[1, 2, 3].map(() => -this.#check(1) + this.#check(2))); // no collection in it
      if (second > 0) this.#count = Math.min(this.#count, Math.ceil(WARM_UP / second));
    }
    let milliseconds = this.#check(this.#count);
    this.#isSlow = milliseconds > 2 * WARM_UP;
    if (this.#isSlow) return;
    for (let spent = 0; spent < WARM_UP; spent += milliseconds * this.#runs) {
      milliseconds = this.#measure(this.#count, this.#runs);
      this.#runs = Math.ceil(MILLISECONDS / milliseconds);
    }
  }

  measure(round: number): void {
    if (this.#isSlow && round >= SLOW_ROUNDS) return;
    if (!this.#isSlow) this.#measure(this.#count, this.#runs); // the others ran since it did
    this.#times.push(this.#measure(this.#count, this.#runs) / (this.#one.isBurst ? this.#count : 1));
  }

  get milliseconds(): number {
    return median(this.#times);
  }

  over(floor: Entry): number {
    return median(this.#times.map((time, round) => time / (floor.#times[round] as number)));
  }

  // Returns the milliseconds that it took.
  #check(count: number): number {
    documents.mutable = make();
    const { name, begins } = this.library;
    const expected = eachBy(this.#one.oneCopy)(this.#one)(documents.shared, count);
    const start = now();
    const document = this.#run(documents[begins], count);
    const milliseconds = now() - start;
    if (isDeepStrictEqual(document, expected)) return milliseconds;
    throw new Error(`Cannot compare ${name.trim()}: it makes another document of '${this.#one.name}'`);
  }

  #measure(count: number, runs: number): number {
    const document = documents[this.library.begins];
    const isMutable = this.library.begins === "mutable";
    const start = now();
    for (let run = 0; run < runs; run += 1) {
      last = this.#run(document, count);
      if (isMutable) document.rows.length = ROWS; // as it was, for the next one
    }
    return (now() - start) / runs;
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

const table = CASES.map((one) =>
  LIBRARIES.filter(({ isForBurst }) => one.isBurst || !isForBurst).map((library) => new Entry(library, one)),
);
for (const entries of table) for (const entry of entries) entry.warmUp();
for (let round = 0; round < rounds; round += 1) {
  for (const entries of table) {
    for (const place of entries.keys()) entries[(place + round) % entries.length]?.measure(round);
  }
}

// --- showing ----------------------------------------------------------------------------------------------------

const three = (number: number): string =>
  number < 999.5 ? String(Number(number.toPrecision(3))) : number.toFixed();

function spelled(milliseconds: number): string {
  if (milliseconds >= 1000) return `${three(milliseconds / 1000)} s`;
  if (milliseconds >= 1) return `${three(milliseconds)} ms`;
  return milliseconds >= 0.001 ? `${three(milliseconds * 1000)} us` : `${three(milliseconds * 1e6)} ns`;
}

function shown(library: Library, column: number): string {
  const entries = table[column] as Entry[];
  const entry = entries.find((other) => other.library === library);
  if (!entry) return "";
  const floor = entries[CASES[column]?.isBurst ? 0 : 1] as Entry;
  const ratio = entry.over(floor);
  return `${spelled(entry.milliseconds)} ${(ratio < 0.01 ? "<0.01x" : `${three(ratio)}x`).padStart(6)}`;
}

console.log(
  `${ROWS.toLocaleString("en")} rows. Ratios: to one copy; for each of 1,000 patches, to in place.`,
);
console.log(
  "A page: its replica, behind the door that checks. Looked at after each patch, or only when all have come.",
);
for (const columns of [
  [0, 1, 2, 3],
  [4, 5, 6],
]) {
  console.log(`\n${"".padEnd(22)}${columns.map((column) => CASES[column]?.name.padStart(22)).join("")}`);
  for (const library of LIBRARIES) {
    const cells = columns.map((column) => shown(library, column).padStart(22));
    if (cells.some((text) => text.trim())) console.log(library.name.padEnd(22) + cells.join(""));
  }
  const targets = columns.map((column) => (CASES[column]?.isBurst ? "1x" : "1.2x").padStart(22));
  console.log("target for syncstate".padEnd(22) + targets.join(""));
}
