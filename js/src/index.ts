/**
 * State of a Jupyter kernel, live in a page.
 *
 * ```js
 * import { connect } from "syncstate";
 *
 * const model = connect(comm); // anything shaped like a Jupyter comm
 * model.subscribe("/rows", (rows) => draw(rows));
 * model.update((draft) => {
 *   draft.rows[3].price = 4;
 * });
 * model.bind(document.querySelector("form"));
 * ```
 *
 * The kernel is the authority. What a page changes shows at once, and is taken back if the kernel refuses
 * it. What travels are JSON Patches (RFC 6902), as `docs/protocol.md` says.
 *
 * @module
 */

export type { DType, NumberArray } from "./arrays.ts";
export type { CallOptions } from "./calls.ts";
export { connect } from "./connect.ts";
export type { Json, JsonList, JsonObject } from "./document.ts";
export type { Draft } from "./draft.ts";
export {
  ActionError,
  MessageError,
  NotSyncable,
  NotWritable,
  PatchError,
  PointerError,
  SessionClosed,
  SyncStateError,
  TargetNotFound,
  TestFailed,
} from "./errors.ts";
export { type Codec, type ExactDate, exactDate, Failure, register, Tagged } from "./forms.ts";
export { Link } from "./link.ts";
export { PROTOCOL } from "./messages.ts";
export { Model, type ModelEvents, type ViewCode } from "./model.ts";
export { apply, type Operation, type Patch } from "./patch.ts";
export { join, parse, resolve } from "./pointer.ts";
export type { Status, Trouble } from "./replica.ts";
export { type Comm, type CommMessage, plainComm } from "./transports/comm.ts";
export type { Transport } from "./transports/transport.ts";
