import { describe, expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import { Link } from "../src/link.ts";
import { heedErrors } from "./support/console.ts";
import { Kernel, pair, said, turn } from "./support/kernel.ts";

const errors = heedErrors();

const part = (path: string, value: Json): object => ({ type: "part", path, value });

// A snapshot of the board that lacks its rows, and the parts that bring them.
function inParts(kernel: Kernel, count = 3, more: object = {}): object[] {
  const board = kernel.models.get("board");
  const head = { ...board?.snapshot(), document: { n: 5, rows: [] }, version: 7, parts: count + 1, ...more };
  const parts = Array.from({ length: count }, (_, at) => part("/document/rows", [at, { at }]));
  return [head, part("/document", { extra: {} }), ...parts];
}

const WHOLE = { n: 5, rows: [0, { at: 0 }, 1, { at: 1 }, 2, { at: 2 }], extra: {} };

describe("a message in parts", () => {
  test("is taken in when the last one has come, and not before", async () => {
    const { model, kernel } = await pair({ n: 1, rows: [] });
    const messages = inParts(kernel);

    for (const message of messages.slice(0, -1)) kernel.say(message);
    expect(model.state).toEqual({ n: 1, rows: [] });
    kernel.say(messages.at(-1));

    expect(model.state).toEqual(WHOLE);
    expect(model.version).toBe(7);
  });

  test("may come with others in a frame", async () => {
    const { model, kernel } = await pair({ n: 1, rows: [] });

    kernel.say(...inParts(kernel));

    expect(model.state).toEqual(WHOLE);
  });

  test("may be a patch, which an edit in flight is carried over", async () => {
    const { model, kernel, board, up } = await pair({ n: 1, rows: [1] });
    up.hold();
    model.set("/n", 9);
    await turn();
    const patch = board.commit([{ op: "replace", path: "/rows", value: [2, 3] }]);

    kernel.say({ ...patch, operations: [], parts: 2 });
    kernel.say(part("/operations", [{ op: "replace", path: "/rows", value: [2] }]));
    kernel.say(part("/operations/0/value", [3]));
    up.release();
    await turn();

    expect(model.state).toEqual({ n: 9, rows: [2, 3] });
    expect(board.document).toEqual(model.state);
  });

  test("keeps names that mean something to JavaScript", async () => {
    const { model, kernel } = await pair({ n: 1 });
    const [head] = inParts(kernel, 0);
    kernel.say(head);

    kernel.say(part("/document", JSON.parse('{"__proto__":{"x":1}}')));

    expect(Object.hasOwn(model.state, "__proto__")).toBe(true);
    expect("x" in model.state).toBe(false);
  });

  test("is the same though each frame comes twice", async () => {
    const { model, kernel, down } = await pair({ n: 1, rows: [] });
    down.hold();
    for (const message of inParts(kernel)) kernel.say(message);
    down.reorder((waiting) =>
      waiting.splice(0, waiting.length, ...waiting.flatMap((frame) => [frame, frame])),
    );
    down.release();

    expect(model.state).toEqual(WHOLE);
    expect(model.status).toBe("live");
  });

  test("for another page is nothing", async () => {
    const { model, kernel } = await pair({ n: 1 });

    kernel.say(...inParts(kernel, 3, { to: "another" }));

    expect(model.state).toEqual({ n: 1 });
    expect(model.status).toBe("live");
  });

  test("about a model that nobody shows is nothing", async () => {
    const { model, kernel } = await pair({ n: 1 });

    kernel.say(...inParts(kernel, 3, { model: "other" }));

    expect(model.state).toEqual({ n: 1 });
    expect(model.status).toBe("live");
  });
});

describe("a part that is lost", () => {
  test.each([0, 1, 2, 4])("is missed, and the state is asked for again: %i", async (lost) => {
    const { model, kernel } = await pair({ n: 1, rows: [] });
    const before = kernel.heard.length;
    inParts(kernel).forEach((message, at) => {
      if (at === lost) kernel.seq += 1;
      else kernel.say(message);
    });
    kernel.commit("board", { op: "replace", path: "/n", value: 2 });
    await turn();

    expect(said(kernel, before)).toContainEqual(expect.objectContaining({ type: "hello" }));
    expect(model.state).toEqual({ n: 2, rows: [] });
    expect(model.status).toBe("live");
    expect(errors).not.toHaveBeenCalled();
  });

  test("of a kernel that was restarted is not put to what the new one says", async () => {
    const { model, kernel } = await pair({ n: 1, rows: [] });
    kernel.say(...inParts(kernel).slice(0, 3));

    kernel.restart();
    kernel.publish("board", { n: 3, rows: [] });
    kernel.say(part("/document/rows", [7]));
    await turn();

    expect(model.state).toEqual({ n: 3, rows: [] });
  });

  test("is no part of the next message", async () => {
    const { model, kernel } = await pair({ n: 1, rows: [] });
    const [head, ...parts] = inParts(kernel);

    kernel.say(head, { type: "ready", models: [] }, ...parts);

    expect(model.state).toEqual({ n: 1, rows: [] });
    expect(model.status).toBe("live");
  });
});

test.each<[object, string]>([
  [part("/document/none", [1]), "'/document' has no member 'none'"],
  [part("/document/rows", { a: 1 }), "an object does not go into a list"],
  [part("/document", [1]), "a list does not go into an object"],
  [part("/model", "x"), "a string does not go into a string"],
  [{ type: "part", value: [] }, "'path' is missing"],
])("a part that does not fit is told: %o", async (wrong, why) => {
  const { model, kernel } = await pair({ n: 1, rows: [] });
  const [head] = inParts(kernel);

  kernel.say(head, wrong);

  expect(String(errors.mock.calls)).toContain(why);
  expect(model.state).toEqual({ n: 1, rows: [] });
  expect(model.status).toBe("stale");
});

test("what is on its way is not asked for again", async () => {
  vi.useFakeTimers();
  const wait = (): Promise<unknown> => vi.advanceTimersByTimeAsync(4000);
  const kernel = new Kernel();
  const { page, kernel: down } = kernel.open();
  const link = new Link(page);
  kernel.publish("board", { n: 1, rows: [] });
  const model = link.model("board");
  const heard: unknown[] = [];
  down.onFrame = (frame) => heard.push(frame); // it is busy with the answer

  for (const message of inParts(kernel, 3)) {
    await wait();
    kernel.say(message);
  }

  expect(model.state).toEqual(WHOLE);
  expect(heard).toHaveLength(1);
  vi.useRealTimers();
});

test("a large state that comes again is not compared for ever", async () => {
  const rows = (): Json[] => Array.from({ length: 150_000 }, (_, at) => ({ at }));
  const { model, kernel } = await pair({ few: [{ a: 1 }], rows: rows() });
  const before = model.state as { few: Json; rows: Json };

  const board = kernel.models.get("board");
  kernel.say({ ...board?.snapshot(), version: 3, document: { few: [{ a: 1 }], rows: rows() } });

  const after = model.state as { few: Json; rows: Json };
  expect(after.few).toBe(before.few);
  expect(after.rows).not.toBe(before.rows);
});
