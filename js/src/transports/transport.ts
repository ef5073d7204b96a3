/**
 * Floor 6. What carries frames: the only I/O, together with the page itself.
 *
 * @module
 */

import type { Buffer } from "../buffers.ts";
import type { JsonObject } from "../document.ts";

/** Two lanes to a kernel, or one comm that serves as both. */
export interface Transport {
  /** Send one frame; the buffers are the transport's own. */
  send(frame: JsonObject, buffers: ArrayBuffer[]): void;
  /** Called for each frame that came, with the buffers that came with it. */
  onFrame: (frame: unknown, buffers: readonly Buffer[]) => void;
  /** Called once when the other side has closed for good. */
  onClose: (reason: string) => void;
  /** Open the way to the kernel anew, where it can be done: on this one nothing was answered. */
  renew?(): void;
  /** Close this side. */
  close(): void;
}
