import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { isObject, type Json, type JsonObject } from "../src/document.ts";
import type { KernelMessage, PageMessage, Seed } from "../src/messages.ts";
import { apply, type Operation, type Patch } from "../src/patch.ts";
import { Replica, type Trouble } from "../src/replica.ts";
import { canonical, cases, frozen } from "./support/conformance.ts";
import { documents, patchesOf } from "./support/documents.ts";

interface Step {
  hello?: true;
  stale?: string;
  edit?: Patch;
  back?: "undo" | "redo";
  receive?: KernelMessage;
  send?: PageMessage[];
  refused?: Partial<Trouble>[];
  error?: string;
  document?: Json;
  pending?: Patch;
  read_only?: string[];
  version?: number;
  status?: string;
  reason?: string;
}

interface SessionCase {
  comment: string;
  replica: string;
  model?: string;
  seed?: Seed;
  steps: Step[];
}

// Does what a step says, and returns what must be sent.
function perform(replica: Replica, { hello, stale, edit, back, receive }: Step): PageMessage[] {
  if (hello) return replica.hello();
  if (edit) return replica.edit(frozen(edit));
  if (back) return replica.back(back);
  if (receive) return replica.receive(frozen(receive));
  if (stale !== undefined) replica.stale(stale);
  return [];
}

function run({ replica: id, model, seed, steps }: SessionCase): void {
  const replica = new Replica(id, { model, seed });
  const refused: Trouble[] = [];
  replica.onTrouble = (trouble) => refused.push(trouble);
  steps.forEach((step, at) => {
    const where = `step ${at + 1}`;
    if (step.error === undefined) expect(perform(replica, step), where).toEqual(step.send ?? []);
    else expect(() => perform(replica, step), where).toThrow(expect.objectContaining({ name: step.error }));
    frozen(replica.document);
    expect(refused.splice(0), where).toEqual(
      (step.refused ?? []).map((trouble) => expect.objectContaining(trouble)),
    );
    if (step.document !== undefined)
      expect(canonical(replica.document), where).toBe(canonical(step.document));
    if (step.pending !== undefined) expect(replica.pending, where).toEqual(step.pending);
    const { version, status, reason, readOnly: read_only } = replica;
    const {
      version: _v = version,
      status: _s = status,
      reason: _r = reason,
      read_only: _o = read_only,
    } = step;
    expect({ version, status, reason, read_only }, where).toEqual({
      version: _v,
      status: _s,
      reason: _r,
      read_only: _o,
    });
  });
}

describe("the shared cases", () => {
  test.each(cases<SessionCase>("session"))("$comment", run);
});

describe("a replica", () => {
  const live = (document: JsonObject): Replica => {
    const replica = new Replica("d2", { model: "board" });
    const snapshot = {
      type: "snapshot",
      model: "board",
      epoch: "a1",
      version: 4,
      read_only: [],
      number: 0,
    } as const;
    replica.hello();
    replica.receive({ ...snapshot, document: frozen(document) });
    return replica;
  };
  const patch = (base: number, operations: Patch, rest: object = {}): KernelMessage =>
    JSON.parse(
      JSON.stringify({
        type: "patch",
        model: "board",
        epoch: "a1",
        base,
        version: base + 1,
        operations,
        ...rest,
      }),
    );

  test("copies values in: what the caller does with his later is his own business", () => {
    const replica = live({ rows: [] });
    const row = { p: 1 };

    const [sent] = replica.edit([{ op: "add", path: "/rows/-", value: row }]);
    row.p = 2;

    expect(replica.document).toEqual({ rows: [{ p: 1 }] });
    expect(sent).toMatchObject({ operations: [{ value: { p: 1 } }] });
  });

  test("keeps what it shows when its edit is acknowledged as it was sent", () => {
    const replica = live({ rows: [{ p: 1 }], n: 1 });
    const operations: Patch = [{ op: "add", path: "/rows/-", value: { p: 2 } }];
    replica.edit(operations);
    const shown = replica.document as { rows: unknown[] };

    replica.receive(
      patch(4, [{ op: "add", path: "/rows/1", value: { p: 2 } }], { replica: "d2", number: 1 }),
    );
    expect(replica.document).toBe(shown);

    replica.receive(patch(5, [{ op: "replace", path: "/n", value: 2 }]));
    expect(replica.document.rows).toBe(shown.rows);
  });

  test("never changes a document that somebody has seen", () => {
    fc.assert(
      fc.property(
        documents().chain((document) => fc.tuple(fc.constant(document), patchesOf(document))),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        ([document, operations], looks) => {
          const replica = live(document as JsonObject);
          let expected = document;

          for (const [at, operation] of operations.entries()) {
            const next = apply(expected, [operation]);
            if (!isObject(next)) return; // no document of a model
            expected = next;
            replica.receive(patch(4 + at, [operation]));
            if (looks[at]) expect(canonical(frozen(replica.document))).toBe(canonical(expected));
          }

          expect(canonical(replica.document)).toBe(canonical(expected));
        },
      ),
    );
  });

  test("copies a list once for all patches that come before somebody looks", () => {
    const replica = live({ rows: Array.from({ length: 10_000 }, (_, n) => ({ n })) });
    const copied = vi.spyOn(Array.prototype, "concat");

    for (let n = 0; n < 100; n += 1) {
      replica.receive(patch(4 + n, [{ op: "replace", path: `/rows/${n}/n`, value: -n }]));
    }

    const copies = copied.mock.contexts.filter((list) => (list as unknown[]).length >= 10_000);
    copied.mockRestore();
    expect(copies).toHaveLength(1);
    expect((replica.document.rows as Json[])[99]).toEqual({ n: -99 });
  });

  test.each<[string, Operation]>([
    ["that is not there", { op: "remove", path: "/rows/7" }],
    ["that leaves no object", { op: "replace", path: "", value: [] }],
  ])("takes a patch whole or not at all, though nobody has seen the ones before: %s", (_, last) => {
    const replica = live({ rows: [1, 2] });
    replica.receive(patch(4, [{ op: "add", path: "/rows/-", value: 3 }]));

    const sent = replica.receive(patch(5, [{ op: "remove", path: "/rows/0" }, last]));

    expect(sent).toMatchObject([{ type: "hello" }]);
    expect(replica.version).toBe(4); // the one that was seen last; a snapshot is on its way
    expect(replica.document).toEqual({ rows: [1, 2] });
  });

  test("carries an edit to where its element went, and keeps what nobody changed", () => {
    const replica = live({ rows: [{ p: 1 }, { p: 2 }, { p: 3 }], n: {} });
    replica.edit([{ op: "replace", path: "/rows/1/p", value: 5 }]);
    const shown = replica.document as { rows: unknown[]; n: object };

    replica.receive(patch(4, [{ op: "move", from: "/rows/2", path: "/rows/0" }]));

    expect(replica.document.rows).toEqual([{ p: 3 }, { p: 1 }, { p: 5 }]);
    expect((replica.document.rows as unknown[])[0]).toBe(shown.rows[2]);
    expect((replica.document.rows as unknown[])[1]).toBe(shown.rows[0]);
    expect(replica.document.n).toBe(shown.n);
  });

  test("follows what an edit in flight acts on through any number of commits", () => {
    const replica = live({ rows: [{ p: 1 }], n: 0, m: {} });
    replica.edit([{ op: "replace", path: "/rows/0/p", value: 5 }]);
    replica.edit([{ op: "add", path: "/rows/0/q", value: 6 }]);

    let base = 4;
    const hear = (operation: Operation): void => {
      replica.receive(patch(base, [operation]));
      base += 1;
    };
    for (let count = 0; count < 100; count += 1) {
      hear({ op: "replace", path: "/n", value: count });
      hear({ op: "add", path: "/rows/0", value: { p: -count } });
    }
    hear({ op: "move", from: "/rows", path: "/m/moved" });
    for (let count = 0; count < 100; count += 1) hear({ op: "remove", path: "/m/moved/0" });

    expect(replica.document.m).toEqual({ moved: [{ p: 5, q: 6 }] });
  });

  test("stays closed, whatever patch comes late", () => {
    const replica = live({ n: 1 });

    replica.receive({ type: "closed", model: "board", epoch: "a1", reason: "the model was closed" });
    replica.receive(patch(4, [{ op: "replace", path: "/n", value: 2 }]));

    expect(replica).toMatchObject({ status: "closed", document: { n: 1 }, version: 4 });
  });

  test("keeps what a snapshot did not change", () => {
    const replica = live({ rows: [{ p: 1 }], n: 1 });
    const { rows } = replica.document;
    replica.hello();

    replica.receive({
      type: "snapshot",
      model: "board",
      epoch: "a1",
      version: 9,
      read_only: [],
      number: 0,
      document: { rows: [{ p: 1 }], n: 2 },
    });

    expect(replica.document).toEqual({ rows: [{ p: 1 }], n: 2 });
    expect(replica.document.rows).toBe(rows);
  });

  test("tells a change when everything is in place, and after it what was refused", () => {
    const replica = live({ n: 1, m: 1 });
    replica.edit([{ op: "replace", path: "/n", value: 2 }]);
    replica.edit([{ op: "replace", path: "/m", value: 2 }]);
    const told: unknown[] = [];
    replica.onChange = () => told.push({ ...replica.document });
    replica.onTrouble = ({ reason }) => told.push(reason);

    replica.receive({
      type: "reject",
      model: "board",
      epoch: "a1",
      version: 4,
      replica: "d2",
      number: 1,
      reason: "no",
    });

    expect(told).toEqual([{ n: 1, m: 2 }, "no"]);
  });
});
