import type { Kernel as LabKernel } from "@jupyterlab/services";
import { afterEach, expect, test, vi } from "vitest";
import { connect } from "../src/connect.ts";
import type { JsonObject } from "../src/document.ts";
import { Link } from "../src/link.ts";
import type { Model } from "../src/model.ts";
import {
  type ClassicComm,
  type ColabComm,
  type Comm,
  type CommMessage,
  type LabComm,
  plainComm,
} from "../src/transports/comm.ts";
import { Kernel, turn } from "./support/kernel.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A comm of some host, and the kernel's end of it. */
interface Host {
  comm: Comm;
  /** What the kernel sends. */
  say(data: unknown, buffers: ArrayBuffer[]): void;
  close(): void;
}

type Send = (data: JsonObject, buffers: ArrayBuffer[]) => void;

function lab(send: Send): Host {
  const comm: LabComm = {
    onMsg: () => {},
    onClose: () => {},
    send: (data, metadata, buffers = []) => {
      expect(metadata).toEqual({});
      send(data, buffers);
      return { done: new Promise(() => {}) };
    },
    close: vi.fn(),
  };
  return {
    comm,
    say: (data, buffers) => expect(comm.onMsg({ content: { data }, buffers })).toBeUndefined(),
    close: () => void comm.onClose({ content: { data: {} } }),
  };
}

function classic(send: Send): Host {
  let onMessage = (_: CommMessage): void => {};
  let onClose = (_: CommMessage): void => {};
  const comm: ClassicComm = {
    on_msg: (callback) => {
      onMessage = callback;
    },
    on_close: (callback) => {
      onClose = callback;
    },
    send: (data, _callbacks, _metadata, buffers = []) => send(data, buffers),
    close: vi.fn(),
  };
  return {
    comm,
    say: (data, buffers) => onMessage({ content: { data }, buffers }),
    close: () => onClose({ content: {} }),
  };
}

function colab(send: Send): Host {
  const queue: { data: unknown; buffers: ArrayBuffer[] }[] = [];
  let wake = (): void => {};
  let isOpen = true;
  async function* messages(): AsyncGenerator<{ data: unknown; buffers: ArrayBuffer[] }> {
    while (isOpen || queue.length > 0) {
      const message = queue.shift();
      if (message) yield message;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  const comm: ColabComm = {
    messages: messages(),
    send: async (data, { buffers = [] } = {}) => send(data, buffers),
    close: vi.fn(),
  };
  return {
    comm,
    say: (data, buffers) => {
      queue.push({ data, buffers });
      wake();
    },
    close: () => {
      isOpen = false;
      wake();
    },
  };
}

const hosts: [string, (send: Send) => Host][] = [
  ["JupyterLab", lab],
  ["the classic notebook", classic],
  ["Colab", colab],
];

/** A kernel whose one lane is a comm of a host. */
function joined(make: (send: Send) => Host): { kernel: Kernel; host: Host } {
  const kernel = new Kernel();
  const { page } = kernel.open();
  const host = make((data, buffers) => page.send(data, buffers));
  page.onFrame = (data, buffers) => host.say(data, buffers as ArrayBuffer[]);
  return { kernel, host };
}

test.each(hosts)("%s: a comm that the page opened carries a model both ways", async (_, make) => {
  const { kernel, host } = joined(make);
  const board = kernel.publish("board", { n: 1, image: new Uint8Array([1]) });

  const model = connect(host.comm);
  expect(model).toMatchObject({ status: "connecting", key: "", state: {} });
  await turn();
  expect(model).toMatchObject({ status: "live", key: "board", state: { n: 1, image: new Uint8Array([1]) } });

  model.update((draft) => {
    draft.n = 2;
    draft.image = new Uint8Array([2, 3]);
  });
  await turn();
  expect(board.document).toEqual({ n: 2, image: new Uint8Array([2, 3]) });

  kernel.commit("board", { op: "replace", path: "/n", value: 3 });
  await turn();
  expect(model.state).toMatchObject({ n: 3 });
});

test.each(hosts)(
  "%s: a comm that the kernel closed closes the model, which keeps its state",
  async (_, make) => {
    const { kernel, host } = joined(make);
    kernel.publish("board", { n: 1 });
    const model = connect(host.comm);
    await turn();

    host.close();
    await turn();

    expect(model).toMatchObject({ status: "closed", state: { n: 1 } });
    expect(model.reason).toBe("the kernel closed this connection; run the cell again to make it live");
  },
);

test("a comm that the kernel opened brings the model with it, and nothing need be asked", async () => {
  const { kernel, host } = joined(lab);
  const board = kernel.publish("board", { n: 1 }, "a1");
  const open = {
    content: { data: { protocol: 1, kernel: kernel.id, seq: 2, messages: [board.snapshot()] } },
  };

  const model: Model = connect(host.comm, open);

  expect(model).toMatchObject({ status: "live", key: "board", state: { n: 1 } });
  await turn();
  expect(kernel.heard).toEqual([]);
  model.set("/n", 2);
  await turn();
  expect(board.document).toEqual({ n: 2 });
});

test.each(hosts)("%s: a page that closes its link closes the comm", async (_, make) => {
  const { host } = joined(make);
  const link = new Link(plainComm(host.comm));
  const model = link.model();

  link.close();

  expect(host.comm.close).toHaveBeenCalledOnce();
  expect(model).toMatchObject({ status: "closed", reason: "the page closed the connection" });
});

test("a comm's model has one name, once it is known", async () => {
  const { kernel, host } = joined(lab);
  kernel.publish("board", { n: 1 }, "a1");
  const link = new Link(plainComm(host.comm));
  const model = link.model();
  await turn();

  expect(link.model("board")).toBe(model);
  link.reopen();
  await turn();

  expect(kernel.heard.at(-1)?.messages).toEqual([{ type: "hello", model: "board", epoch: "a1", version: 0 }]);
});

test("a comm that is disposed of says so when it is used", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const { kernel, host } = joined(lab);
  kernel.publish("board", { n: 1 });
  const model = connect(host.comm);
  await turn();
  (host.comm as LabComm).send = () => {
    throw new Error("Cannot send");
  };

  model.set("/n", 2);
  await turn();

  expect(model).toMatchObject({ status: "stale", reason: "Cannot send", state: { n: 2 } });
});

test("JupyterLab's own comm is one, as its types have it", () => {
  const accept = (comm: LabKernel.IComm): Comm => comm;

  expect(accept).toBeDefined();
});
