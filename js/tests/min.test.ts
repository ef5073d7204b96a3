// @vitest-environment jsdom

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as index from "../src/index.ts";

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
const [, list = ""] = /const OURS = `([^`]+)`/.exec(read("../minify.mjs")) ?? [];
const names = list.split(/\s+/);

// The names of what can be reached from an object's members, one level deep.
function namesIn(object: object): string[] {
  return Object.getOwnPropertyNames(object).flatMap((name) => {
    const value: unknown = Reflect.get(object, name);
    const inside = typeof value === "function" ? [value, value.prototype] : [value];
    const holders = inside.filter((holder) => typeof holder === "object" && holder !== null) as object[];
    if (typeof value === "function") holders.push(value);
    return [name, ...holders.flatMap((holder) => Object.getOwnPropertyNames(holder))];
  });
}

test("a name that is shortened is no one else's", () => {
  const others = new Set([...namesIn(globalThis), ...namesIn(index)]);
  const wire = read("../../docs/protocol.md");

  expect(names.length).toBeGreaterThan(10);
  expect(others.has("querySelectorAll") && others.has("toSpliced") && others.has("subscribe")).toBe(true);
  expect(names.filter((name) => others.has(name) || wire.includes(`"${name}"`))).toEqual([]);
});
