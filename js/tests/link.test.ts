import { describe, expect, test } from "vitest";
import { Link } from "../src/link.ts";
import type { Transport } from "../src/transports/transport.ts";
import { PIECE } from "../src/uploads.ts";
import { heedErrors } from "./support/console.ts";
import { Kernel, openPage, pair, said, turn } from "./support/kernel.ts";
import { Screen } from "./support/screen.ts";

const errors = heedErrors();

describe("a link", () => {
  test("signs its frames, counts them, and says in one what is said in one turn", async () => {
    const kernel = new Kernel();
    for (const key of ["a", "b"]) kernel.publish(key, { n: 0 }, `${key}1`);
    const { page } = kernel.open();
    const link = new Link(page);

    const [a, b] = [link.model("a"), link.model("b")];
    await turn();
    a.set("/n", 1);
    b.set("/n", 2);
    await turn();

    expect(kernel.heard).toEqual([
      {
        protocol: 1,
        replica: link.id,
        seq: 1,
        messages: [
          { type: "hello", model: "a" },
          { type: "hello", model: "b" },
        ],
      },
      {
        protocol: 1,
        replica: link.id,
        seq: 2,
        messages: [
          expect.objectContaining({ type: "edit", model: "a" }),
          expect.objectContaining({ type: "edit", model: "b" }),
        ],
      },
    ]);
    expect(link.id).toMatch(/^[0-9a-f]{8}$/);
    expect([a.state, b.state]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("says hello in one frame for all that is shown before the next picture", async () => {
    const screen = new Screen();
    const kernel = new Kernel();
    for (const key of ["a", "b"]) kernel.publish(key, { n: 0 });
    const { page } = kernel.open();
    const link = new Link(page);

    link.model("a");
    await turn();
    link.model("b");
    await turn();
    expect(kernel.heard).toEqual([]);

    screen.draw();
    await turn();
    expect(kernel.heard).toHaveLength(1);
    expect(said(kernel, 0)).toEqual([
      { type: "hello", model: "a" },
      { type: "hello", model: "b" },
    ]);
  });

  test("has one model for all who ask, and says bye with the last", async () => {
    const { link, model, kernel } = await pair({ n: 1 });
    const before = kernel.heard.length;

    const again = link.model("board");
    await turn();
    expect(again).toBe(model);
    expect(kernel.heard).toHaveLength(before); // it is live: there is nothing to ask

    link.release(again);
    await turn();
    expect(model.status).toBe("live");

    link.release(model);
    await turn();
    expect(said(kernel, before)).toEqual([{ type: "bye", model: "board" }]);
    expect(model).toMatchObject({ status: "closed", reason: "nobody shows it any more" });
  });

  test("releases one model and not another", async () => {
    const kernel = new Kernel();
    for (const key of ["a", "b"]) kernel.publish(key, { n: 0 });
    const { link, model: a } = await openPage(kernel, "a");
    const b = link.model("b");
    await turn();

    link.release(b);
    await turn();

    expect([a.status, b.status]).toEqual(["live", "closed"]);
  });

  test("asks anew for a model that was closed, when somebody shows it again", async () => {
    const { link, model, kernel, board } = await pair({ n: 1 });
    kernel.say({ type: "closed", model: "board", reason: "gone", epoch: board.epoch });
    expect(model.status).toBe("closed");

    expect(link.model("board")).toBe(model);
    await turn();

    expect(model.status).toBe("live");
  });

  test("lets go at once of a model that is stale", async () => {
    const { link, model } = await pair({ n: 1 });
    link.stale("the connection was lost");
    model.set("/n", 2);

    link.release(model);

    expect(model.status).toBe("closed");
    expect(link.model("board")).not.toBe(model);
  });

  test("says one hello, however often it is asked in one turn", async () => {
    const kernel = new Kernel();
    kernel.publish("board", { n: 1 });
    const { page } = kernel.open();
    const link = new Link(page);

    link.model("board");
    link.model("board");
    link.reopen();
    await turn();

    expect(said(kernel)).toEqual([{ type: "hello", model: "board" }]);
  });

  test("does not ask again while it waits for an answer", async () => {
    const kernel = new Kernel();
    const { page, kernel: end } = kernel.open();
    end.hold(); // the kernel is busy
    const link = new Link(page);
    link.model("a");
    await turn();

    link.model("b");
    await turn();

    expect(said(kernel)).toEqual([
      { type: "hello", model: "a" },
      { type: "hello", model: "b" },
    ]);
  });

  test("keeps a model until its last edit is answered", async () => {
    const { link, model, kernel, board, up } = await pair({ n: 1, m: 1 });
    up.hold();

    model.set("/n", 2);
    model.set("/m", 2);
    link.release(model);
    await turn();
    up.release();
    await turn();

    expect(board.document).toEqual({ n: 2, m: 2 });
    expect(said(kernel).at(-1)).toEqual({ type: "bye", model: "board" });
  });

  test("takes back a release when somebody asks again before the answer", async () => {
    const { link, model, up } = await pair({ n: 1 });
    up.hold();
    model.set("/n", 2);
    link.release(model);

    expect(link.model("board")).toBe(model);
    up.release();
    await turn();

    expect(model).toMatchObject({ status: "live", state: { n: 2 } });
  });

  test("never gives a number twice, though the model was gone in between", async () => {
    const { link, model, kernel, board } = await pair({ n: 1 });
    model.set("/n", 2);
    await turn();
    link.release(model);
    await turn();
    board.answers.clear(); // a kernel that forgets whom it answered

    const again = link.model("board");
    await turn();
    again.set("/n", 3);
    await turn();

    expect(said(kernel).at(-1)).toMatchObject({ type: "edit", number: 2 });
    expect(board.document).toEqual({ n: 3 });
  });

  test("brings each message to its model", async () => {
    const kernel = new Kernel();
    for (const key of ["a", "b"]) kernel.publish(key, { n: 0 });
    const page = await openPage(kernel, "a");
    const other = page.link.model("b");
    await turn();

    kernel.commit("a", { op: "replace", path: "/n", value: 1 });
    kernel.commit("b", { op: "replace", path: "/n", value: 2 });
    kernel.say({ type: "patch", model: "unknown", epoch: "x", base: 0, version: 1, operations: [] });

    expect([page.model.state, other.state]).toEqual([{ n: 1 }, { n: 2 }]);
    expect(errors).not.toHaveBeenCalled();
  });
});

describe("two pages", () => {
  test("show each other's edits, and what is meant for one is no matter of the other", async () => {
    const kernel = new Kernel();
    kernel.publish("board", { n: 1, rows: [] });
    const one = await openPage(kernel);
    const other = await openPage(kernel);

    one.model.set("/n", 2);
    other.model.update((draft) => {
      (draft.rows as number[]).push(1);
    });
    await turn();

    for (const { model } of [one, other])
      expect(model).toMatchObject({ state: { n: 2, rows: [1] }, version: 2, pending: [], status: "live" });
  });

  test("append at the same moment, and both rows stay", async () => {
    const kernel = new Kernel();
    const board = kernel.publish("board", { rows: [] });
    const pages = [await openPage(kernel), await openPage(kernel)];
    for (const { up } of pages) up.hold();

    pages.forEach(({ model }, at) => {
      model.update((draft) => {
        (draft.rows as number[]).push(at);
      });
    });
    await turn();
    for (const { up } of pages) up.release();
    await turn();

    expect(board.document).toEqual({ rows: [0, 1] });
    for (const { model } of pages) expect(model.state).toEqual({ rows: [0, 1] });
  });

  test("remove at the same moment, and nobody hits a neighbour", async () => {
    const kernel = new Kernel();
    const board = kernel.publish("board", { rows: ["a", "b", "c"] });
    const pages = [await openPage(kernel), await openPage(kernel)];
    for (const { up } of pages) up.hold();
    const reasons: string[] = [];

    for (const { model } of pages) {
      model.on("error", ({ reason }) => reasons.push(reason));
      model.update((draft) => {
        (draft.rows as string[]).splice(0, 1);
      });
    }
    await turn();
    for (const { up } of pages) up.release();
    await turn();

    expect(board.document).toEqual({ rows: ["b", "c"] });
    for (const { model } of pages) expect(model.state).toEqual({ rows: ["b", "c"] });
    expect(reasons).toEqual(["Cannot apply the edit of '/rows/0': it was removed meanwhile"]);
  });
});

describe("what is lost is asked for", () => {
  test("a frame that is missing in the count: hello for every model", async () => {
    const kernel = new Kernel();
    for (const key of ["a", "b"]) kernel.publish(key, { n: 0 }, `${key}1`);
    const { link, model: a, down } = await openPage(kernel, "a");
    const b = link.model("b");
    await turn();
    const before = kernel.heard.length;

    down.hold();
    kernel.commit("a", { op: "replace", path: "/n", value: 1 });
    down.drop();
    down.release();
    kernel.commit("b", { op: "replace", path: "/n", value: 2 });
    await turn();

    expect(said(kernel, before)).toEqual([
      { type: "hello", model: "a", epoch: "a1", version: 0 },
      { type: "hello", model: "b", epoch: "b1", version: 0 },
    ]);
    expect([a.state, b.state]).toEqual([{ n: 1 }, { n: 2 }]);
    expect([a.status, b.status]).toEqual(["live", "live"]);
  });

  test("frames that were overtaken", async () => {
    const { kernel, model, down, board } = await pair({ n: 0 });

    down.hold();
    for (const value of [1, 2, 3]) kernel.commit("board", { op: "replace", path: "/n", value });
    down.reorder();
    down.release();
    await turn();
    expect(model).toMatchObject({ state: { n: 3 }, version: board.version, status: "live" });
  });

  test("and a frame that comes late is no hole in what follows", async () => {
    const { kernel, model, down } = await pair({ n: 0 });
    const set = (value: number): void => kernel.commit("board", { op: "replace", path: "/n", value });
    down.hold();
    set(1);
    const late = down.waiting.splice(0);
    down.release();
    set(2);
    await turn();
    down.waiting.push(...late);
    down.release();
    const before = kernel.heard.length;

    set(3);
    await turn();

    expect(model.state).toEqual({ n: 3 });
    expect(kernel.heard).toHaveLength(before);
  });

  test("an answer to an edit", async () => {
    const { model, down, board, kernel } = await pair({ n: 0, rows: [] });
    down.hold();
    model.update((draft) => {
      (draft.rows as number[]).push(1);
    });
    await turn();
    down.drop();
    down.release();

    kernel.commit("board", { op: "replace", path: "/n", value: 5 });
    await turn();

    expect(board.document).toEqual({ n: 5, rows: [1] });
    expect(model).toMatchObject({ state: { n: 5, rows: [1] }, pending: [] });
  });

  test("an edit, when the transport was opened again", async () => {
    const { model, up, board, link } = await pair({ n: 0 });
    up.hold();
    model.set("/n", 1);
    await turn();
    up.drop();
    up.release();
    link.stale("the connection was lost");
    model.set("/n", 2);

    link.reopen();
    await turn();

    expect(board.document).toEqual({ n: 2 });
    expect(model).toMatchObject({ state: { n: 2 }, status: "live", pending: [] });
  });

  test("with the first frame of a transport that was opened again, which counts from 1", async () => {
    const { model, link, kernel, down } = await pair({ n: 0 });
    const before = kernel.heard.length;
    model.set("/n", 1);
    link.stale("the connection was lost");
    down.hold();
    kernel.commit("board", { op: "replace", path: "/n", value: 5 });
    down.drop();
    down.release();

    link.reopen();
    await turn();

    expect(
      kernel.heard.slice(before).map(({ seq, messages }) => [seq, messages.map(({ type }) => type)]),
    ).toEqual([
      [1, ["hello"]],
      [2, ["edit"]],
    ]);
    expect(model).toMatchObject({ state: { n: 1 }, status: "live" });
  });

  test("when a kernel is heard that could not be heard before", async () => {
    const { model, link, kernel } = await pair({ n: 0 });
    link.stale("the connection was lost");

    kernel.publish("board", { n: 7 });
    await turn();

    expect(model).toMatchObject({ state: { n: 7 }, status: "live" });
  });
});

describe("another kernel", () => {
  test("makes everything stale, until the model is heard of again", async () => {
    const { model, kernel } = await pair({ n: 1 });
    const states: string[] = [];
    model.on("status", ({ status }) => states.push(status));
    const reasons: string[] = [];
    model.on("error", ({ reason }) => reasons.push(reason));
    model.set("/n", 5);

    kernel.restart();
    await turn();
    expect(model).toMatchObject({ status: "closed", reason: "nobody here knows 'board'" });

    kernel.publish("board", { n: 100 });
    await turn();

    expect(model).toMatchObject({ status: "live", state: { n: 100 }, pending: [] });
    expect(states).toEqual(["stale", "closed", "live"]);
    expect(reasons).toHaveLength(1); // the edit that nobody answered
  });

  test("that has the model already: the page asks for it", async () => {
    const { model, kernel, board } = await pair({ n: 1 });
    board.commit([{ op: "replace", path: "/n", value: 2 }]);

    Object.assign(kernel, { id: "another", seq: 0 });
    kernel.say({ type: "ready", models: [] });
    await turn();

    expect(model).toMatchObject({ state: { n: 2 }, status: "live" });
  });

  test("counts its frames from 1, and a hole in them is seen", async () => {
    const { model, kernel, down } = await pair({ n: 1 });
    for (let value = 2; value < 9; value += 1) kernel.commit("board", { op: "replace", path: "/n", value });
    kernel.restart();
    kernel.publish("board", { n: 0 });
    await turn();

    down.hold();
    kernel.commit("board", { op: "replace", path: "/n", value: 10 });
    down.drop();
    down.release();
    kernel.say({ type: "ready", models: [] });
    await turn();

    expect(model.state).toEqual({ n: 10 });
  });

  test("that publishes a model anew: the page shows the new one", async () => {
    const { model, kernel } = await pair({ n: 1 });

    kernel.publish("board", { n: 7 });
    await turn();

    expect(model).toMatchObject({ status: "live", state: { n: 7 } });
  });

  test("that comes after the page: the hello that nobody heard is said again", async () => {
    const kernel = new Kernel();
    const { page } = kernel.open();
    const link = new Link(page);
    page.hold();
    const model = link.model("board");
    await turn();
    page.drop();
    page.release();
    expect(model.status).toBe("connecting");

    kernel.say({ type: "ready", models: [] });
    kernel.publish("board", { n: 1 });
    await turn();

    expect(model).toMatchObject({ status: "live", state: { n: 1 } });
  });
});

describe("a page that starts from an output", () => {
  const bundle = {
    protocol: 1,
    model: "board",
    epoch: "a1",
    version: 0,
    class: "Board",
    read_only: ["s"],
    document: { n: 1, s: "" },
  };

  test("shows its state, and is brought up to date", async () => {
    const kernel = new Kernel();
    kernel.publish("board", { n: 1, s: "" }, "a1");
    kernel.commit("board", { op: "replace", path: "/n", value: 2 });
    const { page } = kernel.open();

    const model = new Link(page).model("board", bundle);
    expect(model).toMatchObject({
      state: { n: 1, s: "" },
      status: "connecting",
      readOnly: ["s"],
      version: 0,
    });
    await turn();

    expect(model).toMatchObject({ state: { n: 2, s: "" }, status: "live", version: 1 });
    expect(said(kernel)).toEqual([{ type: "hello", model: "board", epoch: "a1", version: 0 }]);
  });

  test("shows it as stale while there is no kernel, and edits wait", async () => {
    const kernel = new Kernel();
    const board = kernel.publish("board", { n: 1, s: "" }, "a1");
    const { page } = kernel.open();
    const link = new Link(page);
    link.stale("No kernel");

    const model = link.model("board", bundle);
    model.set("/n", 3);
    await turn();
    expect(model).toMatchObject({ state: { n: 3, s: "" }, status: "stale", reason: "No kernel" });
    expect(kernel.heard).toEqual([]);

    link.reopen();
    await turn();
    expect(board.document).toEqual({ n: 3, s: "" });
  });

  test("ignores an output that it cannot read", async () => {
    const kernel = new Kernel();
    kernel.publish("board", { n: 1 });
    const { page } = kernel.open();

    const model = new Link(page).model("board", { ...bundle, protocol: 9, document: { old: 1 } });
    expect(model.state).toEqual({});
    await turn();

    expect(model.state).toEqual({ n: 1 });
  });
});

describe("nothing is thrown at the host", () => {
  test.each<[string, unknown]>([
    ["no frame", "hello"],
    ["null", null],
    ["a frame of another protocol", { protocol: 2, kernel: "k", seq: 9, messages: [] }],
    ["a frame without its count", { protocol: 1, kernel: "k", messages: [] }],
  ])("by %s: everything is stale, and says why", async (_, data) => {
    const { up, model, kernel } = await pair({ n: 1 });

    up.onFrame(data, []);
    expect(model.status).toBe("stale");
    expect(model.reason).toMatch(/^Cannot (read|join) /);
    expect(errors).toHaveBeenCalledOnce();

    kernel.commit("board", { op: "replace", path: "/n", value: 2 });
    await turn();
    expect(model).toMatchObject({ status: "live", state: { n: 2 } });
  });

  test("by buffers that belong nowhere", async () => {
    const { up, model } = await pair({ n: 1 });

    up.onFrame({ protocol: 1, kernel: "k", seq: 9, messages: [] }, [new ArrayBuffer(1)]);

    expect(model.status).toBe("stale");
  });

  test("by a message that makes no sense: the others in its frame are read", async () => {
    const {
      link,
      model,
      kernel,
      board: { epoch },
    } = await pair({ n: 1 });
    const patch = {
      type: "patch",
      model: "board",
      epoch,
      version: 1,
      operations: [{ op: "replace", path: "/n", value: 2 }],
    };

    kernel.say({ type: "patch", model: "other" }, null, { type: "newer" }, { ...patch, base: 0 });

    expect(model.state).toEqual({ n: 2 });
    expect(errors).toHaveBeenCalledTimes(2);

    const other = link.model("other");
    kernel.publish("other", {});
    await turn();
    kernel.say({ ...patch, base: "x" });
    expect(other.status).toBe("live");
    expect(model).toMatchObject({
      status: "stale",
      reason: "Cannot read message 'patch': 'base' is a string, not a count",
    });
  });

  test("by a patch that does not apply: the page asks for the whole", async () => {
    const { model, kernel, board } = await pair({ n: 1 });
    const troubles: unknown[] = [];
    model.on("error", ({ error }) => troubles.push(error));

    board.version += 1;
    kernel.say({
      type: "patch",
      model: "board",
      epoch: board.epoch,
      base: 0,
      version: 1,
      operations: [{ op: "remove", path: "/x" }],
    });
    await turn();

    expect(model).toMatchObject({ state: { n: 1 }, version: 1, status: "live" });
    expect(troubles).toEqual(["TargetNotFound"]);
    expect(said(kernel).at(-1)).toEqual({ type: "hello", model: "board" });
  });

  test("by a transport that cannot send: everything is stale", async () => {
    const transport: Transport = {
      send: () => {
        throw new Error("Cannot send");
      },
      onFrame: () => {},
      onClose: () => {},
      close: () => {},
    };

    const model = new Link(transport).model("board");
    await turn();

    expect(model).toMatchObject({ status: "stale", reason: "Cannot send" });
  });
});

test("a transport that was closed closes every model", async () => {
  const { link, model, down } = await pair({ n: 1 });
  const other = link.model("other");

  down.close();

  expect(model).toMatchObject({ status: "closed", reason: "the other end was closed", state: { n: 1 } });
  expect(other.status).toBe("closed");
});

describe("the note of a version", () => {
  const note = (version: number, epoch = "e1") => ({ type: "version", model: "board", epoch, version });

  const start = async () => {
    const kernel = new Kernel();
    const board = kernel.publish("board", { n: 1 }, "e1");
    return { kernel, board, ...(await openPage(kernel)) };
  };

  test("says nothing to a page that has that version", async () => {
    const { kernel, model, up } = await start();
    kernel.commit("board", { op: "replace", path: "/n", value: 2 });
    up.hold();

    kernel.say(note(1));
    kernel.say(note(0));
    await turn();

    expect([model.status, up.waiting]).toEqual(["live", []]);
  });

  test.each([
    ["a later version", 5, "e1"],
    ["another object", 0, "e2"],
  ])("tells a page that it has an old state: %s", async (_, version, epoch) => {
    const { kernel, board, model, up } = await start();
    up.hold();

    board.version = 5;
    for (let round = 0; round < 3; round += 1) kernel.say(note(version, epoch));
    await turn();

    expect([model.status, model.reason]).toEqual(["stale", expect.stringMatching(/busy.*old state/)]);
    expect(up.waiting).toMatchObject([{ frame: { messages: [{ type: "hello", model: "board" }] } }]);
    up.release();
    expect(model.status).toBe("live");
  });

  test("does not ask again when the page waits for an answer", async () => {
    const { kernel, up, link, model } = await start();
    up.hold();
    link.reopen();
    await turn();

    kernel.say(note(3));
    await turn();

    expect([model.status, up.waiting.length]).toEqual(["stale", 1]);
  });
});

describe("an edit that is large", () => {
  test("leaves in pieces, each a frame of its own", async () => {
    const { link, model, up } = await pair({ text: "" });
    up.hold();

    model.set("/text", "x".repeat(2 * PIECE));
    await turn();
    link.model("other");
    await turn();

    expect(up.waiting).toMatchObject([
      ...[0, 1, 2].map((index) => ({ frame: { seq: 2 + index, part: { index, count: 3 } } })),
      { frame: { seq: 5, messages: [{ type: "hello", model: "other" }] } },
    ]);
  });

  test("is taken back at once when it is more than any kernel takes, and what was said with it is not", async () => {
    const kernel = new Kernel();
    for (const key of ["a", "b"]) kernel.publish(key, { data: null, n: 0 });
    const { link, model: a } = await openPage(kernel, "a");
    const b = link.model("b");
    await turn();
    const troubles: string[] = [];
    a.on("error", ({ reason }) => troubles.push(reason));

    a.set("/data", new Uint8Array(2 ** 26));
    b.set("/n", 1);
    await turn();

    expect(troubles).toEqual(["Cannot send the edit: it has more than 64 MiB; make it in smaller steps"]);
    expect([a.state, a.pending, b.state]).toEqual([{ data: null, n: 0 }, [], { data: null, n: 1 }]);
    a.set("/n", 2);
    await turn();
    expect(kernel.models.get("a")?.document).toEqual({ data: null, n: 2 });
  });
});

describe("a view that is told anew", () => {
  const view = (to?: string) => ({
    type: "view",
    models: [{ model: "board", epoch: "e1" }],
    esm: "new",
    ...(to && { to }),
  });

  test("is the model's, and its views hear of it", async () => {
    const { model, kernel, link } = await pair({ n: 1 });
    const heard: unknown[] = [];
    model.on("view", (code) => heard.push(code.esm));

    kernel.say(view("another"));
    expect([heard, model.code]).toEqual([[], undefined]);
    kernel.say(view());
    kernel.say(view(link.id));

    expect(heard).toEqual(["new", "new"]);
    expect(model.code).toMatchObject({ esm: "new" });
    expect(link.model("board").code).toBe(model.code);
  });
});
