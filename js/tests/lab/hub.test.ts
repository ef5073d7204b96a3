// @vitest-environment jsdom
import { Signal } from "@lumino/signaling";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Hub } from "../../src/lab/hub.ts";
import type { Model } from "../../src/model.ts";
import { FakeKernel, settle } from "../support/kernel-connection.ts";

const SEED = { protocol: 1, model: "board", epoch: "e1", version: 0, read_only: [], document: { n: 1 } };

/** A panel's session context, as far as a hub needs one. */
class FakeSession {
  readonly kernelChanged = new Signal<this, unknown>(this);
  session: { kernel: FakeKernel | null } | null = null;
  isReady = false;
  becomeReady: () => void = () => {};
  readonly ready = new Promise<void>((resolve) => {
    this.becomeReady = () => {
      this.isReady = true;
      resolve();
    };
  });

  take(kernel: FakeKernel | null): void {
    this.session = kernel && { kernel };
    this.kernelChanged.emit(undefined);
  }
}

const start = (): { session: FakeSession; hub: Hub; model: Model } => {
  const session = new FakeSession();
  const hub = new Hub(session as unknown as ConstructorParameters<typeof Hub>[0]);
  return { session, hub, model: hub.link.model("board", SEED) };
};

const live = async (): Promise<ReturnType<typeof start> & { kernel: FakeKernel }> => {
  const started = start();
  const kernel = new FakeKernel();
  started.session.take(kernel);
  await settle();
  kernel.speak();
  return { ...started, kernel };
};

afterEach(() => vi.useRealTimers());

describe("a hub", () => {
  test("shows what was saved while its kernel is not known, and says hello when it is", async () => {
    const { session, model } = start();
    expect([model.status, model.state]).toEqual(["connecting", { n: 1 }]);

    const kernel = new FakeKernel();
    session.take(kernel);
    await settle();

    expect(kernel.hellos()).toEqual([{ type: "hello", model: "board", epoch: "e1", version: 0 }]);
    kernel.speak();
    expect(model.status).toBe("live");
  });

  test("says hello once, when the connection comes after the kernel", async () => {
    const { session } = start();
    const kernel = new FakeKernel();
    kernel.connectionStatus = "connecting";

    session.take(kernel);
    await settle();
    expect(kernel.sent).toEqual([]);
    kernel.connects("connected");
    await settle();

    expect(kernel.hellos()).toHaveLength(1);
  });

  test("says that there is no kernel, when it is known that none comes", async () => {
    const { session, model } = start();

    session.becomeReady();
    await settle();

    expect([model.status, model.reason]).toEqual(["stale", expect.stringMatching(/^No kernel: /)]);
  });

  test("without a session says so at once, to views that come later too", () => {
    const model = new Hub(null).link.model("board", SEED);

    expect([model.status, model.state]).toEqual(["stale", { n: 1 }]);
  });

  test.each([
    ["restarting", /^The kernel was restarted: run the cell again/],
    ["starting", /^The kernel was restarted: run the cell again/], // by another page
    ["autorestarting", /^The kernel died and was restarted: run the cell again/],
    ["terminating", /shutting down/],
    ["dead", /^The kernel died/],
  ])("tells that a kernel is %s, in words", async (status, words) => {
    const { kernel, model } = await live();

    kernel.becomes(status);

    expect([model.status, model.reason]).toEqual(["stale", expect.stringMatching(words)]);
  });

  test("asks again when another process signs, and believes what that says", async () => {
    const { kernel, model } = await live();
    kernel.works("idle");
    const before = kernel.hellos().length;

    kernel.replaceProcess();
    kernel.works("busy");
    await settle();
    expect(kernel.hellos()).toHaveLength(before + 1);
    kernel.says("comm_close", kernel.of("comm_open").at(-1)?.content.comm_id);

    expect([model.status, model.reason]).toEqual(["stale", expect.stringContaining("run the cell again")]);
  });

  test("opens another way to a kernel that does not answer", async () => {
    vi.useFakeTimers();
    const { kernel, model } = await live();
    const before = kernel.of("comm_open").length;

    model.set("/n", 2);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(kernel.of("comm_open")).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(100);

    expect(kernel.of("comm_open")).toHaveLength(before + 1);
    expect([model.status, model.reason]).toEqual([
      "stale",
      expect.stringMatching(/^The kernel does not answer/),
    ]);
  });

  test("is live with a new process that knows the model", async () => {
    const { kernel, model } = await live();
    kernel.works("idle");

    kernel.replaceProcess();
    kernel.works("busy");
    await settle();
    kernel.speak({ kernel: "k2", epoch: "e2", document: { n: 2 } });
    await settle();
    kernel.speak({ kernel: "k2", seq: 2, epoch: "e2", document: { n: 2 } });

    expect([model.status, model.state]).toEqual(["live", { n: 2 }]);
    expect(kernel.of("comm_open")).toHaveLength(2);
  });

  test("keeps that reason while the connection of a restarted kernel goes and comes, and asks nothing", async () => {
    const { kernel, model } = await live();
    const before = kernel.hellos().length;

    kernel.becomes("restarting");
    kernel.connects("connecting");
    kernel.connects("connected");
    await settle();

    expect(model.reason).toMatch(/^The kernel was restarted/);
    expect(kernel.hellos()).toHaveLength(before);
  });

  test("is live again when the cell that shows the model was run again", async () => {
    const { kernel, model } = await live();

    kernel.becomes("restarting");
    kernel.speak({ kernel: "k2", messages: [{ type: "ready", models: [{ model: "board", epoch: "e2" }] }] });
    await settle();
    expect(kernel.hellos().at(-1)).toMatchObject({ type: "hello", model: "board" });
    kernel.speak({ kernel: "k2", seq: 2, epoch: "e2", document: { n: 2 } });

    expect([model.status, model.state]).toEqual(["live", { n: 2 }]);
  });

  test("tells of a lost connection, and asks again when it is back", async () => {
    const { kernel, model } = await live();
    const before = kernel.hellos().length;

    kernel.connects("connecting");
    expect([model.status, model.reason]).toEqual(["stale", "Reconnecting to the kernel…"]);
    kernel.connects("disconnected");
    expect(model.reason).toMatch(/was lost/);
    kernel.connects("connected");
    await settle();

    expect(kernel.hellos()).toHaveLength(before + 1);
  });

  test("tells what the kernel's refusal means", async () => {
    const { session, model } = start();
    const kernel = new FakeKernel();
    session.take(kernel);
    await settle();

    kernel.says("comm_close", kernel.of("comm_open")[0]?.content.comm_id);

    expect([model.status, model.reason]).toEqual(["stale", expect.stringContaining("run the cell again")]);
  });

  test("follows a panel to another kernel, with the same model", async () => {
    const { session, kernel, model } = await live();

    const other = new FakeKernel();
    session.take(other);
    await settle();
    kernel.speak({ seq: 2, document: { n: 3 }, version: 5 });
    other.speak({ kernel: "k2", epoch: "e2", document: { n: 2 } });

    expect(kernel.of("comm_close")).toHaveLength(1);
    expect(model.state).toEqual({ n: 2 });
  });

  test("tells when its kernel was shut down", async () => {
    const { session, model } = await live();

    session.take(null);

    expect(model.reason).toMatch(/^No kernel: /);
  });

  test("leaves nothing behind when its panel is closed", async () => {
    const { hub, kernel, model } = await live();

    hub.close();
    kernel.speak({ seq: 2, document: { n: 3 }, version: 5 });

    expect(kernel.of("comm_close")).toHaveLength(1);
    expect(kernel.of("delete_subshell_request")).toHaveLength(1);
    expect(model.state).toEqual({ n: 1 });
  });
});
