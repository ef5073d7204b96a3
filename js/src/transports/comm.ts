/**
 * Floor 6. Anything shaped like a Jupyter comm, as a transport.
 *
 * Hosts agree on what a comm does and on nothing else: JupyterLab has properties, the classic notebook
 * methods that take callbacks, Colab an async iterable.
 *
 * @module
 */

import type { Buffer } from "../buffers.ts";
import type { Transport } from "./transport.ts";

/** A comm message, as JupyterLab and the classic notebook hand it over. */
export interface CommMessage {
  readonly content: { readonly data?: unknown };
  readonly buffers?: readonly Buffer[] | undefined;
}

// What a frame is when its bytes were taken out, and how hosts type it.
type Wire = null | boolean | number | string | Wire[] | { [member: string]: Wire };
interface WireObject {
  [member: string]: Wire;
}

/** JupyterLab's comm, in what is needed of it: two callbacks that are set, not called. */
export interface LabComm {
  onMsg(message: CommMessage): unknown;
  onClose(message: CommMessage): unknown;
  send(data: WireObject, metadata?: WireObject, buffers?: ArrayBuffer[]): unknown;
  close(): unknown;
}

/** The classic notebook's comm. */
export interface ClassicComm {
  on_msg(callback: (message: CommMessage) => void): void;
  on_close(callback: (message: CommMessage) => void): void;
  send(data: WireObject, callbacks?: unknown, metadata?: WireObject, buffers?: ArrayBuffer[]): unknown;
  close(): unknown;
}

/** Colab's comm. */
export interface ColabComm {
  readonly messages: AsyncIterable<{ readonly data: unknown; readonly buffers?: readonly Buffer[] }>;
  send(data: WireObject, options?: { buffers?: ArrayBuffer[] }): unknown;
  close(): unknown;
}

/** Anything that is a comm somewhere. */
export type Comm = LabComm | ClassicComm | ColabComm;

const CLOSED = "the kernel closed this connection; run the cell again to make it live";

/** Return a comm as a transport. Frames that come before its `onFrame` is set are lost. */
export function plainComm(comm: Comm): Transport {
  const transport: Transport = {
    onFrame() {},
    onClose() {},
    send() {},
    close() {
      comm.close();
    },
  };
  // JupyterLab would wait for a promise: nothing is returned here
  const receive = ({ content, buffers = [] }: CommMessage): void => transport.onFrame(content.data, buffers);
  const close = (): void => transport.onClose(CLOSED);
  if ("on_msg" in comm) {
    comm.on_msg(receive);
    comm.on_close(close);
    transport.send = (frame, buffers) => comm.send(frame as WireObject, undefined, {}, buffers);
  } else if ("messages" in comm) {
    void listen(comm, transport).then(close, close);
    transport.send = (frame, buffers) => comm.send(frame as WireObject, { buffers });
  } else {
    comm.onMsg = receive;
    comm.onClose = close;
    transport.send = (frame, buffers) => comm.send(frame as WireObject, {}, buffers);
  }
  return transport;
}

async function listen(comm: ColabComm, transport: Transport): Promise<void> {
  for await (const { data, buffers = [] } of comm.messages) transport.onFrame(data, buffers);
}
