import { describe, expect, test } from "vitest";
import type { Json } from "../src/document.ts";
import type { Patch } from "../src/patch.ts";
import { rebase } from "../src/rebase.ts";
import { cases } from "./support/conformance.ts";

interface RebaseCase {
  comment: string;
  document: Json;
  over: Patch;
  edit: Patch;
  result: Patch | null;
  reason?: string;
}

describe("the shared cases", () => {
  test.each(cases<RebaseCase>("rebase"))("$comment", ({ document, over, edit, result, reason }) => {
    const rebased = rebase(edit, over, document);

    expect(rebased.operations).toEqual(result);
    if (rebased.operations === null) expect(rebased.reason).toBe(reason);
  });
});

test("a conflict says where the edit wanted to act", () => {
  const rebased = rebase(
    [{ op: "replace", path: "/rows/1/p", value: 1 }],
    [{ op: "remove", path: "/rows/0" }],
    { rows: [] },
  );

  expect(rebased).toMatchObject({ pointer: "/rows/1/p", reason: "the list at '/rows' changed meanwhile" });
});
