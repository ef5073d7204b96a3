/**
 * Floor 9. In which line of an author's module an error of syntax is.
 *
 * @module
 */

import { make } from "./element.ts";
import type { ViewModule } from "./module.ts";

/** Where an error of syntax is, as a stack would say it: `12:5`; nothing where that cannot be known. */
export async function linesOf(error: unknown, module: ViewModule | string): Promise<string | undefined> {
  if (!(error instanceof SyntaxError) || typeof module !== "string") return undefined;
  const lines = module.split("\n").length;
  const found = await firstFault(module);
  return found && found.line <= lines ? `${found.line}:${found.column}` : undefined;
}

// What is imported fails without a word of where; a script that is not run for its syntax tells the window.
function firstFault(text: string): Promise<{ line: number; column: number } | undefined> {
  // No program goes on like this, in whatever it has left open: so nothing of it ever runs.
  const url = URL.createObjectURL(new Blob([text, "\n@@"], { type: "text/javascript" }));
  const script = make("script", { type: "module" });
  return new Promise<{ line: number; column: number } | undefined>((resolve) => {
    const hear = (event: ErrorEvent): void => {
      if (event.filename !== url) return;
      event.preventDefault(); // it is told in the view
      event.stopImmediatePropagation();
      resolve({ line: event.lineno, column: event.colno });
    };
    const end = (): void => {
      window.removeEventListener("error", hear, true);
      script.remove();
      URL.revokeObjectURL(url);
    };
    window.addEventListener("error", hear, true);
    for (const name of ["load", "error"]) {
      script.addEventListener(name, () => {
        resolve(undefined);
        end();
      });
    }
    script.src = url;
    document.head.append(script);
  });
}
