/**
 * Floor 6. When a page is drawn: what came from the kernel since the last picture is told once, before the next.
 *
 * @module
 */

/** Milliseconds after which it is told though nothing is drawn: hidden pages draw nothing. */
const PAUSE = 100;

const waiting = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * Call back once before the next picture is drawn, in the order of the first requests; where nothing ever is
 * drawn, at once. What calls back must not throw.
 */
export function beforePaint(callback: () => void): void {
  if (globalThis.requestAnimationFrame === undefined) {
    callback();
    return;
  }
  if (waiting.size === 0) {
    requestAnimationFrame(run);
    timer = setTimeout(run, PAUSE);
  }
  waiting.add(callback);
}

function run(): void {
  clearTimeout(timer);
  const callbacks = [...waiting];
  waiting.clear();
  for (const callback of callbacks) callback();
}
