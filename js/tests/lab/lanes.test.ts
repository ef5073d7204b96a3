// @vitest-environment jsdom
import { afterEach, describe, expect, test, vi } from "vitest";
import { Lanes } from "../../src/lab/lanes.ts";
import { FakeKernel, settle } from "../support/kernel-connection.ts";

const upId = (kernel: FakeKernel): unknown => kernel.of("comm_open").at(-1)?.content.comm_id;

/** Lanes with an open UP, to a kernel that has spoken. */
const doubtful = async () => {
  const kernel = new FakeKernel();
  const lanes = new Lanes(kernel.connection);
  const doubts = vi.fn();
  lanes.onDoubt = doubts;
  lanes.send({ seq: 1 }, []);
  await settle();
  kernel.works("busy");
  kernel.says("comm_msg", "syncstate.down", { kernel: "k1" });
  return { kernel, lanes, doubts };
};

afterEach(() => vi.useRealTimers());

describe("the lane up", () => {
  test("is not opened before there is something to say", async () => {
    const kernel = new FakeKernel();

    new Lanes(kernel.connection);
    await settle();

    expect(kernel.sent).toEqual([]);
  });

  test("asks for a subshell first, and says the first frame with its comm_open", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    await settle();

    expect(kernel.sent.map(({ type }) => type)).toEqual(["create_subshell_request", "comm_open"]);
    expect(kernel.sent[1]).toMatchObject({
      subshell: "sub-1",
      content: { target_name: "syncstate", data: { seq: 1 } },
    });
  });

  test("keeps frames in order while it is being opened", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);

    for (const seq of [1, 2, 3]) lanes.send({ seq }, []);
    await settle();
    lanes.send({ seq: 4 }, []);

    const frames = kernel.sent.filter(({ channel }) => channel === "shell");
    expect(frames.map(({ content }) => content.data)).toEqual([
      { seq: 1 },
      { seq: 2 },
      { seq: 3 },
      { seq: 4 },
    ]);
    expect(new Set(frames.map(({ content }) => content.comm_id)).size).toBe(1);
    expect(new Set(frames.map(({ subshell }) => subshell))).toEqual(new Set(["sub-1"]));
  });

  test("asks the control channel whether there are subshells when JupyterLab does not know yet", async () => {
    const kernel = new FakeKernel();
    kernel.supportsSubshells = false;
    kernel.answer = async ({ type }) =>
      type === "kernel_info_request" ? { supported_features: ["kernel subshells"] } : { subshell_id: "late" };
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    await settle();

    expect(kernel.of("kernel_info_request")).toMatchObject([{ channel: "control" }]);
    expect(kernel.of("comm_open")).toMatchObject([{ subshell: "late" }]);
  });

  test.each([
    ["a kernel without subshells", { supportsSubshells: false }],
    ["a setting against them", { commsOverSubshells: "disabled" }],
  ])("does without a subshell: %s", async (_, difference) => {
    const kernel = Object.assign(new FakeKernel(), difference);
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    await settle();

    expect(kernel.of("create_subshell_request")).toEqual([]);
    expect(kernel.of("comm_open")).toMatchObject([{ content: { data: { seq: 1 } } }]);
  });

  test("sends something as soon as the kernel is busy with an edit, once: the answer waits for that", async () => {
    const { kernel, lanes } = await doubtful();
    const edit = { seq: 2, messages: [{ type: "edit" }] };
    const said = (): unknown[] => kernel.of("comm_msg").map(({ content }) => content.data);

    lanes.send({ seq: 2, messages: [{ type: "ack" }] }, []);
    kernel.works("busy", { session: "client", msg_id: kernel.sent.at(-1)?.id });
    lanes.send(edit, []);
    const parent = { session: "client", msg_id: kernel.sent.at(-1)?.id };
    kernel.works("idle", parent);
    kernel.works("busy", { session: "client", msg_id: "another" });
    expect(said().slice(1)).toEqual([edit]);
    for (const state of ["busy", "busy", "idle"]) kernel.works(state, parent);

    expect(said().slice(1)).toEqual([edit, {}]);
    expect(kernel.sent.at(-1)?.subshell).toBe("sub-1");
  });

  test("does not wait for ever, and gives a subshell back that came too late", async () => {
    vi.useFakeTimers();
    const kernel = new FakeKernel();
    let reply: (content: unknown) => void = () => {};
    kernel.answer = async ({ type }) => {
      if (type !== "create_subshell_request") return {};
      return new Promise((resolve) => {
        reply = resolve;
      });
    };
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    await vi.advanceTimersByTimeAsync(20_000);
    reply({ subshell_id: "too late" });
    await vi.advanceTimersByTimeAsync(0);

    expect(kernel.of("comm_open")).toHaveLength(1);
    expect(kernel.of("delete_subshell_request")).toMatchObject([{ content: { subshell_id: "too late" } }]);
  });

  test("waits until the connection is there", async () => {
    const kernel = new FakeKernel();
    kernel.connectionStatus = "connecting";
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    await settle();
    expect(kernel.sent).toEqual([]);
    kernel.connects("connected");
    await settle();

    expect(kernel.of("comm_open")).toHaveLength(1);
  });

  test("is opened anew, on another subshell, when the connection was lost", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    lanes.send({ seq: 1 }, []);
    await settle();
    const before = upId(kernel);

    kernel.connects("connecting");
    lanes.send({ seq: 2 }, []);
    kernel.connects("connected");
    await settle();

    expect(upId(kernel)).not.toBe(before);
    expect(kernel.of("comm_open").at(-1)).toMatchObject({ subshell: "sub-2", content: { data: { seq: 2 } } });
    expect(kernel.of("delete_subshell_request")).toMatchObject([{ content: { subshell_id: "sub-1" } }]);
  });

  test.each(["restarting", "autorestarting", "starting"])(
    "says nothing to a kernel that is %s until that has spoken",
    async (status) => {
      const kernel = new FakeKernel();
      const lanes = new Lanes(kernel.connection);
      lanes.onFrame = () => lanes.send({ seq: 3 }, []);
      lanes.send({ seq: 1 }, []);
      await settle();
      const before = upId(kernel);

      kernel.becomes(status);
      kernel.connects("connecting");
      kernel.connects("connected");
      lanes.send({ seq: 2 }, []);
      await settle();
      expect(lanes.isAsleep).toBe(true);
      expect(kernel.of("comm_msg")).toEqual([]);
      kernel.says("comm_msg", "syncstate.down", { kernel: "new" });
      await settle();

      expect(upId(kernel)).not.toBe(before);
      expect(kernel.of("comm_open").at(-1)).toMatchObject({
        subshell: "sub-2",
        content: { data: { seq: 3 } },
      });
      expect(kernel.of("delete_subshell_request")).toEqual([]);
    },
  );

  test("is not woken by what the kernel said before it was restarted", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    const heard: unknown[] = [];
    lanes.onFrame = (frame) => heard.push(frame);

    kernel.says("comm_msg", "syncstate.down", { kernel: "old", seq: 1 });
    kernel.becomes("restarting");
    kernel.says("comm_msg", "syncstate.down", { kernel: "old", seq: 2 });
    expect(lanes.isAsleep).toBe(true);
    kernel.says("comm_msg", "syncstate.down", { kernel: "new", seq: 1 });

    expect(lanes.isAsleep).toBe(false);
    expect(heard).toEqual([
      { kernel: "old", seq: 1 },
      { kernel: "new", seq: 1 },
    ]);
  });

  test("waits for a kernel that starts while it is being opened", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    kernel.becomes("starting");
    await settle();

    expect(kernel.of("comm_open")).toHaveLength(1);
  });

  test("is opened anew when another process speaks, though nobody told of a restart", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    lanes.onFrame = () => lanes.send({ seq: 2 }, []);
    kernel.says("comm_msg", "syncstate.down", { kernel: "old" });
    await settle();
    const before = upId(kernel);

    kernel.replaceProcess();
    kernel.says("comm_msg", "syncstate.down", { kernel: "new" });
    await settle();

    expect(upId(kernel)).not.toBe(before);
    expect(kernel.of("comm_open").at(-1)).toMatchObject({ subshell: "sub-2" });
  });

  test("is doubted when another process signs, though nobody told of a restart", async () => {
    const { kernel, lanes, doubts } = await doubtful();
    const before = upId(kernel);

    kernel.replaceProcess();
    kernel.works("busy");
    expect(doubts).toHaveBeenCalledOnce();
    lanes.send({ seq: 2 }, []);
    await settle();

    expect(upId(kernel)).not.toBe(before);
    expect(kernel.of("comm_open").at(-1)).toMatchObject({ subshell: "sub-2", content: { data: { seq: 2 } } });
  });

  test("is asleep when another tab of this browser restarts the process that it knows, and only then", async () => {
    const { kernel, lanes } = await doubtful();
    const id = `process-${Math.random()}`; // which no other test ends
    kernel.says("comm_msg", "syncstate.down", { kernel: id });
    const reasons: string[] = [];
    const told = new Promise<void>((resolve) => {
      lanes.onClose = (reason) => {
        reasons.push(reason);
        resolve();
      };
    });

    for (const heard of ["an earlier one", undefined, id]) {
      const other = new FakeKernel();
      new Lanes(other.connection);
      if (heard) other.says("comm_msg", "syncstate.down", { kernel: heard });
      other.becomes("idle");
      other.becomes("restarting");
    }
    await told;

    expect(reasons).toEqual([expect.stringMatching(/^The kernel was restarted/)]);
    expect(lanes.isAsleep).toBe(true);
  });

  test("is doubted once until the kernel has spoken, and goes on where that is another one", async () => {
    const { kernel, lanes, doubts } = await doubtful();
    kernel.replaceProcess();
    kernel.works("busy");
    lanes.send({ seq: 2 }, []);
    await settle();
    const renewed = upId(kernel);

    kernel.replaceProcess();
    kernel.works("idle");
    expect(doubts).toHaveBeenCalledOnce();
    kernel.says("comm_msg", "syncstate.down", { kernel: "new" });
    lanes.send({ seq: 3 }, []);
    await settle();

    expect(kernel.of("comm_msg")).toMatchObject([{ content: { comm_id: renewed, data: { seq: 3 } } }]);
    kernel.replaceProcess();
    kernel.works("idle");
    expect(doubts).toHaveBeenCalledTimes(2);
  });

  test("keeps the subshell that the kernel still has, and gives back its comm", async () => {
    const { kernel, lanes } = await doubtful();
    const before = upId(kernel);

    lanes.renew();
    lanes.send({ seq: 2 }, []);
    await settle();

    expect(kernel.of("comm_close")).toMatchObject([{ subshell: "sub-1", content: { comm_id: before } }]);
    expect(kernel.of("comm_open").at(-1)).toMatchObject({ subshell: "sub-1", content: { data: { seq: 2 } } });
  });

  test.each([
    ["the server's own words", (kernel: FakeKernel) => kernel.works("restarting", {})],
    [
      "a kernel that signs as the client that it answers",
      (kernel: FakeKernel) => kernel.works("busy", { session: kernel.session }),
    ],
  ])("is not doubted for %s", async (_, speak) => {
    const { kernel, doubts } = await doubtful();

    kernel.replaceProcess();
    speak(kernel);

    expect(doubts).not.toHaveBeenCalled();
  });

  test("is doubted no more when the kernel signs each message anew", async () => {
    const { kernel, lanes, doubts } = await doubtful();
    lanes.onDoubt = () => {
      doubts();
      lanes.send({ seq: 2 }, []);
    };

    for (let round = 0; round < 10; round += 1) {
      kernel.session = `message-${round}`;
      kernel.works("busy");
      await settle();
      kernel.says("comm_msg", "syncstate.down", { kernel: "k1" });
    }

    expect(doubts).toHaveBeenCalledOnce();
  });

  test("tells why when the kernel refuses it, and keeps its subshell for the next time", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    const reasons: string[] = [];
    lanes.onClose = (reason) => reasons.push(reason);
    lanes.onFrame = () => lanes.send({ seq: 2 }, []);
    lanes.send({ seq: 1 }, []);
    await settle();

    kernel.says("comm_close", upId(kernel));
    kernel.says("comm_msg", "syncstate.down");
    await settle();

    expect(reasons).toEqual([expect.stringContaining("run the cell again")]);
    expect(kernel.of("create_subshell_request")).toHaveLength(1);
    expect(kernel.of("comm_open").at(-1)).toMatchObject({ subshell: "sub-1", content: { data: { seq: 2 } } });
  });

  test("is closed with its subshell when the page goes", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    lanes.send({ seq: 1 }, []);
    await settle();

    window.dispatchEvent(new Event("pagehide"));

    expect(kernel.sent.slice(2)).toMatchObject([
      { type: "comm_close", subshell: null, content: { comm_id: upId(kernel) } },
      { type: "delete_subshell_request", content: { subshell_id: "sub-1" } },
    ]);
  });

  test("gives a subshell back that came after it was closed", async () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);

    lanes.send({ seq: 1 }, []);
    lanes.close();
    await settle();

    expect(kernel.sent.map(({ type }) => type)).toEqual([
      "create_subshell_request",
      "delete_subshell_request",
    ]);
  });
});

describe("the lane down", () => {
  test("hands over what the kernel says there, and nothing else", () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    const heard: unknown[] = [];
    lanes.onFrame = (frame) => heard.push(frame);

    kernel.says("comm_msg", "another", 1);
    kernel.says("comm_msg", "syncstate.down", 2);
    kernel.says("comm_close", "syncstate.down", 3);
    lanes.close();
    kernel.says("comm_msg", "syncstate.down", 4);

    expect(heard).toEqual([2]);
  });

  test("survives a receiver that throws, and says so", () => {
    const kernel = new FakeKernel();
    const lanes = new Lanes(kernel.connection);
    const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
    lanes.onFrame = () => {
      throw new Error("out of order");
    };

    expect(() => kernel.says("comm_msg", "syncstate.down")).not.toThrow();

    expect(complaint).toHaveBeenCalledOnce();
    complaint.mockRestore();
  });
});
