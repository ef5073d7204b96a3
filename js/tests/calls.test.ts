import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { ActionError, SessionClosed } from "../src/errors.ts";
import type { CallMessage } from "../src/messages.ts";
import { type Kernel, type KernelModel, openPage, pair, said, turn } from "./support/kernel.ts";

const calls = (kernel: Kernel): CallMessage[] =>
  said(kernel).filter((message): message is CallMessage => (message as CallMessage).type === "call");

/** Say how a call ended, or how far it is. */
function tell(kernel: Kernel, board: KernelModel, to: string, at: number, what: object): void {
  const { call } = calls(kernel)[at] as CallMessage;
  kernel.say({ type: "result", model: board.key, epoch: board.epoch, to, call, ...what });
}

const failure = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was fulfilled");
};

describe("a call", () => {
  test("is sent with its arguments, and resolves with the result", async () => {
    const { kernel, board, link, model } = await pair({ n: 1 });

    const one = model.call("add", "tea", 3);
    const other = model.action("add", { keywords: { count: 2 } })();
    await turn();
    tell(kernel, board, link.id, 1, { value: null });
    tell(kernel, board, link.id, 0, { value: { rows: 4 } });

    expect(await one).toEqual({ rows: 4 });
    expect(await other).toBeNull();
    const [first, second] = calls(kernel);
    expect(first).toMatchObject({
      model: "board",
      epoch: board.epoch,
      name: "add",
      arguments: ["tea", 3],
    });
    expect(first).not.toHaveProperty("keywords");
    expect(second).toMatchObject({ arguments: [], keywords: { count: 2 } });
    expect(first?.call).not.toBe(second?.call);
  });

  test("rejects with the error's type and text", async () => {
    const { kernel, board, link, model } = await pair({ n: 1 });

    const call = model.call("add");
    await turn();
    tell(kernel, board, link.id, 0, { error: { type: "ValueError", text: "no tea", pointer: "/name" } });

    const error = (await failure(call)) as ActionError;
    expect(error).toBeInstanceOf(ActionError);
    expect(error).toMatchObject({
      name: "ActionError",
      type: "ValueError",
      message: "no tea",
      pointer: "/name",
    });
  });

  test("hears nothing of what is told to another page, or of a call that has ended", async () => {
    const { kernel, board, link, model } = await pair({ n: 1 });

    const call = model.call("add");
    await turn();
    tell(kernel, board, "another", 0, { value: 1 });
    tell(kernel, board, link.id, 0, { value: 2 });
    tell(kernel, board, link.id, 0, { value: 3 });

    expect(await call).toBe(2);
  });

  test("tells how far the action is, and what a listener throws is not the link's", async () => {
    const { kernel, board, link, model } = await pair({ n: 1 });
    const onProgress = vi.fn();

    const call = model.action("fit", { onProgress })();
    await turn();
    tell(kernel, board, link.id, 0, { type: "progress", value: 0.5, text: "fitting" });
    tell(kernel, board, link.id, 0, { type: "progress", value: null });
    tell(kernel, board, link.id, 0, { value: 1 });
    await call;

    expect(onProgress.mock.calls).toEqual([
      [0.5, "fitting"],
      [null, undefined],
    ]);
    expect(model.status).toBe("live");
  });

  test("is taken back by a signal: the kernel is told, and the reason is the signal's", async () => {
    const { kernel, board, link, model } = await pair({ n: 1 });
    const stop = new AbortController();

    const call = model.action("fit", { signal: stop.signal })();
    await turn();
    stop.abort(new Error("enough"));

    expect(await failure(call)).toMatchObject({ message: "enough" });
    await turn();
    expect(said(kernel).at(-1)).toEqual({ type: "cancel", model: "board", call: calls(kernel)[0]?.call });
    tell(kernel, board, link.id, 0, { value: 1 });
    expect(model.status).toBe("live");
  });

  test("leaves nothing at a signal that outlives it", async () => {
    const { kernel, board, link, model } = await pair({ n: 1 });
    const { signal } = new AbortController();

    const call = model.action("fit", { signal })();
    await turn();
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    tell(kernel, board, link.id, 0, { value: 1 });
    await call;

    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("is not sent when the signal was aborted before", async () => {
    const { kernel, model } = await pair({ n: 1 });

    const call = model.action("fit", { signal: AbortSignal.abort(new Error("no")) })();

    expect(await failure(call)).toMatchObject({ message: "no" });
    await turn();
    expect(calls(kernel)).toEqual([]);
  });

  test("of a value without a JSON form rejects, with the place", async () => {
    const { model } = await pair({ n: 1 });

    expect(await failure(model.call("add", 1, () => 2))).toMatchObject({ pointer: "/arguments/1" });
  });

  test("leaves behind the edits that were made before it", async () => {
    const { kernel, model, up } = await pair({ n: 1 });
    up.hold();

    model.set("/n", 2); // in flight
    await turn();
    model.set("/n", 3); // behind it
    const call = model.call("add");
    await turn();
    up.release();
    await turn();
    await turn();

    const types = said(kernel).map((message) => (message as { type: string }).type);
    expect(types.slice(1)).toEqual(["edit", "edit", "call"]);
    void call.catch(() => {});
  });

  test("travels in one frame with the edit before it", async () => {
    const { kernel, model } = await pair({ n: 1 });
    const before = kernel.heard.length;

    model.set("/n", 2);
    void model.call("add").catch(() => {});
    await turn();

    expect(kernel.heard.slice(before).map(({ messages }) => messages.map(({ type }) => type))).toEqual([
      ["edit", "call"],
    ]);
  });

  test.each<[string, (page: Awaited<ReturnType<typeof pair>>) => void, string]>([
    [
      "the connection is lost",
      ({ link }) => link.stale("the connection was lost"),
      "the connection was lost",
    ],
    ["the kernel is restarted", ({ kernel }) => kernel.restart(), "the kernel was restarted"],
    [
      "the model is closed",
      ({ kernel }) => kernel.say({ type: "closed", model: "board", reason: "gone" }),
      "gone",
    ],
    [
      "the model is another object",
      ({ kernel }) => void kernel.publish("board", { n: 5 }, "another"),
      "the model was created anew",
    ],
    [
      "frames are lost",
      ({ kernel, board }) => {
        kernel.seq += 1;
        kernel.say(board.snapshot());
      },
      "frames of the kernel were lost",
    ],
    ["nobody shows the model", ({ link, model }) => link.release(model), "nobody shows it any more"],
  ])("rejects when %s: it may have run", async (_, happen, reason) => {
    const page = await pair({ n: 1 });
    const call = page.model.call("add");
    const error = failure(call);
    await turn();

    happen(page);
    await turn();

    expect(await error).toBeInstanceOf(SessionClosed);
    expect((await error).message).toContain(`Cannot tell what became of 'add': ${reason}`);
    expect((await error).message).toMatch(/; it may have run$/);
  });

  test("that cannot be sent rejects: it has not run", async () => {
    const { kernel, link, model } = await pair({ n: 1 });
    link.stale("the connection was lost");

    const { message } = await failure(model.call("add"));

    expect(message).toBe("Cannot call 'add': the connection was lost; it has not run");
    link.reopen();
    await turn();
    expect(calls(kernel)).toEqual([]);
  });

  test("that waits behind an edit when the connection is lost has not run", async () => {
    const { kernel, model, link, up } = await pair({ n: 1 });
    up.hold();
    model.set("/n", 2);
    await turn();
    model.set("/n", 3);
    const error = failure(model.call("add"));

    link.stale("the connection was lost");

    expect((await error).message).toMatch(/^Cannot call 'add': .*; it has not run$/);
    expect(calls(kernel)).toEqual([]);
  });

  test("of a model that has not come, or is closed, rejects", async () => {
    const { kernel, link, model } = await pair({ n: 1 });
    const early = link.model("unknown");
    expect((await failure(early.call("add"))).message).toContain("the state of the model has not come yet");

    link.release(model);
    expect((await failure(model.call("add"))).message).toContain("nobody shows it any more; it has not run");
    expect(calls(kernel)).toEqual([]);
  });

  test("that is too large rejects, and the page goes on", async () => {
    const { kernel, model } = await pair({ n: 1 });

    const { message } = await failure(model.call("add", new Uint8Array(65 * 2 ** 20)));

    expect(message).toBe("Cannot call 'add': it has more than 64 MiB; it has not run");
    model.set("/n", 2);
    await turn();
    expect(said(kernel).at(-1)).toMatchObject({ type: "edit" });
  });

  test("is not one of another page's model", async () => {
    const { kernel, board } = await pair({ n: 1 });
    const { link, model } = await openPage(kernel);

    const call = model.call("add");
    await turn();
    tell(kernel, board, link.id, 0, { value: 7 });

    expect(await call).toBe(7);
  });
});
