// @vitest-environment jsdom
import { setMaxListeners } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { Json } from "../src/document.ts";
import { readDuration, spellDuration } from "../src/form/durations.ts";
import { control, render, type Schema, type Widget } from "../src/form.ts";
import { exactDate, Failure, Tagged } from "../src/forms.ts";
import { Kernel, type KernelModel, openPage, type Page, turn } from "./support/kernel.ts";

afterEach(() => document.body.replaceChildren());

interface Shown {
  el: HTMLElement;
  kernel: Kernel;
  board: KernelModel;
  model: Page["model"];
  end: AbortController;
}

async function page(state: Json, readOnly: string[] = []): Promise<Shown> {
  const kernel = new Kernel();
  const board = kernel.publish("board", state);
  board.readOnly = readOnly;
  const { model } = await openPage(kernel);
  const el = document.createElement("div");
  document.body.append(el);
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  return { el, kernel, board, model, end };
}

/** A page with one control. */
async function one(schema: Schema, value: Json, widget?: Widget): Promise<Shown> {
  const shown = await page({ it: value });
  const { model, el, end } = shown;
  el.append(control({ model, pointer: "/it", schema, signal: end.signal, label: "It", widget }));
  return shown;
}

const field = (el: Element): string | undefined =>
  el.querySelector<HTMLElement>(".syncstate-field")?.dataset.widget;
const input = (el: Element): HTMLInputElement =>
  el.querySelector("input, select, textarea") as HTMLInputElement;
const note = (el: Element): string =>
  [...el.querySelectorAll(".syncstate-note")].map((each) => each.textContent).join("");

function enter(element: HTMLInputElement, value: string): void {
  element.focus();
  element.value = value;
  element.dispatchEvent(new Event("input", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

describe("which control a place has", () => {
  const cases: [Schema, Json, string][] = [
    [{ type: "number", minimum: 0, maximum: 1 }, 0.5, "slider"],
    [{ type: "number", minimum: 0 }, 0.5, "number"],
    [{ type: "number", minimum: 0, maximum: 1 }, Number.NaN, "number"],
    [{ type: "integer" }, 1, "number"],
    [{ type: "boolean" }, true, "checkbox"],
    [{ anyOf: [{ type: "boolean" }, { type: "null" }] }, true, "radio"],
    [{ type: "string" }, "a", "text"],
    [{ type: "string" }, "a\nb", "textarea"],
    [{ type: "string", maxLength: 1000 }, "a", "textarea"],
    [{ type: "string", format: "date" }, exactDate("2026-01-31"), "date"],
    [{ type: "string", format: "date-time" }, exactDate("2026-01-31T12:00:00"), "datetime"],
    [{ type: "string", format: "time" }, new Tagged("time", "12:00:00") as Json, "time"],
    [{ type: "string", format: "duration" }, new Tagged("timedelta", "PT5S") as Json, "duration"],
    [{ enum: ["a", "b"] }, "a", "radio"],
    [{ enum: ["a", "b", "c", "d"] }, "a", "select"],
    [{ type: "array", items: { enum: ["a", "b"] } }, ["a"], "multiselect"],
    [{ type: "number", readOnly: true }, 1, "output"],
    [{ type: "number" }, new Failure("ValueError", "no") as Json, "output"],
    [{ leaf: "bytes" }, "x", "output"],
    [{}, "a", "text"],
    [{}, 3, "number"],
  ];

  test.each(cases)("%j with %s is a %s", async (schema, value, expected) => {
    const { el } = await one(schema, value);

    expect(field(el)).toBe(expected);
  });

  test("is what it is told to be", async () => {
    const { el } = await one({ type: "boolean" }, true, "switch");

    expect(input(el).getAttribute("role")).toBe("switch");
  });

  test("is the one that its schema names", async () => {
    const { el } = await one({ type: "string", widget: "password" }, "a");

    expect(input(el).type).toBe("password");
  });
});

describe("what is entered", () => {
  const cases: [Schema, Json, string, Json][] = [
    [{ type: "number" }, 1, "2.5", 2.5],
    [{ anyOf: [{ type: "number" }, { type: "null" }] }, 1, "", null],
    [{ type: "string" }, "a", "b", "b"],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "a", "", null],
    [{ type: "string", format: "date" }, exactDate("2026-01-31"), "2026-02-01", exactDate("2026-02-01")],
    [
      { type: "string", format: "date-time" },
      exactDate("2026-01-31T12:00:00+02:00"),
      "2026-01-31T13:30",
      exactDate("2026-01-31T13:30+02:00"),
    ],
    [
      { type: "string", format: "time" },
      new Tagged("time", "12:00:00") as Json,
      "13:30",
      new Tagged("time", "13:30:00") as Json,
    ],
    [
      { type: "string", format: "duration" },
      new Tagged("timedelta", "PT5S") as Json,
      "1h 30m",
      new Tagged("timedelta", "PT5400S") as Json,
    ],
    [{ enum: ["a", 2, null, "d"] }, "a", "2", null],
  ];

  test.each(cases)("%j with %s: %s", async (schema, value, entered, expected) => {
    const { el, board } = await one(schema, value);

    enter(input(el), entered);
    await turn();

    expect((board.document as { it: Json }).it).toEqual(expected);
    expect(note(el)).toBe("");
  });

  test("is sent when it is done, and Escape goes back", async () => {
    const { el, board } = await one({ type: "string" }, "a");
    const box = input(el);
    box.value = "b";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await turn();
    expect(board.document).toEqual({ it: "a" });

    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));

    expect(box.value).toBe("a");
  });

  test("is not overwritten by what the kernel says meanwhile", async () => {
    const { el, kernel, board } = await one({ type: "string" }, "a");
    const box = input(el);
    box.value = "mine";
    box.dispatchEvent(new Event("input", { bubbles: true }));

    kernel.say(board.commit([{ op: "replace", path: "/it", value: "theirs" }]));
    await turn();
    expect(box.value).toBe("mine");

    box.dispatchEvent(new Event("change", { bubbles: true }));
    await turn();
    expect(board.document).toEqual({ it: "mine" });
  });

  test("stays, with a word, while it is none of what belongs there", async () => {
    const { el, board } = await one({ type: "integer" }, 1);

    enter(input(el), "1.5");
    await turn();

    expect(board.document).toEqual({ it: 1 });
    expect(note(el)).toBe("Enter a whole number");
    expect(input(el).getAttribute("aria-invalid")).toBe("true");
    expect(input(el).getAttribute("aria-describedby")).toBe(el.querySelector(".syncstate-note")?.id);
  });

  test("is refused at the control, and the note goes with the next that is taken", async () => {
    const { el, board } = await one({ type: "number" }, 1);
    board.validate = (operations) => {
      if (operations.some((operation) => "value" in operation && operation.value === 7))
        throw new Error("Not 7");
      return operations;
    };

    enter(input(el), "7");
    await turn();
    expect(note(el)).toContain("Not 7");
    expect(input(el).value).toBe("1");

    enter(input(el), "8");
    await turn();
    expect(note(el)).toBe("");
    expect(input(el).hasAttribute("aria-invalid")).toBe(false);
  });

  test("by a slider counts at each step, and its number follows", async () => {
    const { el, board } = await one({ type: "number", minimum: 0, maximum: 1 }, 0.5);
    const [range, box] = el.querySelectorAll("input");
    expect(range?.step).toBe("0.01");

    range!.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    range!.value = "0.7";
    range!.dispatchEvent(new Event("input", { bubbles: true }));
    await turn();

    expect(board.document).toEqual({ it: 0.7 });
    expect(box?.value).toBe("0.7");
  });
});

describe("durations", () => {
  test.each([
    ["PT0S", "0s"],
    ["PT90.5S", "1m 30.5s"],
    ["-PT5400S", "-1h 30m"],
    ["PT90061S", "1d 1h 1m 1s"],
  ])("%s is %s, both ways", (iso, text) => {
    expect(spellDuration(iso)).toBe(text);
    expect(readDuration(text)).toBe(iso);
  });

  test.each([
    ["90", "PT90S"],
    ["1:30:00", "PT5400S"],
    ["2:05", "PT125S"],
    ["1.5h", "PT5400S"],
    ["PT90S", "PT90S"],
    ["soon", undefined],
    ["", undefined],
  ])("%s is read as %s", (text, iso) => {
    expect(readDuration(text)).toBe(iso);
  });
});

describe("a form", () => {
  test("labels its controls and says what they are for", async () => {
    const { el, model, end } = await page({ max_delay: 1 });
    const schema = {
      properties: { max_delay: { type: "number", title: "Max delay", description: "In hours" } },
    };

    render({ model, el, signal: end.signal, schema });

    const box = input(el);
    expect(box.labels?.[0]?.textContent).toBe("Max delay");
    expect(el.querySelector(`#${box.getAttribute("aria-describedby")}`)?.textContent).toBe("In hours");
  });

  test("without members says so", async () => {
    const { el, model, end } = await page({});

    render({ model, el, signal: end.signal, schema: { title: "Board", properties: {} } });

    expect(el.textContent).toBe("Board has no members to show");
  });

  test("cannot be used when it is stale, and says why", async () => {
    const { el, model, end, kernel } = await page({ it: 1 });
    render({ model, el, signal: end.signal, schema: { properties: { it: { type: "number" } } } });

    kernel.say({ type: "closed", model: "board", reason: "the model was closed" });
    await turn();

    expect(input(el).disabled).toBe(true);
    expect(input(el).title).toBe("the model was closed");
  });
});
