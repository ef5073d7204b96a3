// @vitest-environment jsdom
import { afterEach, describe, expect, test } from "vitest";
import type { Json } from "../src/document.ts";
import { readDuration, spellDuration } from "../src/form/durations.ts";
import { control, render, type Schema, type Widget } from "../src/form.ts";
import { exactDate, Failure, Tagged } from "../src/forms.ts";
import { note, page, press, type Shown, whole } from "./support/form.ts";
import { turn } from "./support/kernel.ts";

afterEach(() => document.body.replaceChildren());

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

  test("by a slider is not disturbed until that is let go, wherever it is", async () => {
    const { el, kernel, board } = await one({ type: "number", minimum: 0, maximum: 1 }, 0.5);
    const [range] = el.querySelectorAll("input");

    range!.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    kernel.say(board.commit([{ op: "replace", path: "/it", value: 0.2 }]));
    expect(range?.value).toBe("0.5");
    document.dispatchEvent(new Event("pointerup"));

    expect(range?.value).toBe("0.2");
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

const values = (el: Element): string[] =>
  [...el.querySelectorAll<HTMLInputElement>(".syncstate-item input:not(.syncstate-key)")].map(
    (each) => each.value,
  );
const keys = (el: Element): HTMLInputElement[] => [
  ...el.querySelectorAll<HTMLInputElement>(".syncstate-key"),
];

describe("a list", () => {
  const tags: Schema = { title: "Tags", type: "array", items: { type: "string" }, maxItems: 3, minItems: 1 };

  test("is added to, moved in and taken from", async () => {
    const { el, board } = await whole({ tags }, { tags: ["a", "b"] });

    press(el, "Move Tags 2 up");
    await turn();
    expect(board.document).toEqual({ tags: ["b", "a"] });
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move Tags 1 up");

    press(el, "Add to Tags");
    await turn();
    expect(board.document).toEqual({ tags: ["b", "a", ""] });
    expect(document.activeElement).toBe(el.querySelectorAll(".syncstate-item input")[2]);
    expect(values(el)).toEqual(["b", "a", ""]);

    press(el, "Remove Tags 1");
    await turn();
    expect(board.document).toEqual({ tags: ["a", ""] });
  });

  test("has no fewer and no more than it may have", async () => {
    const { el, board } = await whole({ tags }, { tags: ["a"] });
    const add = [...el.querySelectorAll("button")].find((each) => each.textContent === "Add");

    press(el, "Remove Tags 1");
    expect(note(el)).toBe("At least 1 element must stay");

    press(el, "Add to Tags");
    press(el, "Add to Tags");
    await turn();
    expect((board.document as { tags: Json[] }).tags).toHaveLength(3);
    expect(add?.disabled).toBe(true);
    expect(add?.title).toBe("There is room for 3");
  });

  test("that is long is drawn a page at a time", async () => {
    const { el } = await whole({ tags: { ...tags, maxItems: 500 } }, { tags: Array(120).fill("a") });
    el.querySelector<HTMLElement>(".syncstate-toggle")?.click();
    expect(values(el)).toHaveLength(50);

    [...el.querySelectorAll("button")]
      .find((each) => each.textContent?.startsWith("Show 50 more of 70"))
      ?.click();

    expect(values(el)).toHaveLength(100);
  });

  test("of a fixed length has nothing to add", async () => {
    const pair: Schema = {
      title: "Pair",
      type: "array",
      prefixItems: [{ type: "integer" }, { type: "string" }],
      items: false,
    };
    const { el } = await whole({ pair }, { pair: [1, "a"] });

    expect(values(el)).toEqual(["1", "a"]);
    expect([...el.querySelectorAll("button:not([hidden])")].map((each) => each.textContent)).toEqual([
      "Pair",
    ]);
  });

  test("says why what was added is refused", async () => {
    const { el, board } = await whole({ tags }, { tags: ["a"] });
    board.validate = () => {
      throw new Error("no more today");
    };

    press(el, "Add to Tags");
    await turn();

    expect(note(el)).toContain("no more today");
    expect(values(el)).toEqual(["a"]);
  });
});

describe("an object with any names", () => {
  const weights: Schema = { title: "Weights", type: "object", additionalProperties: { type: "number" } };

  test("is added to, renamed in and taken from", async () => {
    const { el, board } = await whole({ weights }, { weights: { a: 1 } });
    const name = el.querySelector<HTMLInputElement>(".syncstate-bar input");

    name!.value = "b";
    press(el, "Add to Weights");
    await turn();
    expect(board.document).toEqual({ weights: { a: 1, b: 0 } });

    keys(el)[0]!.value = "c";
    keys(el)[0]!.dispatchEvent(new Event("change"));
    await turn();
    expect(board.document).toEqual({ weights: { c: 1, b: 0 } });

    press(el, "Remove b");
    await turn();
    expect(board.document).toEqual({ weights: { c: 1 } });
  });

  test("has each name once, and names like __proto__ are names", async () => {
    const { el, board } = await whole({ weights }, { weights: { a: 1 } });
    const name = el.querySelector<HTMLInputElement>(".syncstate-bar input");

    name!.value = "a";
    press(el, "Add to Weights");
    expect(note(el)).toBe("There is a 'a' already");

    name!.value = "__proto__";
    press(el, "Add to Weights");
    await turn();
    expect(Object.keys((board.document as { weights: object }).weights)).toEqual(["a", "__proto__"]);
    expect(keys(el).map(({ value }) => value)).toEqual(["a", "__proto__"]);
  });
});

describe("what may be nothing, or one of several", () => {
  const axis: Schema = { type: "object", properties: { label: { type: "string" } }, required: ["label"] };

  test("is added and cleared", async () => {
    const { el, board } = await whole(
      { axis: { title: "Axis", anyOf: [{ $ref: "#/$defs/Axis" }, { type: "null" }] } },
      { axis: null },
      { $defs: { Axis: axis } },
    );
    press(el, "Add Axis");
    await turn();
    expect(board.document).toEqual({ axis: { label: "" } });
    expect(document.activeElement).toBe(input(el));

    press(el, "Clear Axis");
    await turn();
    expect(board.document).toEqual({ axis: null });
  });

  test("is drawn as what it is, and becomes another", async () => {
    const { el, board } = await whole(
      { value: { title: "Value", anyOf: [{ type: "integer" }, { type: "string" }] } },
      { value: 3 },
    );
    const kind = el.querySelector<HTMLSelectElement>("select")!;
    expect(input(el).type).toBe("number");
    expect(kind.selectedOptions[0]?.textContent).toBe("Whole number");

    kind.selectedIndex = 1;
    kind.dispatchEvent(new Event("change", { bubbles: true }));
    await turn();

    expect(board.document).toEqual({ value: "" });
    expect(input(el).type).toBe("text");
  });

  test("that holds itself is drawn as deep as it is", async () => {
    const node: Schema = {
      type: "object",
      properties: {
        name: { type: "string", title: "Name" },
        child: { title: "Child", anyOf: [{ $ref: "#/$defs/Node" }, { type: "null" }] },
      },
    };
    const { el } = await whole(
      { top: { title: "Top", $ref: "#/$defs/Node" } },
      { top: { name: "a", child: { name: "b", child: null } } },
      { $defs: { Node: node } },
    );

    const names = [...el.querySelectorAll<HTMLInputElement>("input")].map(({ value }) => value);
    expect(names).toEqual(["a", "b"]);
    expect(el.textContent).toContain("None");
  });

  test("that may be anything is a tree, or what it looks like", async () => {
    const { el, kernel, board } = await whole({ it: { title: "It" } }, { it: "a" });
    expect(input(el).value).toBe("a");

    kernel.say(board.commit([{ op: "replace", path: "/it", value: { colors: { bar: "red" } } }]));
    await turn();

    expect(el.querySelector(".syncstate-name")?.textContent).toBe("colors");
  });
});

describe("an action", () => {
  const actions = {
    fit: {
      title: "Fit",
      description: "It takes a while",
      parameters: {
        type: "object",
        properties: {
          rounds: { type: "integer", title: "Rounds", default: 10 },
          name: { type: "string", title: "Name" },
          seed: { title: "Seed", anyOf: [{ type: "integer" }, { type: "null" }], default: null },
        },
        required: ["name"],
        positional: ["name"],
      },
    },
  };

  async function acting(): Promise<Shown & { calls: unknown[][]; settle: (value: Json | Error) => void }> {
    const shown = await page({ rounds: 1 });
    const { model, el, end } = shown;
    const calls: unknown[][] = [];
    let settle: (value: Json | Error) => void = () => {};
    model.action =
      (name, options) =>
      (...given) => {
        calls.push([name, given, options?.keywords]);
        options?.onProgress?.(0.5, "half");
        return new Promise((resolve, reject) => {
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
          settle = (value) => (value instanceof Error ? reject(value) : resolve(value));
        });
      };
    render({ model, el, signal: end.signal, schema: { properties: {}, actions } });
    return { ...shown, calls, settle: (value) => settle(value) };
  }

  const submit = (el: Element): void => {
    el.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  };
  const run = (el: Element): HTMLButtonElement => el.querySelector(".syncstate-run") as HTMLButtonElement;

  test("is called with what was entered, and shows what it returns", async () => {
    const { el, calls, settle } = await acting();
    const [rounds, name] = el.querySelectorAll("input");
    enter(rounds!, "20");
    enter(name!, "mine");

    submit(el);
    expect(calls).toEqual([["fit", ["mine"], { rounds: 20, seed: null }]]);
    expect(run(el).disabled).toBe(true);
    expect(el.querySelector("progress")?.value).toBe(0.5);
    expect(el.querySelector(".syncstate-doing")?.textContent).toBe("half");

    settle("done");
    await turn();
    expect(el.querySelector(".syncstate-outcome output")?.textContent).toBe("done");
    expect(run(el).disabled).toBe(false);
  });

  test("says why it failed", async () => {
    const { el, settle } = await acting();

    submit(el);
    settle(new Error("there is no data"));
    await turn();

    expect(note(el)).toBe("there is no data");
  });

  test("is taken back", async () => {
    const { el } = await acting();

    submit(el);
    press(el, "Cancel Fit");
    await turn();

    expect(el.querySelector(".syncstate-outcome output")?.textContent).toBe("Cancelled");
    expect(run(el).disabled).toBe(false);
  });

  test("is not called while an argument is none", async () => {
    const { el, calls } = await acting();
    enter(el.querySelector("input")!, "many");

    submit(el);

    expect(calls).toEqual([]);
    expect(note(el)).toBe("Enter a whole number");
  });

  test("has arguments that are no business of the model's member of that name", async () => {
    const { el, board } = await acting();

    enter(el.querySelector("input")!, "20");
    await turn();

    expect(board.document).toEqual({ rounds: 1 });
  });
});
