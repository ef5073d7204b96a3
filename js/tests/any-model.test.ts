// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import type { KernelMessage, Told } from "../src/messages.ts";
import type { Model } from "../src/model.ts";
import { experimentalOf, type Face, faceOf, letMessagesIn } from "../src/view/any-model.ts";
import { Kernel, type KernelModel, openPage, type Page, turn } from "./support/kernel.ts";

interface Opened extends Page {
  kernel: Kernel;
  board: KernelModel;
  face: Face;
  controller: AbortController;
}

async function open(state: Json): Promise<Opened> {
  const kernel = new Kernel();
  const board = kernel.publish("board", state);
  const page = await openPage(kernel);
  const controller = new AbortController();
  const face = faceOf(page.model, controller.signal);
  await turn();
  return { kernel, board, ...page, face, controller };
}

const edits = (kernel: Kernel): unknown[] =>
  kernel.heard.flatMap(({ messages }) => messages).flatMap((m) => (m.type === "edit" ? [m.operations] : []));
const sent = (kernel: Kernel): unknown[] =>
  kernel.heard.flatMap(({ messages }) => messages).filter(({ type }) => type === "message");
const say = ({ kernel, board }: Opened, content: Json, buffers?: Uint8Array[]): void =>
  kernel.say({
    type: "message",
    model: "board",
    epoch: board.epoch,
    content,
    ...(buffers && { buffers }),
  } as unknown as KernelMessage & Told);

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("what was set", () => {
  test("is got at once, and sent with save_changes as one edit", async () => {
    const { face, kernel, board } = await open({ x: 1, y: 1 });

    face.set("x", 2);
    face.set({ y: 3 });
    await turn();
    expect(face.get("x")).toBe(2);
    expect(face.state).toEqual({ x: 1, y: 1 });
    expect(edits(kernel)).toEqual([]);

    face.save_changes();
    await turn();
    expect(edits(kernel)).toEqual([
      [
        { op: "replace", path: "/x", value: 2 },
        { op: "replace", path: "/y", value: 3 },
      ],
    ]);
    expect(board.document).toEqual({ x: 2, y: 3 });
  });

  test("is seen by all faces of the model, and told to them", async () => {
    const { face, model } = await open({ x: 1 });
    const other = faceOf(model, new AbortController().signal);
    const heard = vi.fn();
    other.on("change:x", heard);

    face.set("x", 2);

    expect(other.get("x")).toBe(2);
    expect(heard.mock.calls).toEqual([[other, 2, {}]]);
  });

  test("and is no member is kept here and never sent", async () => {
    const { face, kernel } = await open({ x: 1 });

    face.set("mine", 5);
    face.save_changes();
    await turn();

    expect(face.get("mine")).toBe(5);
    expect(edits(kernel)).toEqual([]);
  });

  test("gives way to what the kernel has made of that member since", async () => {
    const { face, kernel } = await open({ x: 1 });

    face.set("x", 2);
    kernel.commit("board", { op: "replace", path: "/x", value: 9 });
    await vi.waitFor(() => expect(face.get("x")).toBe(9));
    face.save_changes();
    await turn();

    expect(edits(kernel)).toEqual([]);
  });

  test("and was refused is what it was, and told so", async () => {
    const { face, board } = await open({ x: 1 });
    board.validate = () => {
      throw new Error("no");
    };
    const heard = vi.fn();
    face.on("change:x", (_: unknown, value: unknown) => heard(value));
    face.on("error", () => {});

    face.set("x", 2);
    face.save_changes();

    await vi.waitFor(() => expect(heard.mock.calls).toEqual([[2], [1]]));
    expect(face.get("x")).toBe(1);
  });

  test("by a pointer is our own contract, and leaves at once", async () => {
    const { face, kernel } = await open({ rows: [{ price: 1 }] });

    face.set("/rows/0/price", 4);
    await turn();

    expect(edits(kernel)).toEqual([[{ op: "replace", path: "/rows/0/price", value: 4 }]]);
    expect(face.get("/rows/0")).toEqual({ price: 4 });
  });

  test("travels as JSON would have it, but with its bytes", async () => {
    const { face, kernel } = await open({ x: 0 });

    const when = new Date(0);
    face.set("x", { gone: undefined, call: () => 1, list: [undefined], when, data: new Float32Array([1]) });
    face.save_changes();
    await turn();

    const data = new Uint8Array([0, 0, 128, 63]);
    expect(edits(kernel)).toEqual([
      [{ op: "replace", path: "/x", value: { list: [null], when: "1970-01-01T00:00:00.000Z", data } }],
    ]);
  });
});

describe("what is got", () => {
  test("may be changed and set again, and the state is not corrupted", async () => {
    const { face, kernel, board } = await open({ x: [1, { deep: 1 }] });
    const before = face.state;

    const value = face.get("x") as [number, { deep: number }, ...number[]];
    value.push(5);
    value[1].deep = 2;
    expect(before).toEqual({ x: [1, { deep: 1 }] });
    face.set("x", value);
    face.save_changes();
    await turn();

    expect(before).toEqual({ x: [1, { deep: 1 }] });
    expect(board.document).toEqual({ x: [1, { deep: 2 }, 5] });
    expect(edits(kernel)).toHaveLength(1);
  });

  test("is the same object until the member is another one: React asks again and again", async () => {
    const { face, kernel } = await open({ x: [1], y: 1 });

    const first = face.get("x");
    kernel.commit("board", { op: "replace", path: "/y", value: 2 });
    await vi.waitFor(() => expect(face.get("y")).toBe(2));
    expect(face.get("x")).toBe(first);

    const mine = [2];
    face.set("x", mine);
    face.save_changes();
    await turn();
    await turn();
    expect(face.get("x")).toBe(mine);
  });

  test("are bytes as a DataView", async () => {
    const { face } = await open({ x: new Uint8Array([7, 8]) as unknown as Json });

    const view = face.get("x") as DataView;

    expect(view).toBeInstanceOf(DataView);
    expect([view.byteLength, view.getUint8(1)]).toEqual([2, 8]);
    view.setUint8(0, 99);
    expect(face.state.x).toEqual(new Uint8Array([7, 8]));
  });

  test("is undefined for what the model has not", async () => {
    const { face } = await open({ x: 1 });

    expect(face.get("nothing")).toBeUndefined();
    expect(face.get("__proto__")).toBeUndefined();
  });
});

describe("a listener", () => {
  test("hears of a member once, be it changed here or in the kernel", async () => {
    const { face, kernel } = await open({ x: 1, y: 1 });
    const heard = vi.fn();
    face.on("change:x", (_: unknown, value: unknown) => heard(value));

    face.set("x", 2);
    face.set("x", 2);
    face.save_changes();
    await turn();
    kernel.commit("board", { op: "replace", path: "/x", value: 3 });

    await vi.waitFor(() => expect(heard).toHaveBeenLastCalledWith(3));
    expect(heard.mock.calls).toEqual([[2], [3]]);
  });

  test("of several events hears each, and of change the state", async () => {
    const { face } = await open({ x: 1, y: 1 });
    const heard = vi.fn();
    face.on("change:x change:y", heard);
    const any = vi.fn();
    face.on("change", any);

    face.set({ x: 2, y: 2 });

    expect(heard).toHaveBeenCalledTimes(2);
    expect(any.mock.calls).toEqual([[{ state: { x: 1, y: 1 }, version: 0 }]]);
  });

  test.each<[string, (face: Face, heard: () => void) => void]>([
    ["off()", (face) => face.off()],
    ["off(null, null)", (face) => face.off(null, null)],
    ["off(name)", (face) => face.off("change:x")],
    ["off(name, callback)", (face, heard) => face.off("change:x", heard)],
    ["off(null, callback)", (face, heard) => face.off(null, heard)],
  ])("ends by %s", async (_, end) => {
    const { face, model } = await open({ x: 1 });
    const other = faceOf(model, new AbortController().signal);
    const [heard, stays] = [vi.fn(), vi.fn()];
    face.on("change:x", heard);
    other.on("change:x", stays);

    end(face, heard);
    face.set("x", 2);

    expect(heard).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledOnce();
  });

  test("stays where another one is meant, and ends with its face", async () => {
    const { face, controller } = await open({ x: 1, y: 1 });
    const heard = vi.fn();
    face.on("change:x", heard);

    face.off("change:y");
    face.off("change:x", () => {});
    face.set("x", 2);
    controller.abort();
    face.set("x", 3);

    expect(heard).toHaveBeenCalledOnce();
  });

  test("that throws keeps no other one from hearing", async () => {
    const { face } = await open({ x: 1 });
    const heard = vi.fn();
    face.on("change:x", () => {
      throw new Error("mine");
    });
    face.on("change:x", heard);

    expect(() => face.set("x", 2)).toThrow("mine");
    expect(heard).toHaveBeenCalledOnce();
  });
});

describe("messages", () => {
  test("go to the kernel with their buffers, behind the edits made before", async () => {
    const { face, kernel, board } = await open({ x: 1 });

    face.set("x", 2);
    face.save_changes();
    face.set("x", 3);
    face.save_changes(); // waits for the answer to the first
    face.send({ go: true, not: undefined }, undefined, [new Uint8Array([1, 2]).buffer]);
    await vi.waitFor(() => expect(sent(kernel)).toHaveLength(1));

    const order = kernel.heard.flatMap(({ messages }) => messages.map(({ type }) => type));
    expect(order.slice(-3)).toEqual(["edit", "edit", "message"]);
    expect(sent(kernel)).toEqual([
      {
        type: "message",
        model: "board",
        epoch: board.epoch,
        content: { go: true },
        buffers: [new Uint8Array([1, 2])],
      },
    ]);
  });

  test("of the kernel come with buffers as DataViews, after what came before them", async () => {
    const opened = await open({ x: 1 });
    const { face, kernel, model } = opened;
    const heard = vi.fn();
    letMessagesIn(model);
    face.on("msg:custom", (content: unknown, buffers: DataView[]) =>
      heard(content, buffers[0]?.getUint8(0), face.get("x")),
    );

    kernel.commit("board", { op: "replace", path: "/x", value: 2 });
    say(opened, { kind: "tick" }, [new Uint8Array([5])]);

    expect(heard.mock.calls).toEqual([[{ kind: "tick" }, 5, 2]]);
  });

  test("that come before anybody could listen are kept", async () => {
    const opened = await open({ x: 1 });
    const { face, model } = opened;
    say(opened, 1);
    say(opened, 2);
    const heard = vi.fn();
    face.on("msg:custom", (content: unknown) => heard(content));
    expect(heard).not.toHaveBeenCalled();

    letMessagesIn(model);

    expect(heard.mock.calls).toEqual([[1], [2]]);
  });

  test("for another object of the same key are nobody's", async () => {
    const opened = await open({ x: 1 });
    letMessagesIn(opened.model);
    const heard = vi.fn();
    opened.face.on("msg:custom", heard);

    opened.kernel.say({
      type: "message",
      model: "board",
      epoch: "another",
      content: 1,
    } as unknown as KernelMessage);

    expect(heard).not.toHaveBeenCalled();
  });
});

describe("invoke", () => {
  const answering = (model: Model, value: Json): ReturnType<typeof vi.fn> => {
    const call = vi.fn(async () => value);
    vi.spyOn(model, "action").mockReturnValue(call);
    return call;
  };

  test("calls a command, and gives its response and its buffers", async () => {
    const { model } = await open({ x: 1 });
    const call = answering(model, {
      response: { ok: true },
      buffers: [new Uint8Array([3])] as unknown as Json[],
    });

    const [response, buffers] = await experimentalOf(model).invoke("ping", { n: 1 });

    expect(call).toHaveBeenCalledWith({ n: 1 });
    expect(response).toEqual({ ok: true });
    expect(buffers.map((buffer) => buffer.getUint8(0))).toEqual([3]);
  });

  test("calls an action, and gives what it returns", async () => {
    const { model } = await open({ x: 1 });
    const call = answering(model, 7);

    expect(await experimentalOf(model).invoke("count")).toEqual([7, []]);
    expect(call).toHaveBeenCalledWith();
  });
});

test("a face has our own contract too", async () => {
  const { face, model } = await open({ rows: [1] });
  const heard = vi.fn();

  face.subscribe("/rows", heard);
  face.update((draft) => {
    (draft.rows as unknown as number[]).push(2);
  });

  expect(face.state).toBe(model.state);
  expect(heard.mock.calls).toEqual([[[1]], [[1, 2]]]);
  expect(face.key).toBe("board");
  await expect(face.widget_manager.get_model("1")).rejects.toThrow("there is no widget manager");
});
