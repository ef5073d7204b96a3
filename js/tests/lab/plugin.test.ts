// @vitest-environment jsdom
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Signal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MIME_TYPE } from "../../src/display.ts";
import plugin from "../../src/lab/plugin.ts";
import { FakeKernel, settle } from "../support/kernel-connection.ts";

// jsdom drags nothing, and Lumino looks for this as it is imported.
vi.hoisted(() => vi.stubGlobal("DragEvent", MouseEvent));
// Of JupyterLab the plugin needs the names of three services at run time; what stands behind them needs a browser.
vi.mock("@jupyterlab/console", () => ({ IConsoleTracker: {} }));
vi.mock("@jupyterlab/notebook", () => ({ INotebookTracker: {} }));
vi.mock("@jupyterlab/rendermime", () => ({ IRenderMimeRegistry: {} }));

const BUNDLE = { protocol: 1, model: "board", epoch: "e1", version: 0, read_only: [], document: { n: 1 } };

/** A registry of factories, where the last one counts. */
class FakeRegistry {
  readonly factories: IRenderMime.IRendererFactory[] = [];

  addFactory(factory: IRenderMime.IRendererFactory): void {
    this.factories.push(factory);
  }

  create(): IRenderMime.IRenderer {
    return this.factories.at(-1)?.createRenderer({} as IRenderMime.IRendererOptions) as IRenderMime.IRenderer;
  }
}

class FakePanel {
  readonly disposed = new Signal<this, void>(this);
  readonly content = { rendermime: new FakeRegistry() };
  readonly kernel = new FakeKernel();
  readonly sessionContext = {
    kernelChanged: new Signal<object, void>(this),
    ready: Promise.resolve(),
    isReady: true,
    session: { kernel: this.kernel },
  };
}

class FakeTracker {
  readonly widgetAdded = new Signal<this, FakePanel>(this);

  constructor(readonly panels: FakePanel[] = []) {}

  forEach(visit: (panel: FakePanel) => void): void {
    this.panels.forEach(visit);
  }
}

interface Extension {
  createNew(panel: FakePanel): void;
}

function activate(tracker: FakeTracker | null): { registry: FakeRegistry; extensions: Extension[] } {
  const registry = new FakeRegistry();
  const extensions: Extension[] = [];
  const docRegistry = { addWidgetExtension: (_: string, extension: Extension) => extensions.push(extension) };
  (plugin.activate as (...parts: unknown[]) => void)({ docRegistry }, registry, tracker, null);
  return { registry, extensions };
}

const show = async (renderer: IRenderMime.IRenderer, bundle: unknown = BUNDLE): Promise<HTMLElement> => {
  await renderer.renderModel({ data: { [MIME_TYPE]: bundle } } as unknown as IRenderMime.IMimeModel);
  await settle();
  return (renderer as unknown as Widget).node;
};

beforeEach(() => vi.stubGlobal("matchMedia", () => ({ matches: true })));
afterEach(() => vi.unstubAllGlobals());

describe("the plugin", () => {
  test("shows what was saved as old where there is no kernel", async () => {
    const { registry } = activate(null);

    const node = await show(registry.create());

    expect(node.querySelector<HTMLInputElement>("input")?.value).toBe("1");
    expect(node.querySelector("[role=status]")?.textContent).toMatch(/^No kernel/);
  });

  test("serves a panel once, however it hears of it", () => {
    const panel = new FakePanel();
    const tracker = new FakeTracker([panel]);
    const { extensions } = activate(tracker);

    extensions[0]?.createNew(panel);
    tracker.widgetAdded.emit(panel);

    expect(panel.content.rendermime.factories).toHaveLength(1);
  });

  test("lets all outputs of a panel share one model, until the last is gone", async () => {
    const panel = new FakePanel();
    activate(new FakeTracker([panel]));
    const [one, other] = [panel.content.rendermime.create(), panel.content.rendermime.create()];
    const nodes = [await show(one), await show(other)];
    panel.kernel.speak({ document: { n: 2 } });
    await settle();

    expect(nodes.map((node) => node.querySelector("input")?.value)).toEqual(["2", "2"]);

    const said = (): string => JSON.stringify(panel.kernel.sent);
    one.dispose();
    await settle();
    expect(said()).not.toContain("bye");
    other.dispose();
    await settle();
    expect(said()).toContain("bye");
  });

  test("draws an output anew when it is replaced, and leaves it when it is not", async () => {
    const renderer = activate(null).registry.create();
    const node = await show(renderer);
    const before = node.firstChild;

    await show(renderer);
    expect(node.firstChild).toBe(before);
    await show(renderer, { ...BUNDLE, document: { n: 5 } });

    expect(node.querySelector<HTMLInputElement>("input")?.value).toBe("5");
  });

  test("keeps the keys of its controls from the host's shortcuts, and no others", async () => {
    const node = await show(activate(null).registry.create());
    const outside = document.createElement("input");
    document.body.append(node, outside);

    const inputs = [node.querySelector("input") as HTMLElement, outside];
    for (const input of inputs)
      input.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));

    expect(inputs.map((input) => input.hasAttribute("data-lm-suppress-shortcuts"))).toEqual([true, false]);
  });

  test("refuses what it cannot read, in words", async () => {
    const { registry } = activate(null);

    await expect(show(registry.create(), { ...BUNDLE, protocol: 2 })).rejects.toThrow("run the cell again");
    await expect(show(registry.create(), null)).rejects.toThrow("run the cell again");
  });
});
