// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import { Kernel, openPage } from "./support/kernel.ts";

// jsdom measures nothing and draws nothing.
vi.stubGlobal(
  "ResizeObserver",
  class {
    observe(): void {}
    disconnect(): void {}
  },
);
vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));

vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);

test.each<[string, Json, string]>([
  ["no data", { data: [] }, "No data"],
  ["what has no columns", { data: 5 }, "Cannot draw '/data': it is a number"],
  ["nothing", {}, "There is nothing at '/data'"],
])("a chart of %s says so, and goes on saying it when the kernel is gone", async (_, state, message) => {
  const { render } = await import("../src/chart.ts");
  const kernel = new Kernel();
  kernel.publish("board", state);
  const { link, model } = await openPage(kernel);
  const el = document.body.appendChild(document.createElement("div"));
  const spec = { kind: "line", data: { pointer: "/data" } } as const;
  render({ model, el, signal: new AbortController().signal, spec });
  const said = (): string | null | undefined => el.querySelector(".syncstate-chart-message")?.textContent;
  expect(said()).toBe(message);

  link.close();

  expect(said()).toBe(message);
});
