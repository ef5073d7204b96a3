/**
 * Floor 9. What is done when a signal aborts.
 *
 * @module
 */

const ends = new WeakMap<AbortSignal, (() => void)[]>();

/** Do something when a signal aborts, or now if it has; however much that is, the signal has one listener. */
export function whenAborted(signal: AbortSignal, action: () => void): void {
  const known = ends.get(signal);
  if (signal.aborted) action();
  else if (known) known.push(action);
  else {
    const actions = [action];
    ends.set(signal, actions);
    const end = (): void => {
      for (const each of actions) each();
    };
    signal.addEventListener("abort", end, { once: true });
  }
}
