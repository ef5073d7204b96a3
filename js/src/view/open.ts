/**
 * Floor 9. Whether a person can write.
 *
 * @module
 */

import type { Model } from "../model.ts";

/** Tell whether a person can write: what is entered while nothing was heard yet waits for the kernel. */
export function isOpen({ status }: Pick<Model, "status">): boolean {
  return status === "live" || status === "connecting";
}
