/**
 * Floor 5. Large messages of a kernel, put together from their parts (`docs/protocol.md`, section 1).
 *
 * @module
 */

import { isList, isObject, type Json, kind, put } from "./document.ts";
import { MessageError } from "./errors.ts";
import type { Part, PatchMessage, Snapshot, Told } from "./messages.ts";
import { resolve } from "./pointer.ts";

/** The message that is being put together; there is one at most on a lane. */
export class Assembly {
  #whole: Snapshot | PatchMessage | undefined;
  #left = 0;

  /** The model that the message is about, while parts of it are to come. */
  get model(): string | undefined {
    return this.#left > 0 ? this.#whole?.model : undefined;
  }

  /** Forget what was begun: a part of it was lost. */
  clear(): void {
    this.#left = 0;
  }

  /**
   * Return a message that is whole: this one, or the one whose last part this is.
   *
   * What was begun ends with any message that is no part of it. A part of nothing is nothing: what it belongs
   * to was lost. Of what comes a second time, parts are left out.
   *
   * @throws {MessageError} if a part does not fit
   */
  take(message: Told | Part, isRepeated = false): Told | undefined {
    if (isRepeated) return message.type === "part" || "parts" in message ? undefined : message;
    if (message.type !== "part") {
      const { parts = 0 } = message as Snapshot;
      this.#left = parts;
      this.#whole = message as Snapshot;
      return parts > 0 ? undefined : message;
    }
    if (this.#left === 0) return undefined;
    const left = this.#left - 1;
    this.#left = 0; // if it does not fit
    join(this.#whole as unknown as Json, message);
    this.#left = left;
    return left > 0 ? undefined : this.#whole;
  }
}

// The message was just read from text, and is nobody else's: it is filled in place.
function join(whole: Json, { path, value }: Part): void {
  const place = resolve(whole, path);
  if (isList(place) && isList(value)) for (const element of value) (place as Json[]).push(element);
  else if (isObject(place) && isObject(value)) {
    for (const [name, member] of Object.entries(value)) put(place as Record<string, Json>, name, member);
  } else
    throw new MessageError(`Cannot take a part of a message: ${kind(value)} does not go into ${kind(place)}`);
}
