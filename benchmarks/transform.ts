/**
 * Random concurrent edits of one list through three JSON Patch transforms, judged by the identity of elements.
 *
 * Both sides begin with the same 12 elements. One side's patch is committed; the other's is transformed over it
 * and applied. Elements have ids, so what the second author meant is known without any index.
 */

import threads from "@threads/json-patch-ot";
import palindrom from "json-patch-ot";
import { Conflict, PatchError } from "../js/src/errors.ts";
import { apply, type Operation, type Patch, trace } from "../js/src/patch.ts";
import { rebase } from "../js/src/rebase.ts";

interface Element {
  readonly id: string;
}
interface Document {
  readonly rows: readonly Element[];
}
/** What an author meant: elements that were to go, and elements that were to move. */
interface Meant {
  readonly gone: Set<string>;
  readonly replaced: Set<string>;
  readonly moved: Set<string>;
}
interface Side {
  readonly patch: Operation[];
  readonly meant: Meant;
}

const [pairs = 20_000, seed = 1] = process.argv.slice(2).map(Number);

/** A small random generator (xorshift, 32 bits), so that a seed says everything. */
function generator(state: number): (below: number) => number {
  let x = state * 2_654_435_761 + 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

function side(document: Document, count: number, name: string, below: (count: number) => number): Side {
  const patch: Operation[] = [];
  const meant: Meant = { gone: new Set(), replaced: new Set(), moved: new Set() };
  let seen = document;
  for (let made = 0; made < count; made += 1) {
    const { rows } = seen;
    const at = below(rows.length);
    const { id } = rows[at] as Element;
    const operation = [
      (): Operation => ({ op: "add", path: `/rows/${below(rows.length + 1)}`, value: { id: `${name}${made}` } }),
      (): Operation => {
        meant.gone.add(id);
        return { op: "remove", path: `/rows/${at}` };
      },
      (): Operation => {
        meant.replaced.add(id);
        return { op: "replace", path: `/rows/${at}`, value: { id: `${name}${made}` } };
      },
      (): Operation => {
        meant.moved.add(id);
        return { op: "move", from: `/rows/${at}`, path: `/rows/${below(rows.length)}` };
      },
    ][below(4)]?.() as Operation;
    patch.push(operation);
    seen = apply(seen as never, [operation]) as unknown as Document;
  }
  return { patch, meant };
}

type Transform = (edit: Patch, committed: Patch, document: Document) => Patch;

const TRANSFORMS: Record<string, Transform> = {
  "json-patch-ot 1.0.1": (edit, committed) => palindrom.transform(structuredClone(edit), structuredClone(committed)),
  "@threads/json-patch-ot 1.0.0": (edit, committed) => threads(structuredClone(committed), structuredClone(edit)),
  syncstate: (edit, committed, document) => {
    const over = trace(document as never, committed).steps;
    return rebase(trace(document as never, edit).steps, over).map(({ operation }) => operation);
  },
};

const ids = ({ rows }: Document): string[] => rows.map(({ id }) => id);

/** Whether a patch did something to an element that its author did not mean. */
function isWrong(before: Document, after: Document, { meant }: Side, successors: Map<string, string>): boolean {
  const [old, now] = [ids(before), ids(after)];
  if (new Set(now).size !== now.length) return true;
  // where both set one element, the later one wins: that is no mistake
  const replaced = new Set([...meant.replaced].flatMap((id) => [id, successors.get(id) ?? id]));
  const touched = new Set([...meant.gone, ...replaced, ...meant.moved]);
  if (old.some((id) => !now.includes(id) && !meant.gone.has(id) && !replaced.has(id))) return true;
  const kept = new Set(old.filter((id) => now.includes(id) && !touched.has(id)));
  const order = (list: string[]): string => list.filter((id) => kept.has(id)).join();
  return order(old) !== order(now);
}

/** Who stands where an element stood, after the other side's replacements. */
function successorsOf(document: Document, patch: Patch): Map<string, string> {
  const successors = new Map<string, string>();
  let seen = document;
  for (const operation of patch) {
    if (operation.op === "replace") {
      const old = seen.rows[Number(operation.path.slice("/rows/".length))]?.id as string;
      const first = [...successors].find(([, id]) => id === old)?.[0] ?? old;
      successors.set(first, (operation.value as unknown as Element).id);
    }
    seen = apply(seen as never, [operation]) as unknown as Document;
  }
  return successors;
}

interface Tally {
  broken: number;
  wrong: number;
  refused: number;
  dropped: number;
}

function measure(transform: Transform, operations: number): Tally {
  const below = generator(seed);
  const tally: Tally = { broken: 0, wrong: 0, refused: 0, dropped: 0 };
  const document: Document = { rows: Array.from({ length: 12 }, (_, at) => ({ id: `e${at}` })) };
  for (let pair = 0; pair < pairs; pair += 1) {
    const committed = side(document, operations, "c", below);
    const edit = side(document, operations, "d", below);
    const before = apply(document as never, committed.patch) as unknown as Document;
    try {
      const patch = transform(edit.patch, committed.patch, document);
      if (patch.length < edit.patch.length) tally.dropped += 1;
      const after = apply(before as never, patch) as unknown as Document;
      if (isWrong(before, after, edit, successorsOf(document, committed.patch))) tally.wrong += 1;
    } catch (error) {
      if (error instanceof Conflict) tally.refused += 1;
      else if (error instanceof PatchError || error instanceof TypeError) tally.broken += 1;
      else throw error;
    }
  }
  return tally;
}

const percent = (count: number): string => `${((100 * count) / pairs).toFixed(2)} %`.padStart(10);

console.log(`${pairs} random concurrent pairs on a list of 12 elements, seed ${seed}`);
for (const operations of [1, 3]) {
  console.log(`\n${operations} operation${operations > 1 ? "s" : ""} a side`.padEnd(32), "does not apply  wrong element  refused whole  partly dropped");
  for (const [name, transform] of Object.entries(TRANSFORMS)) {
    const { broken, wrong, refused, dropped } = measure(transform, operations);
    const cells = [broken, wrong, refused, dropped].map((count) => percent(count).padStart(14));
    console.log(name.padEnd(30), cells.join(" "));
  }
}
