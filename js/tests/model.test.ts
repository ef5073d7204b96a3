import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import { NotSyncable, NotWritable, PointerError, SessionClosed, TargetNotFound } from "../src/errors.ts";
import type { PageMessage } from "../src/messages.ts";
import { Model } from "../src/model.ts";
import type { Operation } from "../src/patch.ts";
import { Replica, type Trouble } from "../src/replica.ts";
import { pair, turn } from "./support/kernel.ts";

const replace = (path: string, value: Json): Operation => ({ op: "replace", path, value });

const board = (): { n: number; rows: { p: number }[]; theme: string } => ({
  n: 1,
  rows: [{ p: 1 }, { p: 2 }],
  theme: "dark",
});

let complaints: unknown[] = [];

beforeEach(() => {
  complaints = [];
  vi.spyOn(console, "error").mockImplementation((error) => complaints.push(error));
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what a page takes back", () => {
  test("is asked of the kernel, behind the edits that are pending, and does not change here before", async () => {
    const sent: PageMessage[] = [];
    const replica = new Replica("d2", { model: "board" });
    const model = new Model(replica, (messages) => sent.push(...messages));
    replica.receive({
      type: "snapshot",
      model: "board",
      epoch: "a1",
      version: 1,
      document: { n: 1 },
      read_only: [],
      number: 0,
    });

    model.set("/n", 2);
    model.undo();
    model.redo();

    expect(model.state).toEqual({ n: 2 });
    expect(sent).toHaveLength(1);
    const patch = { type: "patch", model: "board", epoch: "a1", replica: "d2" } as const;
    sent.push(
      ...replica.receive({ ...patch, base: 1, version: 2, number: 1, operations: [replace("/n", 2)] }),
    );
    sent.push(
      ...replica.receive({ ...patch, base: 2, version: 3, number: 2, operations: [replace("/n", 1)] }),
    );
    expect(model.state).toEqual({ n: 1 });
    expect(sent.slice(1)).toEqual([
      expect.objectContaining({ number: 2, operations: [], undo: true }),
      expect.objectContaining({ number: 3, operations: [], redo: true }),
    ]);
    expect(replica.isPending).toBe(true);
  });

  test("needs a state", () => {
    const model = new Model(new Replica("d2"), () => {});

    expect(() => model.undo()).toThrow(SessionClosed);
  });
});

describe("what a page changes", () => {
  test("shows at once, is sent, and is confirmed without another look", async () => {
    const { model, board: kernel } = await pair(board());

    model.update((draft) => {
      draft.n = 2;
      (draft.rows as { p: number }[]).push({ p: 3 });
    });
    const shown = model.state;
    await turn();

    expect(shown).toEqual({ n: 2, rows: [{ p: 1 }, { p: 2 }, { p: 3 }], theme: "dark" });
    expect(kernel.document).toEqual(shown);
    expect(model.state).toBe(shown);
    expect(model).toMatchObject({ version: 1, status: "live", pending: [] });
  });

  test("keeps the identity of what it did not touch", async () => {
    const { model } = await pair(board());
    const before = model.state as unknown as ReturnType<typeof board>;

    model.set("/rows/0/p", 9);

    const after = model.state as unknown as ReturnType<typeof board>;
    expect(after.rows[0]).toEqual({ p: 9 });
    expect(after.rows[1]).toBe(before.rows[1]);
    expect(before.rows[0]).toEqual({ p: 1 });
  });

  test("leaves in one frame and one edit an update", async () => {
    const { model, kernel } = await pair(board());

    model.update((draft) => {
      draft.n = 2;
      draft.theme = "light";
    });
    await turn();

    expect(kernel.heard.at(-1)?.messages).toEqual([
      expect.objectContaining({
        type: "edit",
        number: 1,
        base: 0,
        operations: [replace("/n", 2), replace("/theme", "light")],
      }),
    ]);
  });

  test("is not sent if it is nothing", async () => {
    const { model, kernel } = await pair(board());
    const before = kernel.heard.length;

    model.set("/n", 1);
    model.update((draft) => {
      draft.n = 1;
    });
    model.apply([]);
    await turn();

    expect(kernel.heard).toHaveLength(before);
  });

  test("is coerced by the kernel", async () => {
    const { model, board: kernel } = await pair(board());
    kernel.validate = () => [replace("/n", 5)];
    const seen: unknown[] = [];
    model.subscribe("/n", (value) => seen.push(value));

    model.set("/n", 7);
    await turn();

    expect(seen).toEqual([1, 7, 5]);
    expect(model.pending).toEqual([]);
  });

  test("is taken back if it is refused, with an error event, and the rest is kept", async () => {
    const { model, board: kernel } = await pair(board());
    kernel.validate = (operations) => {
      if (operations.some((operation) => operation.path === "/n"))
        throw Object.assign(new TypeError("expected an int"), { pointer: "/n" });
      return operations;
    };
    const troubles: Trouble[] = [];
    model.on("error", (trouble) =>
      troubles.push({ ...trouble, reason: `${trouble.reason}, shown ${model.state.n}` }),
    );

    model.set("/n", "x");
    model.set("/theme", "light");
    await turn();

    expect(troubles).toEqual([
      {
        reason: "expected an int, shown 1",
        error: "TypeError",
        pointer: "/n",
        operations: [replace("/n", "x")],
      },
    ]);
    expect(model.state).toEqual({ ...board(), theme: "light" });
    expect(kernel.document).toEqual(model.state);
  });
});

test("an edit that was refused is told on the console if nobody listens", async () => {
  const { model, board: kernel } = await pair(board());
  kernel.validate = () => {
    throw new Error("no");
  };

  model.set("/n", 2);
  await turn();

  expect(complaints).toEqual(["no"]);
});

describe("an edit that cannot be made is thrown at once", () => {
  test("and changes nothing", async () => {
    const { model, board: kernel } = await pair(board());
    kernel.readOnly = ["theme"];
    const before = model.state;

    expect(() => model.set("/rows/7", 1)).toThrow(TargetNotFound);
    expect(() => model.set("n", 1)).toThrow(PointerError);
    expect(() => model.set("/n", new Map())).toThrow(NotSyncable);
    expect(() => model.set("/n", undefined)).toThrow(NotSyncable);
    expect(() => model.set("/none", undefined)).toThrow(NotSyncable);
    expect(() =>
      model.update(() => {
        throw new RangeError("mine");
      }),
    ).toThrow(RangeError);

    expect(model.state).toBe(before);
    expect(model.pending).toEqual([]);
  });

  test("if the member is read-only", async () => {
    const { model, board: kernel, link } = await pair(board());
    kernel.readOnly = ["theme"];
    link.reopen();
    await turn();
    // the version is the same, so the kernel answers without a snapshot: ask as a new page does
    link.release(model);
    await turn();
    const again = link.model("board");
    await turn();

    expect(again.readOnly).toEqual(["theme"]);
    expect(() => again.set("/theme", "light")).toThrow(NotWritable);
    expect(() => again.set("/theme", "light")).toThrow(
      "Cannot write '/theme': 'theme' is read-only for pages",
    );
  });

  test("if the model is closed", async () => {
    const {
      model,
      kernel,
      board: { epoch },
    } = await pair(board());

    kernel.say({ type: "closed", model: "board", reason: "the model was closed", epoch });

    expect(() => model.set("/n", 2)).toThrow(SessionClosed);
    expect(() => model.set("/n", 2)).toThrow("Cannot edit 'board': the model was closed");
  });
});

describe("a subscriber", () => {
  test("is called at once, and when its value has become another", async () => {
    const { model, kernel } = await pair(board());
    const calls: [string, unknown][] = [];
    for (const pointer of ["", "/n", "/rows", "/rows/1", "/rows/1/p", "/theme", "/none"]) {
      model.subscribe(pointer, (value) => calls.push([pointer, value]));
    }
    expect(calls.splice(0)).toEqual([
      ["", board()],
      ["/n", 1],
      ["/rows", [{ p: 1 }, { p: 2 }]],
      ["/rows/1", { p: 2 }],
      ["/rows/1/p", 2],
      ["/theme", "dark"],
      ["/none", undefined],
    ]);

    kernel.commit("board", replace("/rows/0/p", 9));

    expect(calls.splice(0).map(([pointer]) => pointer)).toEqual(["", "/rows"]);

    kernel.commit("board", { op: "remove", path: "/rows/1" }, { op: "add", path: "/none", value: null });

    expect(calls.splice(0)).toEqual([
      ["", { n: 1, rows: [{ p: 9 }], theme: "dark", none: null }],
      ["/rows", [{ p: 9 }]],
      ["/rows/1", undefined],
      ["/rows/1/p", undefined],
      ["/none", null],
    ]);
  });

  test("ends by what it was given, or by its signal", async () => {
    const { model } = await pair(board());
    const controller = new AbortController();
    const calls: unknown[] = [];
    const end = model.subscribe("/n", (value) => calls.push(value));
    model.subscribe("/n", (value) => calls.push(value), { signal: controller.signal });
    model.on("change", () => calls.push("change"), { signal: controller.signal });
    calls.length = 0;

    end();
    controller.abort();
    model.subscribe("/n", (value) => calls.push(value), { signal: controller.signal });
    model.set("/n", 2);

    expect(calls).toEqual([]);
  });

  test("that throws does not stop the others, and is told", async () => {
    const { model } = await pair(board());
    const failure = new Error("mine");
    const troubles: Trouble[] = [];
    const seen: unknown[] = [];
    model.on("error", () => {
      throw failure;
    });
    model.on("error", (trouble) => troubles.push(trouble));

    model.subscribe("/n", () => {
      throw failure;
    });
    model.subscribe("/n", (value) => seen.push(value));
    model.set("/n", 2);
    await turn();

    expect(seen).toEqual([1, 2]);
    expect(troubles).toEqual(
      [1, 2].map(() => ({ reason: "mine", error: "Error", operations: [], cause: failure })),
    );
    expect(complaints).toEqual([failure, failure, failure, failure]);
    expect(model.status).toBe("live");
  });

  test("may edit, and sees what came of it", async () => {
    const { model, board: kernel } = await pair({ n: 1, double: 0 });
    const seen: unknown[] = [];
    model.subscribe("/n", (n) => model.set("/double", Number(n) * 2));
    model.subscribe("/double", (value) => seen.push(value));

    model.set("/n", 4);
    await turn();

    expect(seen).toEqual([2, 8]);
    expect(kernel.document).toEqual({ n: 4, double: 8 });
  });

  test("of a pointer that is none is refused", async () => {
    const { model } = await pair(board());

    expect(() => model.subscribe("n", () => {})).toThrow(PointerError);
  });
});

describe("a model tells", () => {
  test("its changes: of the state, and of what is confirmed", async () => {
    const { model, kernel } = await pair(board());
    const events: unknown[] = [];
    model.on("change", ({ state, version }) => events.push([state.n, version]));

    model.set("/n", 2);
    await turn();
    kernel.commit("board", replace("/n", 3));
    kernel.say({ type: "ready", models: [] });

    expect(events).toEqual([
      [2, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  test("its status, with a reason", async () => {
    const {
      model,
      link,
      kernel,
      board: { epoch },
    } = await pair(board());
    const events: unknown[] = [];
    model.on("status", ({ status, reason }) => events.push([status, reason]));

    link.stale("the connection trembles");
    link.stale("the connection was lost");
    link.stale("the connection was lost");
    expect(model).toMatchObject({ status: "stale", reason: "the connection was lost" });
    link.reopen();
    await turn();
    kernel.say({ type: "closed", model: "board", reason: "gone", epoch });

    expect(events).toEqual([
      ["stale", "the connection trembles"],
      ["stale", "the connection was lost"],
      ["live", ""],
      ["closed", "gone"],
    ]);
  });
});

test("bytes are values: they travel as buffers, both ways", async () => {
  const { model, kernel, board: authority } = await pair({ image: new Uint8Array([1, 2, 3]), n: 1 });
  expect(model.state.image).toEqual(new Uint8Array([1, 2, 3]));

  model.set("/image", new Uint8Array([4]));
  await turn();
  expect((authority.document as { image: unknown }).image).toEqual(new Uint8Array([4]));

  kernel.commit("board", { op: "replace", path: "/image", value: new Uint8Array([5, 6]) });
  expect(model.state.image).toEqual(new Uint8Array([5, 6]));
});

describe("a model of a replica that starts from an output", () => {
  const seed = { epoch: "a1", version: 4, read_only: [], document: { n: 1 } };
  const snapshot = {
    type: "snapshot",
    model: "board",
    epoch: "a1",
    version: 4,
    document: { n: 1 },
    read_only: [],
    number: 0,
  } as const;

  const told = (): { replica: Replica; events: unknown[] } => {
    const replica = new Replica("d2", { model: "board", seed });
    const model = new Model(replica, () => {});
    const events: unknown[] = [];
    model.on("change", () => events.push("change"));
    model.on("status", ({ status }) => events.push(status));
    return { replica, events };
  };

  test("tells nothing while nothing has changed", () => {
    const { replica, events } = told();

    replica.receive({ type: "ready", models: [] });

    expect(events).toEqual([]);
  });

  test("tells that it is live, though nothing else has changed", () => {
    const { replica, events } = told();

    replica.hello();
    replica.receive({
      type: "patch",
      model: "board",
      epoch: "a1",
      base: 4,
      version: 4,
      operations: [],
      to: "d2",
    });

    expect(events).toEqual(["live"]);
  });

  test("tells that other members are read-only now", () => {
    const { replica, events } = told();

    replica.hello();
    replica.receive({ ...snapshot, read_only: ["n"] });

    expect(events).toEqual(["live", "change"]);
  });
});
