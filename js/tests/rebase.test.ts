import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../src/document.ts";
import type { Conflict } from "../src/errors.ts";
import { apply, type Operation, type Patch, type Step, sourceOf, trace } from "../src/patch.ts";
import { join } from "../src/pointer.ts";
import { type Own, rebase, related } from "../src/rebase.ts";
import { canonical, cases, frozen } from "./support/conformance.ts";
import { type Meaning, meet, type Node, Tree } from "./support/identities.ts";

interface RebaseCase {
  comment: string;
  document: Json;
  over: Patch;
  edit: Patch;
  earlier?: { then: Operation | null; now: Operation | null }[];
  result: Patch | null;
  pointer?: string;
  reason?: string;
}

// Carries an edit as the case says; each side of it is typed by the document that it was made on.
function carried({ document, over, edit, earlier = [] }: RebaseCase): Patch {
  const then = trace(
    document,
    earlier.flatMap((pair) => pair.then ?? []),
  );
  const shown = [...then.steps];
  const own = earlier.map((pair): Own => {
    const step = pair.then ? shown.shift() : undefined;
    const typed = step ?? trace(document, pair.now ? [pair.now] : []).steps[0];
    return [step, typed && pair.now ? { ...typed, operation: pair.now } : undefined];
  });
  return operationsOf(rebase(trace(then.document, edit).steps, trace(document, over).steps, own));
}

function operationsOf(steps: readonly Step[]): Patch {
  return steps.map(({ operation }) => operation);
}

describe("the shared cases", () => {
  test.each(cases<RebaseCase>("rebase"))("$comment", (shared) => {
    const { result, pointer, reason: message } = frozen(shared);

    // as text: the members of an operation stay in order, too
    if (result) expect(JSON.stringify(carried(shared))).toBe(JSON.stringify(result));
    else
      expect(() => carried(shared)).toThrow(expect.objectContaining({ name: "Conflict", pointer, message }));
  });
});

// -- any edits over any commits

/** Choices, as numbers that can be made smaller; when they are used up, the first of everything. */
class Choices {
  readonly #numbers: readonly number[];
  #used = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(count: number): number {
    this.#used += 1;
    return (this.#numbers[this.#used - 1] ?? 0) % count;
  }

  of<Option>(options: readonly Option[]): Option {
    return options[this.below(options.length)] as Option;
  }
}

const NAMES = ["a", "b", "0", "1", "-", "a/b", "__proto__"];
const VERBS = ["add", "remove", "replace", "move", "add", "move", "copy", "test"] as const;

function valueFor(choices: Choices, depth: number): Json {
  const kind = choices.below(depth > 0 ? 4 : 1);
  if (kind === 0) return choices.below(100);
  if (kind === 1)
    return { a: valueFor(choices, depth - 1), [choices.of(["b", "0"])]: valueFor(choices, depth - 1) };
  return Array.from({ length: choices.below(4) }, () => valueFor(choices, depth - 1));
}

function documentFor(choices: Choices): JsonObject {
  const row = (): Json => ({ a: valueFor(choices, 1), kids: [0, valueFor(choices, 2), 1] });
  return { rows: [row(), row(), row(), [0, 1]], a: valueFor(choices, 3), b: { 0: 0, 1: [1, 2] } };
}

// Returns an operation that applies to a document, or nothing if the choice makes none.
function operationFor(choices: Choices, tree: Tree, ends: readonly "-"[]): Operation | undefined {
  const [root, ...inside] = tree.nodes;
  if (!root || inside.length === 0) return undefined; // a document stays an object
  const op = choices.of(VERBS);
  const [from] = choices.of(inside);
  const value = choices.below(100);
  const path =
    op === "remove" || op === "replace" || op === "test" ? from : gapFor(choices, [root, ...inside], ends);
  const operation = { op, ...((op === "move" || op === "copy") && { from }), path, value } as Operation;
  try {
    apply(tree.json, [operation]);
    return operation;
  } catch {
    return undefined;
  }
}

function gapFor(choices: Choices, nodes: Tree["nodes"], ends: readonly "-"[]): string {
  const holders = nodes.filter(([, { content }]) => content instanceof Map || Array.isArray(content));
  const [pointer, { content }] = choices.of(holders);
  if (!Array.isArray(content)) return pointer + join(choices.of(NAMES));
  return pointer + join(choices.of([...content.keys(), content.length, ...ends]));
}

/** A document that others change, an author who sees nothing of it yet, and his edits carried to it one by one. */
class World {
  readonly #choices: Choices;
  /** What the author sees. */
  readonly #author: Tree;
  /** The document of today, with those of his edits that stand. */
  readonly #today: Tree;
  readonly #over: Step[] = [];
  readonly #own: Own[] = [];

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#author = Tree.of(documentFor(choices));
    this.#today = this.#author.clone();
    for (let left = choices.below(6); left > 0; left -= 1) {
      const operation = operationFor(choices, this.#today, ["-"]);
      if (operation) this.#over.push(this.#made(this.#today, operation, `c${left}`, false).step);
    }
  }

  /** Let the author make an edit, and carry it, or take it back. */
  edit(name: string): void {
    const steps: Step[] = [];
    const meanings: Meaning[] = [];
    for (let left = 1 + this.#choices.below(3); left > 0; left -= 1) {
      const operation = operationFor(this.#choices, this.#author, ["-"]);
      if (!operation) continue;
      const { step, meaning } = this.#made(this.#author, operation, `${name}${steps.length}`, true);
      steps.push(step);
      meanings.push(meaning);
    }
    const isTakenBack = this.#choices.below(5) === 4;
    const placed = isTakenBack ? [] : this.#carried(name, steps, meanings);
    this.#own.push(...steps.map((step, at): Own => [step, placed[at]]));
  }

  // Does what an operation says; what was traced of it must be what was done.
  #made(tree: Tree, operation: Operation, name: string, isOwn: boolean): { step: Step; meaning: Meaning } {
    const { document, steps } = trace(tree.json, [operation]);
    const step = steps[0] as Step;
    const meaning = tree.run(step.operation, name, isOwn);
    expect(canonical(tree.json)).toBe(canonical(document));
    return { step, meaning };
  }

  #carried(name: string, steps: readonly Step[], meanings: readonly Meaning[]): readonly Step[] {
    let placed: readonly Step[];
    try {
      placed = rebase(steps, this.#over, this.#own);
    } catch (error) {
      this.#demandGone(error as Conflict, name, steps, meanings);
      return [];
    }
    if (this.#own.length === 0) expect(rebase(steps, related(steps, this.#over))).toEqual(placed);
    placed.forEach(({ operation }, at) => {
      const done = this.#today.run(operation, `${name}${at}`, false);
      this.#demandSame(operation, meanings[at] as Meaning, done);
    });
    return placed;
  }

  // What was done today is what the author meant.
  #demandSame({ op }: Operation, meant: Meaning, done: Meaning): void {
    if (meant.source) expect(meet(meant.source.selves, (done.source as Node).selves)).toBe(true);
    const of = op === "remove" ? "selves" : "places";
    if (meant.target) expect(meet(meant.target[of], (done.target as Node)[of])).toBe(true);
    expect(done.holder?.id).toBe(meant.holder?.id);
    expect(done.name).toBe(meant.name);
    const moved = new Set([...this.#author.moved, ...this.#today.moved]);
    meant.sides?.forEach((side, at) => {
      // what stood on one side of the gap, and was not moved, does not stand on the other one
      const others = done.sides?.[1 - at] as readonly Node[];
      const stood = side.filter(({ id }) => !moved.has(id));
      expect(stood.filter(({ id }) => others.some(({ places }) => places.has(id)))).toEqual([]);
    });
  }

  // What the refused operation acts on, or in, is not there.
  #demandGone(error: Conflict, name: string, steps: readonly Step[], meanings: readonly Meaning[]): void {
    expect(error.name).toBe("Conflict");
    const tree = this.#today.clone();
    let refused = 0;
    for (; isCarried(() => rebase(steps.slice(0, refused + 1), this.#over, this.#own)); refused += 1) {
      const [step] = rebase(steps.slice(0, refused + 1), this.#over, this.#own).slice(-1) as [Step];
      tree.run(step.operation, `${name}${refused}`, false);
    }
    const { operation } = steps[refused] as Step;
    const { source, target, holder } = meanings[refused] as Meaning;
    if (/ inside what it was to receive$| which no operation can say$/.test(error.message)) return;
    const alive = tree.nodes.map(([, node]) => node);
    const isTakenBack = error.message.endsWith("taken back");
    const isGone = (node: Node | undefined, of?: "places" | "selves"): boolean =>
      node !== undefined &&
      !alive.some(({ id, [of ?? "places"]: ids }) =>
        // what the author himself moved there is meant, not what it stands for
        of && !isTakenBack && !node.isMoved ? meet(ids, node[of]) : id === node.id,
      );
    const causes = [
      error.pointer === sourceOf(operation) && isGone(source, "selves"),
      error.pointer === operation.path && isGone(target, operation.op === "remove" ? "selves" : "places"),
      error.pointer === operation.path && isGone(holder),
    ];
    expect(causes).toContain(true);
  }
}

function isCarried(carry: () => unknown): boolean {
  try {
    carry();
    return true;
  } catch {
    return false;
  }
}

test("whatever an edit is carried over, each of its operations acts on what its author meant", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 60, maxLength: 160 }), (numbers) => {
      const choices = new Choices(numbers);
      const world = new World(choices);

      for (const name of ["x", "y", "z", "w"]) world.edit(name);
    }),
  );
});
