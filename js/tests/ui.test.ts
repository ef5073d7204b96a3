import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { isTrue } from "../src/ui/boxes.ts";
import { write } from "../src/ui/format.ts";
import { markdown } from "../src/ui/markdown.ts";
import { pictureType, safeUrl } from "../src/ui/url.ts";

const { document } = new JSDOM("", { url: "https://example.org/lab/" }).window;
Object.assign(globalThis, { document });

const html = (text: string): string => {
  const element = document.createElement("div");
  element.append(...markdown(text));
  return element.innerHTML;
};

const format = (more: object) => ({
  before: "",
  after: "",
  type: "",
  digits: null,
  comma: "",
  sign: false,
  ...more,
});

test("a value is written as Python's format writes it", () => {
  const cases: [number, object, string][] = [
    [1234.5, { type: "f", digits: 2, comma: ",", after: " EUR" }, "1,234.50 EUR"],
    [0.1234, { type: "%", digits: 1 }, "12.3%"],
    [336776, { comma: "," }, "336,776"],
    [1234567, { type: "d", comma: "_" }, "1_234_567"],
    [0.05, { type: "%", digits: 0, sign: true }, "+5%"],
    [1234567, { type: "g" }, "1.23457e+06"],
    [0.00012345, { type: "g", digits: 3 }, "0.000123"],
    [12345, { type: "e", digits: 2 }, "1.23e+04"],
    [12.5, { type: "f" }, "12.500000"],
  ];
  for (const [value, more, text] of cases) expect(write(value, format(more))).toBe(text);
  expect(write(undefined, format({}))).toBe("–");
});

test("Markdown becomes elements, and HTML in it text", () => {
  expect(html("# A *b*")).toBe("<h1>A <em>b</em></h1>");
  expect(html("a & b < c &amp; d")).toBe("<p>a &amp; b &lt; c &amp; d</p>");
  expect(html("- one\n- [x] two")).toContain('<li><input type="checkbox" disabled="" checked="">');
  expect(html("|a|b|\n|-|-:|\n|1|2|")).toContain("<td>1</td>");
  expect(html("`<b>`\n\n```\n<i>\n```")).toBe(
    "<p><code>&lt;b&gt;</code></p><pre><code>&lt;i&gt;</code></pre>",
  );
  expect(html("<img src=x onerror=alert(1)> <script>alert(1)</script>")).not.toMatch(/<(img|script)/);
});

test("a link leads only where its scheme is known", () => {
  expect(html("[a](https://example.org/x)")).toContain('href="https://example.org/x"');
  for (const url of ["javascript:alert(1)", "data:text/html,<b>", "vbscript:x", "java\tscript:alert(1)"])
    expect(html(`[a](<${url}>)`)).not.toContain("<a");
  expect(html("![a](javascript:alert(1))")).not.toContain("<img");
  expect(safeUrl("data:image/png;base64,AA==", ["data:"])).toBe("data:image/png;base64,AA==");
  expect(safeUrl("data:text/html,x", ["data:"])).toBeUndefined();
});

test("a picture is known by its first bytes", () => {
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  expect(pictureType(bytes("\x89PNG\r\n"))).toBe("image/png");
  expect(pictureType(bytes("\xff\xd8\xff\xe0"))).toBe("image/jpeg");
  expect(pictureType(bytes("RIFF1234WEBPVP8"))).toBe("image/webp");
  expect(pictureType(bytes("<svg onload=alert(1)>"))).toBeUndefined();
});

test("what is true is what Python takes for true", () => {
  for (const value of [undefined, null, false, 0, 0n, "", [], {}]) expect(isTrue(value as never)).toBe(false);
  for (const value of [true, -1, 1n, "0", [0], { a: null }, Number.NaN])
    expect(isTrue(value as never)).toBe(true);
});
