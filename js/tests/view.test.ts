// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import { Link } from "../src/link.ts";
import type { ViewContext } from "../src/view/module.ts";
import { View, type ViewOptions } from "../src/view.ts";
import { Kernel, type KernelModel, openPage, type Page, turn } from "./support/kernel.ts";

class FakeBlob {
  constructor(readonly parts: string[]) {}
}

let urls = 0;
let views: View[] = [];

beforeEach(() => {
  // Node imports no blob: the same text as a data URL stands for it, another one each time as with blobs.
  vi.stubGlobal("Blob", FakeBlob);
  URL.createObjectURL = (blob) => {
    urls += 1;
    return `data:text/javascript,${encodeURIComponent(`${(blob as unknown as FakeBlob).parts.join("")}\n//${urls}`)}`;
  };
  URL.revokeObjectURL = () => {};
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  for (const view of views) view.dispose();
  views = [];
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Shown extends Page {
  kernel: Kernel;
  board: KernelModel;
  host: HTMLElement;
  view: View;
}

async function show(
  module: ViewOptions["module"],
  options: { state?: Json; css?: string } = {},
): Promise<Shown> {
  const kernel = new Kernel();
  const board = kernel.publish("board", options.state ?? { count: 1 });
  const page = await openPage(kernel);
  const host = document.createElement("div");
  const view = new View({ model: page.model, host, module, css: options.css });
  views.push(view);
  await turn();
  await turn();
  return { kernel, board, ...page, host, view };
}

const drawing = (
  render: (context: ViewContext) => unknown,
): { render: (context: ViewContext) => unknown } => ({ render });

const error = (host: HTMLElement): string => host.querySelector(".syncstate-error")?.textContent ?? "";
const status = (host: HTMLElement): string => host.querySelector("[role=status]")?.textContent ?? "";
const reject = (host: HTMLElement): string => host.querySelector(".syncstate-reject")?.textContent ?? "";

describe("a module", () => {
  test.each([
    [
      "a default object",
      "export default { render({ el, model }) { el.textContent = 'count ' + model.state.count; } }",
    ],
    ["a default function", "export default () => ({ render({ el }) { el.textContent = 'count 1'; } })"],
    [
      "a default async function",
      "export default async () => ({ async render({ el }) { el.textContent = 'count 1'; } })",
    ],
    ["a named render", "export function render({ el }) { el.textContent = 'count 1'; }"],
  ])("may export %s", async (_, module) => {
    const { host } = await show(module);

    await vi.waitFor(() => expect(host.textContent).toBe("count 1"));
  });

  test("is imported once for all its views", async () => {
    const text =
      "globalThis.imports = (globalThis.imports ?? 0) + 1; export const render = ({ el }) => { el.textContent = 'here'; }";

    const [first, second] = [await show(text), await show(text)];

    await vi.waitFor(() => expect(first.host.textContent + second.host.textContent).toBe("herehere"));
    expect((globalThis as { imports?: number }).imports).toBe(1);
  });

  test("that draws nothing is an error that says what to write", async () => {
    const { host } = await show("export const something = 1");

    await vi.waitFor(() =>
      expect(error(host)).toContain("exports no render; write export default { render("),
    );
  });

  test("that cannot be loaded is an error", async () => {
    const { host } = await show("throw new Error('not today');");

    await vi.waitFor(() => expect(error(host)).toContain("could not be loadedError: not today"));
  });

  test("is not asked to draw before there is a state", async () => {
    const kernel = new Kernel();
    const page = await openPage(kernel);
    const render = vi.fn();
    const view = new View({ model: page.model, host: document.createElement("div"), module: { render } });
    views.push(view);
    await turn();
    expect(render).not.toHaveBeenCalled();

    kernel.publish("board", { count: 1 });
    await vi.waitFor(() => expect(render).toHaveBeenCalledOnce());
  });
});

describe("the end of a view", () => {
  test("aborts its signal, calls what render returned, and stops what it listened to", async () => {
    const cleanup = vi.fn();
    const heard = vi.fn();
    let signal: AbortSignal | undefined;
    const { view, kernel } = await show(
      drawing(({ model, signal: end }) => {
        signal = end;
        model.subscribe("/count", heard, { signal: end });
        return cleanup;
      }),
    );

    view.dispose();
    kernel.commit("board", { op: "replace", path: "/count", value: 2 });

    expect(signal?.aborted).toBe(true);
    expect(cleanup).toHaveBeenCalledOnce();
    expect(heard).toHaveBeenCalledOnce();
  });

  test("calls what an asynchronous render returned afterwards", async () => {
    const cleanup = vi.fn();
    let finish: (done: () => void) => void = () => {};
    const { view } = await show(
      drawing(
        () =>
          new Promise((resolve) => {
            finish = resolve;
          }),
      ),
    );

    view.dispose();
    finish(cleanup);
    await turn();

    expect(cleanup).toHaveBeenCalledOnce();
  });

  test("takes its style away with the last view that had it", async () => {
    const css = ".badge { color: red }";
    const sheets = (): number =>
      [...document.head.querySelectorAll("style")].filter(({ textContent }) =>
        textContent?.includes(".badge"),
      ).length;
    const first = await show(
      drawing(() => {}),
      { css },
    );
    const second = await show(
      drawing(() => {}),
      { css },
    );

    const counts = [sheets()];
    first.view.dispose();
    counts.push(sheets());
    second.view.dispose();
    counts.push(sheets());

    expect(counts).toEqual([1, 1, 0]);
  });
});

describe("what goes wrong is shown", () => {
  test("when render throws, with the author's words as text", async () => {
    const { host } = await show(
      drawing(() => {
        throw new RangeError("no <b>bold</b> rows");
      }),
    );

    expect(error(host)).toContain("The render function of this view failed");
    expect(error(host)).toContain("RangeError: no <b>bold</b> rows");
    expect(host.querySelector("b")).toBeNull();
  });

  test("with the frames that are the author's, and no others", async () => {
    const { host } = await show(
      "const explode = () => { throw new Error('bang'); };\nexport const render = () => explode();",
    );

    await vi.waitFor(() => expect(error(host)).toContain("bang"));
    expect(host.querySelector("pre")?.textContent?.split("\n")).toEqual([
      expect.stringMatching(/^at explode \(view\.js:1:\d+\)$/),
      expect.stringMatching(/^at (Module\.)?render \(view\.js:2:\d+\)$/),
    ]);
  });

  test("when a subscriber throws, until it is dismissed", async () => {
    const { host, kernel } = await show(
      "export const render = ({ model, signal }) => { model.subscribe('/count', (count) => { if (count > 1) throw new Error('not ' + count); }, { signal }); }",
    );
    await turn();

    kernel.commit("board", { op: "replace", path: "/count", value: 2 });
    expect(error(host)).toContain("Error: not 2");
    host.querySelector<HTMLElement>(".syncstate-error button")?.click();

    expect(error(host)).toBe("");
  });

  test("when nobody catches it, in the view whose code it was; the window has one listener for all", async () => {
    const listen = vi.spyOn(window, "addEventListener");
    const code = (name: string): string =>
      `globalThis.${name} = () => new Error("late ${name}"); export const render = () => {};`;
    const shown = [await show(code("one")), await show(code("two"))];
    const late = globalThis as unknown as { two?: () => Error };
    await vi.waitFor(() => expect(late.two).toBeDefined());
    await turn();

    window.dispatchEvent(new ErrorEvent("error", { error: late.two?.() }));

    expect(shown.map(({ host }) => error(host))).toEqual(["", expect.stringContaining("Error: late two")]);
    expect(listen.mock.calls.filter(([name]) => name === "error")).toHaveLength(1);
  });

  test("when what is thrown is no error", async () => {
    const { host } = await show(
      drawing(() => {
        throw "just text";
      }),
    );

    expect(error(host)).toContain("just text");
  });
});

describe("a refused edit", () => {
  test("is told until an edit of this page is accepted, whatever the kernel does in between", async () => {
    const { host, model, kernel, board } = await show(drawing(() => {}));
    board.validate = () => {
      throw new Error("count should not be 7");
    };

    model.set("/count", 7);
    await turn();
    expect(reject(host)).toBe("count should not be 7");
    kernel.commit("board", { op: "replace", path: "/count", value: 3 });
    await turn();
    expect(reject(host)).toBe("count should not be 7");
    board.validate = (operations) => operations;
    model.set("/count", 5);
    await turn();

    expect(reject(host)).toBe("");
  });
});

describe("the status", () => {
  test("is silent while the view is live, and gives the reason when it is not", async () => {
    const { host, link } = await show(drawing(() => {}));
    expect(status(host)).toBe("");

    link.stale("The kernel was restarted");
    expect(status(host)).toBe("The kernel was restarted");

    link.reopen();
    await turn();
    expect(status(host)).toBe("");
  });

  test("says after a second that an edit is not answered yet, until it is", async () => {
    const { host, model, up, kernel } = await show(drawing(() => {}));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    up.hold();

    model.set("/count", 2);
    vi.advanceTimersByTime(999);
    expect(status(host)).toBe("");
    vi.advanceTimersByTime(1);
    expect(status(host)).toMatch("has not answered yet");
    kernel.commit("board", { op: "add", path: "/other", value: 1 }); // it speaks, but of something else
    expect(status(host)).toMatch("has not answered yet");

    up.release();
    await vi.waitFor(() => expect(status(host)).toBe(""));
    vi.advanceTimersByTime(5000);
    expect(status(host)).toBe("");
  });

  test("says nothing of edits that follow each other and are answered", async () => {
    const { host, model } = await show(drawing(() => {}));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });

    for (let count = 2; count < 20; count += 1) {
      model.set("/count", count);
      model.set("/count", -count); // one is always behind
      vi.advanceTimersByTime(200);
      await Promise.resolve();
      expect(status(host)).toBe("");
    }
  });

  test("of a view that waits for its kernel is told after a second", async () => {
    vi.useFakeTimers();
    const silence = { send: () => {}, close: () => {}, onFrame: () => {}, onClose: () => {} };
    const host = document.createElement("div");
    views.push(new View({ model: new Link(silence).model("board"), host, module: { render: () => {} } }));

    expect(status(host)).toBe("");
    vi.advanceTimersByTime(1000);

    expect(status(host)).toBe("Connecting to the kernel…");
  });
});

describe("a view that is drawn by other code", () => {
  const drawn = (text: string) => drawing(({ el }) => el.append(text));

  test("ends what was drawn, and draws in the same place", async () => {
    const ends: string[] = [];
    const first = drawing(({ el, signal }) => {
      el.append("one");
      el.classList.add("mine");
      signal.addEventListener("abort", () => ends.push("aborted"));
      return () => ends.push("cleaned");
    });
    const { host, view } = await show(first);

    view.redraw({ module: drawn("two") });
    await turn();

    expect(ends.sort()).toEqual(["aborted", "cleaned"]);
    expect(host.querySelector(".syncstate-content")?.innerHTML).toBe("<div>two</div>");
  });

  test("goes on with what it has while the new code cannot be loaded, and draws the next", async () => {
    const end = vi.fn();
    const { host, view } = await show(
      drawing(({ el, signal }) => {
        el.append("one");
        signal.addEventListener("abort", end);
      }),
    );

    view.redraw({ module: "throw new Error('not today');", file: "board.js" });
    await vi.waitFor(() =>
      expect(error(host)).toContain("could not be loaded; what you see is the code of before"),
    );
    expect(host.textContent).toContain("one");
    expect(end).not.toHaveBeenCalled();

    view.redraw({ module: drawn("two") });
    await vi.waitFor(() => expect(host.textContent).toBe("two"));
  });

  test("comes back to what drew well when the new code cannot draw", async () => {
    const { host, view } = await show(drawn("one"));

    view.redraw({
      module: drawing(({ el }) => {
        el.append("half");
        throw new Error("no");
      }),
    });

    await vi.waitFor(() => expect(error(host)).toContain("The render function of this view failed"));
    expect(host.querySelector(".syncstate-content")?.textContent).toBe("one");
  });

  test("draws the newest of several that come in a row", async () => {
    const { host, view } = await show(drawn("one"));
    const text = (name: string) => `export const render = ({ el }) => { el.append("${name}"); }`;

    for (const name of ["two", "three", "four"]) view.redraw({ module: text(name) });

    await vi.waitFor(() => expect(host.textContent).toBe("four"));
  });

  test("is not drawn again for a style sheet", async () => {
    const render = vi.fn();
    const module = drawing(render);
    const { view } = await show(module, { css: ".a { color: red }" });
    const sheets = (): string[] =>
      [...document.querySelectorAll("style")].map((each) => each.textContent ?? "");

    view.redraw({ module, css: ".b { color: blue }" });

    expect(render).toHaveBeenCalledOnce();
    expect(sheets().filter((text) => text.includes(".a {"))).toEqual([]);
    expect(sheets().filter((text) => text.includes(".b {"))).toHaveLength(1);
  });

  test("gives the focus and the selection back to what has the same name", async () => {
    const form = (order: string[]) =>
      drawing(({ el }) => {
        for (const name of order) {
          const input = document.createElement("input");
          input.setAttribute("data-sync-value", name);
          input.value = "some text";
          el.append(input);
        }
      });
    const { host, view } = await show(form(["/a", "/b"]));
    document.body.append(host);
    const input = host.querySelectorAll("input")[1] as HTMLInputElement;
    input.focus();
    input.setSelectionRange(2, 4);

    view.redraw({ module: form(["/b", "/c", "/a"]) });
    await turn();

    const focused = document.activeElement as HTMLInputElement;
    expect(focused.getAttribute("data-sync-value")).toBe("/b");
    expect([focused.selectionStart, focused.selectionEnd]).toEqual([2, 4]);
    host.remove();
  });
});
