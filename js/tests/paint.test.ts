import { afterEach, describe, expect, test, vi } from "vitest";
import { beforePaint } from "../src/paint.ts";
import { pair, said, turn } from "./support/kernel.ts";
import { Screen } from "./support/screen.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("before a picture", () => {
  test("each is called once, in the order of the first requests", () => {
    const screen = new Screen();
    const calls: string[] = [];
    const [one, other] = [() => calls.push("one"), () => calls.push("other")];

    for (const call of [one, other, one]) beforePaint(call);
    expect(calls).toEqual([]);
    screen.draw();

    expect(calls).toEqual(["one", "other"]);
    screen.draw();
    expect(calls).toHaveLength(2);
  });

  test("what is asked for meanwhile is called before the next one", () => {
    const screen = new Screen();
    const calls: string[] = [];
    beforePaint(() => beforePaint(() => calls.push("next")));

    screen.draw();
    expect(calls).toEqual([]);
    screen.draw();

    expect(calls).toEqual(["next"]);
  });

  test("a page that draws nothing is told a moment later, and once", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const screen = new Screen();
    const call = vi.fn();

    beforePaint(call);
    vi.advanceTimersByTime(100);
    screen.draw();

    expect(call).toHaveBeenCalledTimes(1);
  });

  test("where there are no pictures it is told at once", () => {
    const call = vi.fn();

    beforePaint(call);

    expect(call).toHaveBeenCalledTimes(1);
  });
});

describe("a model on a screen", () => {
  test("tells once a picture what the kernel changed, and only of what is another then", async () => {
    const { model, kernel } = await pair({ n: 0, m: 0, rows: [] });
    const screen = new Screen();
    const [n, m, change] = [vi.fn(), vi.fn(), vi.fn()];
    model.subscribe("/n", n);
    model.subscribe("/m", m);
    model.on("change", change);
    for (const listener of [n, m]) listener.mockClear();

    for (let value = 1; value <= 50; value += 1) kernel.commit("board", { op: "replace", path: "/n", value });
    kernel.commit("board", { op: "replace", path: "/m", value: 1 });
    kernel.commit("board", { op: "replace", path: "/m", value: 0 });
    expect(model.state).toMatchObject({ n: 50, m: 0 }); // it is there for who looks
    screen.draw();

    expect(n.mock.calls).toEqual([[50]]);
    expect(m).not.toHaveBeenCalled();
    expect(change).toHaveBeenCalledTimes(1);
  });

  test("tells what the page itself does at once", async () => {
    const { model, kernel } = await pair({ n: 0 });
    const screen = new Screen();
    const listener = vi.fn();
    model.subscribe("/n", listener);

    kernel.commit("board", { op: "replace", path: "/n", value: 1 });
    model.set("/n", 2);
    expect(listener.mock.calls).toEqual([[0], [2]]);
    screen.draw();

    expect(listener).toHaveBeenCalledTimes(2);
  });

  test("tells of an edit that was refused after what it shows then", async () => {
    const { model, board } = await pair({ n: 0 });
    const screen = new Screen();
    const told: unknown[] = [];
    model.subscribe("/n", (n) => told.push(n));
    model.on("error", ({ reason }) => told.push(reason));
    board.validate = () => {
      throw new RangeError("no");
    };

    model.set("/n", 1);
    await turn();
    expect(told).toEqual([0, 1]);
    screen.draw();

    expect(told).toEqual([0, 1, 0, "no"]);
  });
});

type Pair = Awaited<ReturnType<typeof pair>>;

describe("a frame that asks", () => {
  // Sends one to a page, and returns what the page says.
  async function ask({ kernel, down }: Pair): Promise<() => unknown[]> {
    const from = kernel.heard.length;
    kernel.seq += 1;
    down.send({ protocol: 1, kernel: kernel.id, seq: kernel.seq, messages: [], ack: true }, []);
    await turn();
    return () => said(kernel, from);
  }

  test("is acknowledged when it is drawn", async () => {
    const page = await pair({ n: 0 });
    const screen = new Screen();

    const heard = await ask(page);
    expect(heard()).toEqual([]);
    screen.draw();
    await turn();

    expect(heard()).toEqual([{ type: "ack", seq: page.kernel.seq }]);
  });

  test("is acknowledged at once by a page that is not to be seen", async () => {
    const page = await pair({ n: 0 });
    new Screen();
    vi.stubGlobal("document", { hidden: true });

    const heard = await ask(page);

    expect(heard()).toEqual([{ type: "ack", seq: page.kernel.seq }]);
  });

  test("is not acknowledged by a page that shows nothing", async () => {
    const page = await pair({ n: 0 });
    page.link.release(page.model);
    await turn();

    const heard = await ask(page);

    expect(heard()).toEqual([]);
  });
});
