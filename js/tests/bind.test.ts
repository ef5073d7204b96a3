// @vitest-environment jsdom
import { afterEach, describe, expect, test, vi } from "vitest";
import { type NumberArray, pack } from "../src/arrays.ts";
import type { Json, JsonObject } from "../src/document.ts";
import { exactDate, Failure } from "../src/forms.ts";
import { Link } from "../src/link.ts";
import type { Operation } from "../src/patch.ts";
import { type Bound, bound, person } from "./support/bound.ts";
import { Kernel, type KernelModel, pair, turn } from "./support/kernel.ts";

const replace = (path: string, value: Json): Operation => ({ op: "replace", path, value });

afterEach(() => {
  document.body.replaceChildren();
});

describe("data-sync-text", () => {
  test("marks what could not be computed", async () => {
    const { root, kernel } = await bound('<p data-sync-text="/share"></p>', {
      share: new Failure("ZeroDivisionError", "division by zero"),
    });
    const shown = root.querySelector("p") as HTMLElement;
    expect(shown.textContent).toBe("ZeroDivisionError: division by zero");
    expect(shown.hasAttribute("data-sync-failed")).toBe(true);

    kernel.commit("board", replace("/share", 0.25));

    expect(shown.textContent).toBe("0.25");
    expect(shown.hasAttribute("data-sync-failed")).toBe(false);
  });

  test("shows the value, and what becomes of it", async () => {
    const { root, kernel } = await bound('<h2 data-sync-text="/title"></h2>', { title: "Sales" });
    expect(root.textContent).toBe("Sales");

    kernel.commit("board", replace("/title", "Costs"));

    expect(root.textContent).toBe("Costs");
  });

  test.each<[Json | undefined, string]>([
    [undefined, ""],
    [null, ""],
    ["", ""],
    [0, "0"],
    [1.5, "1.5"],
    [true, "true"],
    [false, "false"],
    [[1, "a"], '[1,"a"]'],
    [{ a: null }, '{"a":null}'],
  ])("of %j is %j", async (value, text) => {
    const { root } = await bound(
      '<p data-sync-text="/v">before</p>',
      value === undefined ? {} : { v: value },
    );

    expect(root.textContent).toBe(text);
  });

  test("of numbers and bytes is how many, also deep inside", async () => {
    const signal = pack(new BigInt64Array(1_000_000)) as NumberArray;
    const { root } = await bound(
      '<p data-sync-text="/signal"></p><p data-sync-text="/more"></p><p data-sync-text="/more/b"></p>',
      { signal, more: { a: [signal], b: new Uint8Array(1200) } },
    );

    expect([...root.children].map(({ textContent }) => textContent)).toEqual([
      "1,000,000 int64",
      '{"a":["1,000,000 int64"],"b":"1,200 bytes"}',
      "1,200 bytes",
    ]);
  });

  test("is never markup", async () => {
    const { root } = await bound('<p data-sync-text="/v"></p>', { v: "<img src=x onerror=alert(1)>" });

    expect(root.querySelector("img")).toBeNull();
    expect(root.textContent).toBe("<img src=x onerror=alert(1)>");
  });

  test("on the element itself, of the whole document", async () => {
    const { model } = await pair({ n: 1 });
    const element = document.createElement("p");
    element.dataset.syncText = "";

    model.bind(element);

    expect(element.textContent).toBe('{"n":1}');
  });
});

describe("data-sync-value", () => {
  test.each<[string, string, Json, string, string, Json]>([
    ["range", '<input type="range" min="0" max="10" step="0.5" data-sync-value="/v">', 2, "2", "2.5", 2.5],
    ["number", '<input type="number" data-sync-value="/v">', 2, "2", "-7.25", -7.25],
    ["text", '<input data-sync-value="/v">', "a", "a", "b", "b"],
    ["text of what was empty", '<input data-sync-value="/v">', null, "", "b", "b"],
    ["text of digits", '<input data-sync-value="/v">', "7", "7", "8", "8"],
    ["text of a number", '<input data-sync-value="/v">', 7, "7", "8", 8],
    [
      "date",
      '<input type="date" data-sync-value="/v">',
      "2026-11-22",
      "2026-11-22",
      "2026-12-24",
      "2026-12-24",
    ],
    ["textarea", '<textarea data-sync-value="/v"></textarea>', "a\nb", "a\nb", "c\nd", "c\nd"],
    ["select", '<select data-sync-value="/v"><option>a<option>b</select>', "b", "b", "a", "a"],
    ["select of numbers", '<select data-sync-value="/v"><option>1<option>2</select>', 2, "2", "1", 1],
  ])("%s shows the value and sends what a person enters", async (_, markup, value, shown, entered, sent) => {
    const { control, board } = await bound(markup, { v: value });
    expect(control.value).toBe(shown);

    person.types(control, entered);
    await turn();

    expect(board.document).toStrictEqual({ v: sent });
    expect(control.value).toBe(entered);
  });

  test.each(["range", "number"])("of a %s sends a number, though none is there yet", async (type) => {
    const { control, board } = await bound(`<input type="${type}" data-sync-value="/v">`, { v: null });

    person.types(control, "7");
    await turn();

    expect(board.document).toStrictEqual({ v: 7 });
  });

  test("of nothing shows nothing, and adds what is entered", async () => {
    const { control, board } = await bound('<input data-sync-value="/m/v">', { m: {} });
    expect(control.value).toBe("");

    person.types(control, "a");
    await turn();

    expect(board.document).toEqual({ m: { v: "a" } });
  });

  test.each(["", "  ", "abc", "1,5"])(
    "sends nothing of %j where a number belongs, and shows the number when it is left",
    async (entered) => {
      const { control, kernel } = await bound('<input data-sync-value="/v">', { v: 7 });
      const before = kernel.heard.length;

      person.types(control, entered);
      await turn();
      expect(kernel.heard).toHaveLength(before);
      expect(control).toMatchObject({ value: entered, title: "" });

      person.leaves(control);
      expect(control.value).toBe("7");
    },
  );

  test("sends nothing of a number input that holds none", async () => {
    const { control, kernel } = await bound('<input type="number" data-sync-value="/v">', { v: 7 });
    const before = kernel.heard.length;

    person.types(control, "");
    await turn();

    expect(kernel.heard).toHaveLength(before);
  });

  test("does not write what is there already: the caret stays", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/v">', { v: "abc", n: 1 });
    control.focus();
    control.setSelectionRange(1, 1);

    kernel.commit("board", replace("/n", 2));

    expect(control.selectionStart).toBe(1);
  });
});

describe("data-sync-checked", () => {
  test("shows whether it is true, and sends a click", async () => {
    const { control, kernel, board } = await bound('<input type="checkbox" data-sync-checked="/done">', {
      done: true,
    });
    expect(control.checked).toBe(true);

    person.clicks(control);
    await turn();
    expect(board.document).toEqual({ done: false });

    kernel.commit("board", replace("/done", true));
    expect(control.checked).toBe(true);

    kernel.commit("board", replace("/done", 1));
    expect(control.checked).toBe(false);
  });
});

describe("a control in somebody's hands", () => {
  test("is not moved by the kernel while it is dragged, and shows the state when it is let go", async () => {
    const { control, kernel, board } = await bound(
      '<input type="range" min="0" max="10" data-sync-value="/v">',
      { v: 1 },
    );
    board.validate = () => [replace("/v", 5)];

    person.presses(control);
    person.drags(control, "8");
    await turn();
    expect(board.document).toEqual({ v: 5 });
    expect(control.value).toBe("8");

    kernel.commit("board", replace("/v", 2));
    expect(control.value).toBe("8");

    person.letsGo();
    expect(control.value).toBe("2");

    kernel.commit("board", replace("/v", 3));
    expect(control.value).toBe("3");
  });

  test.each(["pointercancel", "change", "blur"])("is let go by %s, too", async (name) => {
    const { control, kernel } = await bound('<input type="range" min="0" max="10" data-sync-value="/v">', {
      v: 1,
    });
    person.presses(control);
    kernel.commit("board", replace("/v", 2));
    expect(control.value).toBe("1");

    (name === "pointercancel" ? document : control).dispatchEvent(new Event(name));

    expect(control.value).toBe("2");
  });

  test("is not written over while somebody types, and shows the state when it is left", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/v">', { v: "a" });

    person.types(control, "ab");
    await turn();
    kernel.commit("board", replace("/v", "kernel"));
    expect(control.value).toBe("ab");

    person.leaves(control);
    expect(control.value).toBe("kernel");
  });

  test("shows what the kernel says while it has the focus and nothing was typed", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/v">', { v: "a" });
    control.focus();

    kernel.commit("board", replace("/v", "kernel"));

    expect(control.value).toBe("kernel");
  });

  test("shows what the kernel says after Enter", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/v">', { v: "a" });
    person.types(control, "b");
    control.dispatchEvent(new Event("change"));
    await turn();

    kernel.commit("board", replace("/v", "kernel"));

    expect(document.activeElement).toBe(control);
    expect(control.value).toBe("kernel");
  });

  test("shows what the kernel says if a script, and nobody, has typed in it", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/v">', { v: "a" });
    person.drags(control, "b"); // no focus
    await turn();

    kernel.commit("board", replace("/v", "kernel"));

    expect(control.value).toBe("kernel");
  });

  test("is in nobody's hands by a click into a text", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/v">', { v: "a" });
    control.focus();
    person.presses(control);

    kernel.commit("board", replace("/v", "kernel"));

    expect(control.value).toBe("kernel");
  });

  test("is in nobody's hands when the keyboard has moved it", async () => {
    const { control, kernel } = await bound('<input type="range" data-sync-value="/v">', { v: 1 });
    person.types(control, "2");
    await turn();

    kernel.commit("board", replace("/v", 3));

    expect(control.value).toBe("3");
  });

  test("sends each step of a drag, and the last one always", async () => {
    const { control, board, kernel } = await bound(
      '<input type="range" min="0" max="100" data-sync-value="/v">',
      { v: 0 },
    );
    person.presses(control);
    for (let value = 1; value <= 50; value += 1) person.drags(control, `${value}`);
    person.letsGo(control);
    await turn();

    expect(board.document).toEqual({ v: 50 });
    expect(control.value).toBe("50");
    expect(kernel.heard.length).toBeLessThan(6); // the first, and what was merged behind it
  });
});

describe("a control that sends later", () => {
  const range = (when: string): string =>
    `<input type="range" min="0" max="10" data-sync-value="/v" data-sync-send="${when}">`;

  afterEach(() => {
    vi.useRealTimers();
  });

  test("sends when it is let go", async () => {
    const { control, kernel, board } = await bound(range("release"), { v: 1 });
    const before = kernel.heard.length;

    person.presses(control);
    for (const value of ["2", "3", "8"]) person.drags(control, value);
    await turn();
    expect(kernel.heard).toHaveLength(before);
    expect(control.value).toBe("8");
    person.letsGo();
    await turn();

    expect(board.document).toEqual({ v: 8 });
    expect(kernel.heard).toHaveLength(before + 1);
  });

  test("keeps what was typed until it is left, whatever the kernel says", async () => {
    const { control, kernel, board } = await bound('<input data-sync-value="/v" data-sync-send="release">', {
      v: "a",
    });

    person.types(control, "ab");
    kernel.commit("board", replace("/v", "kernel"));
    expect(control.value).toBe("ab");
    person.leaves(control);
    await turn();

    expect(board.document).toEqual({ v: "ab" });
  });

  test("sends when nothing was done to it for a while", async () => {
    const { control, board } = await bound(range("250"), { v: 1 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });

    person.types(control, "2");
    vi.advanceTimersByTime(200);
    person.types(control, "3");
    vi.advanceTimersByTime(249);
    await Promise.resolve();
    expect(board.document).toEqual({ v: 1 });
    vi.advanceTimersByTime(1);
    await Promise.resolve();

    expect(board.document).toEqual({ v: 3 });
  });

  test("sends at once when it is left before, and once", async () => {
    const { control, kernel, board } = await bound(range("20"), { v: 1 });
    const before = kernel.heard.length;

    person.types(control, "2");
    person.leaves(control);
    await turn();
    expect(board.document).toEqual({ v: 2 });
    await new Promise((resolve) => setTimeout(resolve, 40));

    expect(kernel.heard).toHaveLength(before + 1);
  });

  test("that nobody touched sends nothing when it is left", async () => {
    const { control, kernel } = await bound(range("release"), { v: 1 });
    const before = kernel.heard.length;

    control.focus();
    person.leaves(control);
    await turn();

    expect(kernel.heard).toHaveLength(before);
  });
});

describe("an edit that is refused", () => {
  const markup =
    '<input title="how many" data-sync-value="/v"><p data-sync-error="/v">?</p><p data-sync-error="/w">?</p><input data-sync-value="/w">';
  const refuse = (board: KernelModel, text: Json = "no"): void => {
    board.validate = (operations) => {
      if (operations.some((operation) => "value" in operation && operation.value === text))
        throw Object.assign(new Error(`no ${text}`), { pointer: "/v" });
      return operations;
    };
  };

  test("is told on the control and beside it; the control goes back when it is left", async () => {
    const { control, root, board } = await bound(markup, { v: "a", w: "b" });
    const [beside, elsewhere] = root.querySelectorAll("p");
    expect([beside?.textContent, elsewhere?.textContent]).toEqual(["", ""]);
    refuse(board);

    person.types(control, "no");
    await turn();
    expect(control.value).toBe("no");
    expect(control.getAttribute("aria-invalid")).toBe("true");
    expect(control).toMatchObject({ title: "no no", validationMessage: "no no", disabled: false });
    expect([beside?.textContent, elsewhere?.textContent]).toEqual(["no no", ""]);

    person.leaves(control);
    expect(control.value).toBe("a");
    expect(control.getAttribute("aria-invalid")).toBe("true");
  });

  test("is forgotten with the next value that is accepted, and not before", async () => {
    const { control, root, board, kernel, up } = await bound(markup, { v: "a", w: "b" });
    refuse(board);
    person.types(control, "no");
    await turn();

    kernel.commit("board", replace("/w", "c"));
    expect(control.title).toBe("no no");
    up.hold();
    person.types(control, "yes");
    await turn();
    expect(control.title).toBe("no no"); // not accepted yet
    up.release();
    await turn();

    expect(control).toMatchObject({ title: "how many", validationMessage: "", value: "yes" });
    expect(control.hasAttribute("aria-invalid")).toBe(false);
    expect(root.querySelector("p")?.textContent).toBe("");
  });

  test("is forgotten when the kernel sets another value", async () => {
    const { control, board, kernel } = await bound(markup, { v: "a", w: "b" });
    refuse(board);
    person.types(control, "no");
    await turn();

    kernel.commit("board", replace("/v", "kernel"));

    expect(control.hasAttribute("aria-invalid")).toBe(false);
  });

  test("is not forgotten while the next waits for its answer", async () => {
    const { control, board, kernel, up } = await bound(markup, { v: "a", w: "b" });
    refuse(board);
    up.hold();
    person.types(control, "no");
    person.types(control, "yes");
    await turn();
    up.release();
    up.hold();
    await turn();
    expect(control.title).toBe("no no");

    kernel.commit("board", replace("/w", "c"));
    expect(control.title).toBe("no no");

    up.release();
    await turn();
    expect(control).toMatchObject({ title: "how many", value: "yes" });
  });

  test.each([
    ["what holds the control's place", "/m"],
    ["the control's place", "/m/v"],
    ["something inside the control's value", "/m/v/0"],
    ["nothing in particular", undefined],
  ])("is told on the control if it is about %s", async (_, pointer) => {
    const { control, board } = await bound('<input data-sync-value="/m/v">', { m: { v: "a" } });
    board.validate = () => {
      throw Object.assign(new Error("no"), { pointer });
    };

    person.types(control, "b");
    await turn();

    expect(control.title).toBe("no");
  });

  test("is not told on a control of which it says nothing", async () => {
    const { control, board, model } = await bound('<input data-sync-value="/m/v">', {
      m: { v: "a" },
      mm: 1,
      n: 1,
    });
    board.validate = () => {
      throw new Error("no");
    };

    model.apply([replace("/mm", 2), replace("/n", 2)]);
    await turn();

    expect(control.title).toBe("");
  });

  test("is told again if the next is refused, too", async () => {
    const { control, board } = await bound(markup, { v: "a", w: "b" });
    refuse(board);
    person.types(control, "no");
    await turn();
    refuse(board, "never");

    person.types(control, "never");
    await turn();

    expect(control.title).toBe("no never");
  });

  test("is no matter of a control elsewhere, though the edit held that, too", async () => {
    const { root, model, board } = await bound(markup, { v: "a", w: "b" });
    refuse(board);

    model.update((draft) => {
      draft.v = "no";
      draft.w = "new";
    });
    await turn();

    const [first, second] = root.querySelectorAll("input");
    expect(first?.getAttribute("aria-invalid")).toBe("true");
    expect(second?.hasAttribute("aria-invalid")).toBe(false);
    expect(second?.value).toBe("b");
  });

  test("here already is told at once: a parent that is gone", async () => {
    const { control, kernel } = await bound('<input data-sync-value="/m/v">', { m: { v: "a" } });
    kernel.commit("board", { op: "remove", path: "/m" });
    expect(control.value).toBe("");

    person.types(control, "b");

    expect(control.title).toBe("Cannot add '/m/v': the document has no member 'm'");
    person.leaves(control);
    expect(control.value).toBe("");
  });
});

describe("a control that cannot be used", () => {
  test("of a read-only member is disabled, and says so", async () => {
    const { control } = await bound('<input data-sync-value="/status">', { status: "idle", n: 1 }, [
      "status",
    ]);

    expect(control).toMatchObject({
      disabled: true,
      title: "'status' is read-only for pages",
      value: "idle",
    });
  });

  test("of a stale or closed model is disabled with its reason; one that connects is not", async () => {
    const { control, link, kernel, board } = await bound('<input title="mine" data-sync-value="/v">', {
      v: "a",
    });
    expect(control).toMatchObject({ disabled: false, title: "mine" });

    link.stale("the connection was lost");
    expect(control).toMatchObject({ disabled: true, title: "the connection was lost", value: "a" });

    link.reopen();
    await turn();
    expect(control).toMatchObject({ disabled: false, title: "mine" });

    kernel.say({ type: "closed", model: "board", reason: "the model was closed", epoch: board.epoch });
    expect(control).toMatchObject({ disabled: true, title: "the model was closed" });
  });

  test("because its author says so stays disabled", async () => {
    const { control, link } = await bound('<input disabled data-sync-value="/v">', { v: "a" });

    link.stale("the connection was lost");
    link.reopen();
    await turn();

    expect(control.disabled).toBe(true);
  });
});

test("what was bound ends with the signal", async () => {
  const { root, control, end, kernel, board } = await bound(
    '<p data-sync-text="/v"></p><input data-sync-value="/v">',
    { v: "a" },
  );

  end();
  kernel.commit("board", replace("/v", "b"));
  person.types(control, "c");
  await turn();

  expect(root.querySelector("p")?.textContent).toBe("a");
  expect(board.document).toEqual({ v: "b" });
});

test("nothing is bound with a signal that is aborted already", async () => {
  const { model, link } = await pair({ v: "a" });
  link.stale("the connection was lost");
  const element = document.createElement("input");
  element.dataset.syncText = element.dataset.syncValue = "/v";

  model.bind(element, { signal: AbortSignal.abort() });

  expect(element).toMatchObject({ textContent: "", value: "", title: "", disabled: false });
});

test("a control learns that its member is read-only in a model that was created anew", async () => {
  const { control, kernel } = await bound('<input data-sync-value="/status">', { status: "idle" });
  expect(control.disabled).toBe(false);

  kernel.publish("board", { status: "idle" }).readOnly = ["status"];
  await turn();

  expect(control).toMatchObject({ disabled: true, value: "idle" });
});

test("a control that was bound before the kernel was heard learns what it may do", async () => {
  const kernel = new Kernel();
  kernel.publish("board", { status: "idle" }).readOnly = ["status"];
  const { page } = kernel.open();
  const model = new Link(page).model("board");
  const element = document.createElement("input");
  element.dataset.syncValue = "/status";

  model.bind(element);
  expect(element.disabled).toBe(false);
  await turn();

  expect(element).toMatchObject({ disabled: true, value: "idle" });
});

describe("state is never code", () => {
  test.each([
    '<script data-sync-text="/n"></script>',
    '<style data-sync-text="/n"></style>',
    '<style data-sync-error="/n"></style>',
    '<svg><script data-sync-text="/n"></script></svg>',
    '<svg><style data-sync-text="/n"></style></svg>',
  ])("%s is not bound", async (markup) => {
    const { model } = await pair({ n: "alert(1)" });
    const root = document.createElement("div");
    root.insertAdjacentHTML("beforeend", markup);

    expect(() => model.bind(root)).toThrow(/^Cannot bind a <(script|style)>: state is shown, never run/);

    expect(root.textContent).toBe("");
  });
});

describe("values that JSON lacks", () => {
  const enter = async (page: Bound, value: string): Promise<unknown> => {
    person.types(page.control, value);
    person.leaves(page.control);
    await turn();
    return (page.model.state as JsonObject).x;
  };

  test("are shown as text", async () => {
    const value = [exactDate("2026-01-31"), Number.NaN, 2n ** 60n, new Failure("E", "text")];
    const { root } = await bound('<p data-sync-text="/x"></p>', { x: value });

    expect(root.textContent).toBe('["2026-01-31","NaN","1152921504606846976","E: text"]');
  });

  test("are entered as what they are", async () => {
    const day = await bound('<input type="date" data-sync-value="/x">', { x: exactDate("2026-01-31") });
    expect(day.control.value).toBe("2026-01-31");
    expect(await enter(day, "2026-02-01")).toMatchObject({ iso: "2026-02-01" });

    const when = await bound('<input data-sync-value="/x">', { x: exactDate("2026-01-31T12:00:00") });
    expect(when.control.value).toBe("2026-01-31 12:00:00");
    expect(await enter(when, "2026-01-31 13:00")).toMatchObject({ iso: "2026-01-31T13:00" });
    expect(await enter(when, "noon")).toMatchObject({ iso: "2026-01-31T13:00" });

    const large = await bound('<input data-sync-value="/x">', { x: 2n ** 60n });
    expect(await enter(large, "1152921504606846977")).toBe(2n ** 60n + 1n);
    expect(await enter(large, "x")).toBe(2n ** 60n + 1n);
  });
});
