import { expect, test, vi } from "vitest";
import { whenAborted } from "../src/view/ends.ts";

test("a signal has one listener for all that is done at its end", () => {
  const controller = new AbortController();
  const listen = vi.spyOn(controller.signal, "addEventListener");
  const done: string[] = [];

  for (const name of ["one", "two"]) whenAborted(controller.signal, () => done.push(name));
  expect(listen).toHaveBeenCalledTimes(1);
  controller.abort();
  expect(done).toEqual(["one", "two"]);

  whenAborted(controller.signal, () => done.push("late"));
  expect(done).toEqual(["one", "two", "late"]);
});
