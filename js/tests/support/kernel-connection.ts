/** A kernel connection as JupyterLab has them, as far as the extension needs one. */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";

export type Sent = {
  id: string;
  type: string;
  channel: string;
  subshell: unknown;
  content: Record<string, unknown>;
};

/** Records what is sent, and answers as a test says. */
export class FakeKernel {
  readonly sent: Sent[] = [];
  readonly iopubMessage = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, string>(this);
  readonly connectionStatusChanged = new Signal<this, string>(this);
  readonly clientId = "client";
  readonly username = "";
  readonly isDisposed = false;
  status = "idle";
  /** What signs the messages of this process; another one has another. */
  session = "process-1";
  connectionStatus = "connected";
  commsOverSubshells = "perCommTarget";
  supportsSubshells = true;
  answer: (request: Sent) => Promise<unknown> = async ({ type }) => {
    if (type === "list_subshell_request") return { subshell_id: [...this.#subshells] };
    if (type !== "create_subshell_request") return {};
    const id = `sub-${this.of(type).length}`;
    this.#subshells.add(id);
    return { subshell_id: id };
  };
  readonly #subshells = new Set<string>();

  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }

  of(type: string): Sent[] {
    return this.sent.filter((message) => message.type === type);
  }

  sendShellMessage(message: KernelMessage.IMessage): unknown {
    return this.#record(message);
  }

  sendControlMessage(message: KernelMessage.IMessage): unknown {
    return this.#record(message);
  }

  #record({ header, channel, content }: KernelMessage.IMessage): unknown {
    const subshell = (header as { subshell_id?: unknown }).subshell_id;
    const said = content as Record<string, unknown>;
    const sent = { id: header.msg_id, type: header.msg_type, channel, subshell, content: said };
    this.sent.push(sent);
    return { done: this.answer(sent).then((reply) => ({ content: reply })), dispose: () => {} };
  }

  says(type: string, commId: unknown, data: unknown = {}): void {
    this.#emit(type, { comm_id: commId, data });
  }

  /** Tell that the process has something to do, or no longer; by default after a message of this page. */
  works(state: string, parent: object = { session: this.clientId }): void {
    this.#emit("status", { execution_state: state }, parent);
  }

  /** Be another process from now on, and tell nobody. */
  replaceProcess(): void {
    this.session = `${this.session}+`;
    this.#subshells.clear();
  }

  #emit(type: string, content: object, parent_header: object = { session: this.clientId }): void {
    const header = { msg_type: type, session: this.session };
    this.iopubMessage.emit({ header, parent_header, content, buffers: [] });
  }

  /** Say something on the lane down; by default, what the model `board` is now. */
  speak(
    said: {
      kernel?: string;
      seq?: number;
      messages?: unknown[];
      epoch?: string;
      version?: number;
      document?: unknown;
    } = {},
  ): void {
    const { kernel = "k1", seq = 1, epoch = "e1", version = 1, document = { n: 1 } } = said;
    const snapshot = { type: "snapshot", model: "board", epoch, version, document, read_only: [], number: 0 };
    this.says("comm_msg", "syncstate.down", {
      protocol: 1,
      kernel,
      seq,
      messages: said.messages ?? [snapshot],
    });
  }

  /** What pages have asked for. */
  hellos(): unknown[] {
    const frames = this.sent.map(
      ({ content }) => content.data as { messages?: { type: string }[] } | undefined,
    );
    return frames.flatMap((frame) => frame?.messages ?? []).filter(({ type }) => type === "hello");
  }

  becomes(status: string): void {
    this.status = status;
    this.statusChanged.emit(status);
  }

  connects(status: string): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit(status);
  }
}

/** Let promises that are resolved already go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
