import { afterEach, describe, expect, test, vi } from "vitest";
import { Link } from "../src/link.ts";
import { heedErrors } from "./support/console.ts";
import { Kernel, pair, said, turn } from "./support/kernel.ts";

heedErrors();

afterEach(() => {
  vi.useRealTimers();
});

describe("a kernel that does not answer", () => {
  const SILENT = /^The kernel does not answer; it may be busy/;

  /** Let time pass, in seconds. */
  const wait = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000);

  /** A page that is live, in a time that passes when a test says so. */
  const start = async () => {
    vi.useFakeTimers();
    const started = pair({ n: 1 });
    await wait(0);
    return started;
  };

  const hellos = (kernel: Kernel, from: number): number =>
    said(kernel, from).filter((message) => (message as { type: string }).type === "hello").length;

  test("is asked what became of an edit that was lost, and gets it again", async () => {
    const { model, up, board } = await start();
    up.hold();
    model.set("/n", 2);
    await wait(0);
    up.drop();
    up.release();

    await wait(4.9);
    expect(board.document).toEqual({ n: 1 });
    await wait(0.1);

    expect([board.document, board.version]).toEqual([{ n: 2 }, 1]);
    expect([model.status, model.pending]).toEqual(["live", []]);
  });

  test("is asked what became of an edit whose answer was lost, and does not make it twice", async () => {
    const { model, down, board } = await start();
    board.validate = (operations) => [...operations, { op: "add", path: "/seen", value: board.version }];
    down.hold();
    model.set("/n", 2);
    await wait(0);
    down.drop();
    down.release();

    await wait(5);

    expect([board.document, model.state]).toEqual([{ n: 2, seen: 0 }, board.document]);
    expect([model.status, model.pending]).toEqual(["live", []]);
  });

  test("is greeted again when the hello was lost", async () => {
    vi.useFakeTimers();
    const kernel = new Kernel();
    kernel.publish("board", { n: 1 });
    const { page } = kernel.open();
    page.hold();
    const model = new Link(page).model("board");
    await wait(0);
    page.drop();
    page.release();

    await wait(5);

    expect([model.status, model.state]).toEqual(["live", { n: 1 }]);
  });

  test("is shown as such after ten seconds, asked ever less often, and believed with its first word", async () => {
    const { kernel, model, up, board } = await start();
    const before = kernel.heard.length;
    up.hold();
    model.set("/n", 2);

    await wait(9.9);
    expect(model.status).toBe("live");
    await wait(0.1);
    expect([model.status, model.reason]).toEqual(["stale", expect.stringMatching(SILENT)]);
    model.update((draft) => {
      draft.later = true;
    });
    await wait(100);
    up.release();
    await wait(0);

    expect(hellos(kernel, before)).toBe(6); // after 5, 10, 20, 40, 70 and 100 seconds
    expect([model.status, model.pending, board.document]).toEqual(["live", [], { n: 2, later: true }]);
    expect(board.version).toBe(2);
  });

  test("but speaks is live, and what it says is shown", async () => {
    const { kernel, model, up } = await start();
    up.hold();
    model.set("/n", 2);

    for (let second = 0; second < 30; second += 1) {
      kernel.commit("board", { op: "add", path: "/second", value: second });
      await wait(1);
      expect([model.status, model.state]).toEqual(["live", { n: 2, second }]);
    }
  });

  test("is not called silent by a timer that is late", async () => {
    const { model, up } = await start();
    const now = performance.now.bind(performance);
    let late = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now() + late);
    up.hold();
    model.set("/n", 2);

    for (let minute = 0; minute < 5; minute += 1) {
      late += 60_000; // as in a hidden tab
      await vi.advanceTimersToNextTimerAsync();
      expect(model.status).toBe("live");
    }
    await wait(30);
    expect(model.status).toBe("stale");
  });

  test("is asked by no timer while nothing is asked", async () => {
    const { link, model, up, down } = await start();
    expect(vi.getTimerCount()).toBe(0);

    model.set("/n", 2);
    await wait(0);
    expect(vi.getTimerCount()).toBe(0);

    up.hold();
    model.set("/n", 3);
    expect(vi.getTimerCount()).toBe(1);
    link.model("other");
    await wait(0);
    expect(vi.getTimerCount()).toBe(1);
    link.stale("the connection was lost");
    expect(vi.getTimerCount()).toBe(0);
    link.reopen();
    expect(vi.getTimerCount()).toBe(1);
    down.close();
    await wait(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is not asked for ever about an edit that is answered while others follow", async () => {
    const { kernel, model } = await start();
    const before = kernel.heard.length;

    for (let n = 2; n < 40; n += 1) {
      model.set("/n", n);
      await wait(0.5);
    }

    expect(hellos(kernel, before)).toBe(0);
  });

  test("is reached for on another way from the second time on", async () => {
    const { model, up } = await start();
    const renew = vi.fn();
    Object.assign(up, { renew });
    up.hold();
    model.set("/n", 2);

    await wait(5);
    expect(renew).not.toHaveBeenCalled();
    await wait(5);

    expect(renew).toHaveBeenCalledOnce();
  });

  test("gets the last edit of a view that has gone, though it was lost on its way", async () => {
    const { link, model, up, board } = await start();
    up.hold();
    model.set("/n", 2);
    await wait(0);
    link.release(model);
    up.drop();
    up.release();

    await wait(5);

    expect([board.document, model.status]).toEqual([{ n: 2 }, "closed"]);
  });

  test("gets the edit of a view that has gone before the kernel was heard", async () => {
    const kernel = new Kernel();
    const board = kernel.publish("board", { n: 1 }, "e1");
    const { page } = kernel.open();
    const link = new Link(page);
    const model = link.model("board", {
      protocol: 1,
      model: "board",
      epoch: "e1",
      version: 0,
      read_only: [],
      document: { n: 1 },
    });

    model.set("/n", 2);
    link.release(model);
    await turn();

    expect([board.document, model.status]).toEqual([{ n: 2 }, "closed"]);
  });

  test("keeps no model that nobody shows any more", async () => {
    const { link, model, up } = await start();
    up.hold();
    model.set("/n", 2);
    link.release(model);
    expect(model.status).toBe("live");

    await wait(10);

    expect(model.status).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });
});
