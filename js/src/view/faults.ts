/**
 * Floor 9. What fails in the page outside of any call of ours: the window tells it, and one listener hears it.
 *
 * @module
 */

type Hearer = (error: unknown) => void;

const hearers = new Set<Hearer>();

/** Hear of everything that nobody caught; returns what ends that. */
export function onFault(hearer: Hearer): () => void {
  if (hearers.size === 0) follow(window.addEventListener);
  hearers.add(hearer);
  return () => {
    if (hearers.delete(hearer) && hearers.size === 0) follow(window.removeEventListener);
  };
}

function follow(change: Window["addEventListener"]): void {
  change.call(window, "error", tell);
  change.call(window, "unhandledrejection", tell);
}

function tell(event: Event): void {
  const error: unknown = "error" in event ? event.error : (event as PromiseRejectionEvent).reason;
  for (const hearer of [...hearers]) hearer(error);
}
