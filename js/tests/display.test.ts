import { expect, test } from "vitest";
import { putBuffers } from "../src/buffers.ts";
import { asHtml, asText, EMBED_LIMIT, MIME_TYPE, mimebundle } from "../src/display.ts";
import type { JsonObject } from "../src/document.ts";
import { cases } from "./support/conformance.ts";

interface Case {
  comment: string;
  name: string;
  document: JsonObject;
  values?: JsonObject[];
  html: string;
  text: string;
}

const documentOf = ({ document, values }: Case): JsonObject =>
  (putBuffers({ document, ...(values && { values }) }, []) as { document: JsonObject }).document;

test.each(cases<Case>("display"))("the static forms are those of Python: $comment", (one) => {
  const document = documentOf(one);

  expect(asHtml(one.name, document)).toBe(one.html);
  expect(asText(one.name, document)).toBe(one.text);
});

const seed = (document: JsonObject) => ({ epoch: "e2", version: 7, read_only: ["status"], document });
const view = {
  protocol: 1,
  model: "board",
  class: "Board",
  epoch: "e1",
  version: 0,
  document: { n: 0 },
  esm: "x",
};

test("what is stored is the state with its version, and the code of the view", () => {
  const bundle = mimebundle(view, seed({ n: 1, at: Number.NaN }));

  expect(bundle[MIME_TYPE]).toEqual({
    protocol: 1,
    model: "board",
    class: "Board",
    esm: "x",
    epoch: "e2",
    version: 7,
    read_only: ["status"],
    document: { n: 1, at: null },
    values: [{ type: "float", value: "NaN", paths: ["/document/at"] }],
  });
  expect(bundle["text/plain"]).toBe("Board(n=1, at=nan)");
});

test.each([
  ["that is larger than a notebook should hold", { text: "x".repeat(EMBED_LIMIT) }],
  ["with bytes", { raw: new Uint8Array(3) }],
  ["with a member that JupyterLab loses", JSON.parse('{"a": [{"__proto__": 1}]}')],
])("a state %s is not stored, and its static forms are short", (_, document) => {
  const bundle = mimebundle(view, seed(document));

  expect(bundle[MIME_TYPE]).not.toHaveProperty("document");
  expect(bundle[MIME_TYPE]).toHaveProperty("version", 7);
  expect(String(bundle["text/html"]).length).toBeLessThan(2000);
});

test("bytes are spelled as Python does, and those of a long one are not all looked at", () => {
  const bytes = Uint8Array.from([0, 39, 65, 92, 255, 10]);

  expect(asText("B", { bytes, long: new Uint8Array(1e8) })).toMatch(
    /^B\(bytes=b"\\x00'A\\\\\\xff\\n", long=b'\\x00/,
  );
});
