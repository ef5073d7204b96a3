import { onTestFinished, vi } from "vitest";

/** A screen that draws a picture when it is told to; without it nothing is ever drawn, and all is told at once. */
export class Screen {
  #waiting: (() => void)[] = [];

  constructor() {
    vi.stubGlobal("requestAnimationFrame", (callback: () => void) => this.#waiting.push(callback));
    onTestFinished(() => {
      this.draw(); // nothing waits for a screen that is gone
      vi.unstubAllGlobals();
    });
  }

  /** Draw a picture. */
  draw(): void {
    const callbacks = this.#waiting;
    this.#waiting = [];
    for (const callback of callbacks) callback();
  }
}
