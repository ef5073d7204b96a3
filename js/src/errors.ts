/**
 * Floor 0. Every exception that syncstate raises.
 *
 * ```
 * SyncStateError
 * ├── PointerError         the text is not a JSON Pointer           .text
 * ├── PatchError           an operation cannot be applied           .operation .index .pointer
 * │   ├── TargetNotFound   nothing is at the target location
 * │   └── TestFailed       a "test" found another value             .found
 * ├── NotSyncable          a value has no JSON form                 .pointer .value
 * ├── NotWritable          the kernel did not open this member      .pointer
 * ├── Conflict             an edit cannot be carried over           .pointer
 * ├── MessageError         a message from the kernel makes no sense
 * ├── SessionClosed        the model is closed
 * └── ActionError          an action has failed in the kernel       .type .pointer
 * ```
 *
 * One sentence for all of them: *Cannot verb where: why; way out*. The tree and the sentences are
 * those of `syncstate/errors.py`.
 *
 * @module
 */

/** The root of everything that syncstate raises. */
export class SyncStateError extends Error {
  override name = "SyncStateError";
  /** The place that the error is about, if it is about one. */
  readonly pointer: string | undefined;

  constructor(sentence: string, pointer?: string) {
    super(sentence);
    this.pointer = pointer;
  }
}

/** A text is not a JSON Pointer (RFC 6901, section 3). */
export class PointerError extends SyncStateError {
  override name = "PointerError";
  readonly text: string;

  constructor(text: string, why: string) {
    super(`Cannot parse pointer '${text}': ${why}`);
    this.text = text;
  }
}

/** An operation of a patch is malformed or cannot be applied (RFC 6902, section 4). */
export class PatchError extends SyncStateError {
  override name = "PatchError";
  readonly operation: unknown;
  /** The operation's place in its patch, from 0. */
  readonly index: number | undefined;

  constructor(sentence: string, pointer?: string, operation?: unknown, index?: number) {
    super(sentence, pointer);
    this.operation = operation;
    this.index = index;
  }
}

/** A reference token on the way to a target location names nothing. */
export class TargetNotFound extends PatchError {
  override name = "TargetNotFound";
}

/** A `test` operation found another value. */
export class TestFailed extends PatchError {
  override name = "TestFailed";
  readonly found: unknown;

  constructor(sentence: string, pointer?: string, operation?: unknown, index?: number, found?: unknown) {
    super(sentence, pointer, operation, index);
    this.found = found;
  }
}

/** A value has no JSON form, so no kernel could ever hold it. */
export class NotSyncable extends SyncStateError {
  override name = "NotSyncable";
  readonly value: unknown;

  constructor(pointer: string, value: unknown, why: string) {
    super(`Cannot sync '${pointer}': ${why}`, pointer);
    this.value = value;
  }
}

/** The page asked to write what the model did not open to it. */
export class NotWritable extends SyncStateError {
  override name = "NotWritable";

  constructor(pointer: string, why: string) {
    super(`Cannot write '${pointer}': ${why}`, pointer);
  }
}

/** What an edit was made for is gone. */
export class Conflict extends SyncStateError {
  override name = "Conflict";

  constructor(pointer: string, why: string) {
    super(`Cannot apply the edit of '${pointer}': ${why}`, pointer);
  }
}

/** A message from the kernel cannot be understood. */
export class MessageError extends SyncStateError {
  override name = "MessageError";
}

/** An action that was called has failed in the kernel, or was not run; the message is the exception's text. */
export class ActionError extends SyncStateError {
  override name = "ActionError";
  /** The name of the exception's class in Python. */
  readonly type: string;

  constructor(type: string, text: string, pointer?: string) {
    super(text, pointer);
    this.type = type;
  }
}

/** The model, or the link that it was asked to use, is closed. */
export class SessionClosed extends SyncStateError {
  override name = "SessionClosed";
}
