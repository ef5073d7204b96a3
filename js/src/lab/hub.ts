/**
 * Floor 10. What all views of a panel share: its link, over whatever kernel the panel has.
 *
 * @module
 */

import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { JsonObject } from "../document.ts";
import { Link } from "../link.ts";
import type { Transport } from "../transports/transport.ts";
import { Lanes } from "./lanes.ts";

type Session = NotebookPanel["sessionContext"];

const NO_KERNEL = "No kernel: start one and run the cell again to make this live";
const RECONNECTING = "Reconnecting to the kernel…";
const DISCONNECTED = "The connection to the kernel was lost: reload the page to make this live";

const DEAD = "The kernel died: start one and run the cell again to make this live";
const TERMINATING = "The kernel is shutting down";

/** An output that can store what it shows. */
export interface Stored {
  store(): void;
}

/**
 * One link for all views of a panel, whatever kernel the panel has at the moment.
 *
 * A view keeps its model through restarts, lost connections and another kernel: only the lanes below are exchanged.
 */
export class Hub implements Transport {
  onFrame: Transport["onFrame"] = () => {};
  onClose: Transport["onClose"] = () => {};
  readonly link: Link = new Link(this);
  /** The outputs that show something, and can be brought up to date. */
  readonly outputs: Set<Stored> = new Set();
  readonly #session: Session | null;
  #kernel: Kernel.IKernelConnection | null = null;
  #lanes: Lanes | null = null;
  #wasConnected = false;

  /** Without a session there is no kernel and never will be: what is saved is shown as it is. */
  constructor(session: Session | null) {
    this.#session = session;
    session?.kernelChanged.connect(this.#follow);
    void session?.ready.then(this.#follow);
    this.#follow();
  }

  send(frame: JsonObject, buffers: ArrayBuffer[]): void {
    this.#lanes?.send(frame, buffers);
  }

  renew(): void {
    this.#lanes?.renew();
  }

  /** Have the outputs hold the newest state: the notebook is about to be saved. */
  store(): void {
    for (const output of this.outputs) output.store();
  }

  close(): void {
    this.#session?.kernelChanged.disconnect(this.#follow);
    this.#detach();
  }

  /** A page starts before it has a kernel; a restart keeps the connection and is seen by the status alone. */
  readonly #follow = (): void => {
    const kernel = this.#session?.session?.kernel ?? null;
    if (kernel && kernel === this.#kernel) return;
    const isLoading = this.#session?.isReady === false && this.#kernel === null;
    this.#detach();
    if (kernel) this.#attach(kernel);
    else if (!isLoading) this.link.stale(NO_KERNEL);
  };

  #attach(kernel: Kernel.IKernelConnection): void {
    this.#kernel = kernel;
    this.#lanes = new Lanes(kernel); // before our own slots: it has fallen asleep when they ask
    this.#lanes.onFrame = (frame, buffers) => this.onFrame(frame, buffers);
    this.#lanes.onClose = (reason) => this.link.stale(reason);
    this.#lanes.onDoubt = () => this.link.reopen();
    this.#wasConnected = kernel.connectionStatus === "connected";
    kernel.statusChanged.connect(this.#followStatus);
    kernel.connectionStatusChanged.connect(this.#followConnection);
    this.link.reopen();
  }

  #detach(): void {
    this.#kernel?.statusChanged.disconnect(this.#followStatus);
    this.#kernel?.connectionStatusChanged.disconnect(this.#followConnection);
    this.#lanes?.close();
    this.#kernel = null;
    this.#lanes = null;
  }

  readonly #followStatus = (_: unknown, status: KernelMessage.Status): void => {
    if (status === "terminating") this.link.stale(TERMINATING);
    if (status === "dead") this.link.stale(DEAD);
  };

  /** Whoever fell asleep has a better reason than the connection, and is woken by the kernel. */
  readonly #followConnection = (_: unknown, status: Kernel.ConnectionStatus): void => {
    if (!this.#lanes || this.#lanes.isAsleep) return;
    if (status === "connected") {
      if (this.#wasConnected) this.link.reopen();
      this.#wasConnected = true;
    } else if (this.#wasConnected) {
      this.link.stale(status === "connecting" ? RECONNECTING : DISCONNECTED);
    }
  };
}
