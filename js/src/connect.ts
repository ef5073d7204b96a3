/**
 * Floor 9. A model over a comm of one's own, on any page (`docs/protocol.md`, section 6).
 *
 * @module
 */

import type { JsonObject } from "./document.ts";
import { Link } from "./link.ts";
import type { Model } from "./model.ts";
import { type Comm, type CommMessage, plainComm } from "./transports/comm.ts";

/**
 * Return the model that a comm carries.
 *
 * @param comm - anything shaped like a Jupyter comm: JupyterLab's, the classic notebook's, Colab's
 * @param openMessage - the `comm_open` message, if it was the kernel that opened the comm
 *
 * @example
 * kernel.registerCommTarget("my_target", (comm, message) => show(connect(comm, message)));
 */
export function connect<State = JsonObject>(comm: Comm, openMessage?: CommMessage): Model<State> {
  const transport = plainComm(comm);
  const model = new Link(transport).model<State>();
  if (openMessage) transport.onFrame(openMessage.content.data, openMessage.buffers ?? []);
  return model;
}
