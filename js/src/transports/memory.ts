/**
 * Floor 6. Two ends in one process, for tests and for pages that hold a kernel themselves.
 *
 * Frames are packed and unpacked as on a wire, so that the ends share nothing. What passes can be held,
 * dropped and put in another order.
 *
 * @module
 */

import type { JsonObject } from "../document.ts";
import type { Transport } from "./transport.ts";

/** One end of a pair. */
export class MemoryTransport implements Transport {
  onFrame: Transport["onFrame"] = () => {};
  onClose: Transport["onClose"] = () => {};
  /** What this end has sent and the other has not received yet. */
  readonly waiting: { frame: unknown; buffers: readonly ArrayBuffer[] }[] = [];
  #peer: MemoryTransport | undefined;
  #isHeld = false;
  #isPassing = false;

  /** Return two ends; what one sends the other receives. */
  static pair(): [MemoryTransport, MemoryTransport] {
    const [one, other] = [new MemoryTransport(), new MemoryTransport()];
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  send(frame: JsonObject, buffers: ArrayBuffer[]): void {
    this.waiting.push({ frame: JSON.parse(JSON.stringify(frame)), buffers: structuredClone(buffers) });
    this.#pass();
  }

  /** Keep what this end sends from now on. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Let everything pass that waits, and what comes after it. */
  release(): void {
    this.#isHeld = false;
    this.#pass();
  }

  /** Lose what waits. */
  drop(): void {
    this.waiting.length = 0;
  }

  /** Put what waits in another order: the last first, or as told. */
  reorder(order: (waiting: MemoryTransport["waiting"]) => void = (waiting) => waiting.reverse()): void {
    order(this.waiting);
  }

  close(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    peer?.onClose("the other end was closed");
  }

  // A frame that is sent while another is received comes after it, as on a wire.
  #pass(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) this.#peer?.onFrame(next.frame, next.buffers);
    } finally {
      this.#isPassing = false;
    }
  }

  #next(): MemoryTransport["waiting"][number] | undefined {
    return this.#isHeld ? undefined : this.waiting.shift();
  }
}
