import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isList, isObject, type Json } from "../src/document.ts";
import { record } from "../src/draft.ts";
import { NotSyncable } from "../src/errors.ts";
import { apply, type Operation } from "../src/patch.ts";
import { canonical, frozen } from "./support/conformance.ts";
import { documents, values } from "./support/documents.ts";

type Row = { id: number; price?: number; tags?: string[] };
interface Board {
  n: number;
  rows: Row[];
  list: number[];
  map: Record<string, unknown>;
}

const board = (): Board =>
  frozen({
    n: 1,
    rows: [
      { id: 0, price: 1 },
      { id: 1, price: 2 },
      { id: 2, price: 3 },
    ],
    list: [3, 1, 2],
    map: { a: { x: 1 } },
  });

describe("a mutation records", () => {
  const cases: [string, (draft: Board) => unknown, Operation[]][] = [
    [
      "a member that is set",
      (draft) => {
        draft.rows[2]!.price = 4;
      },
      [{ op: "replace", path: "/rows/2/price", value: 4 }],
    ],
    [
      "a member that is new",
      (draft) => {
        draft.map.b = { y: [] };
      },
      [{ op: "add", path: "/map/b", value: { y: [] } }],
    ],
    [
      "a member that is deleted",
      (draft) => {
        delete draft.rows[0]!.price;
      },
      [{ op: "remove", path: "/rows/0/price" }],
    ],
    [
      "nothing for a member that is deleted and was not there",
      (draft) => {
        delete draft.map.b;
      },
      [],
    ],
    [
      "nothing for an equal scalar",
      (draft) => {
        draft.n = 1;
      },
      [],
    ],
    [
      "nothing for an equal container",
      (draft) => {
        draft.map = { a: { x: 1 } };
      },
      [],
    ],
    [
      "nothing for an equal element",
      (draft) => {
        draft.rows[1] = { price: 2, id: 1 };
      },
      [],
    ],
    ["nothing for what is only read", (draft) => draft.rows.map((row) => row.price).concat(draft.list), []],
    [
      "the last of several values",
      (draft) => {
        draft.n = 2;
        draft.n = 3;
      },
      [{ op: "replace", path: "/n", value: 3 }],
    ],
    [
      "what grows, step by step",
      (draft) => {
        draft.n += 1;
        draft.n += 1;
      },
      [{ op: "replace", path: "/n", value: 3 }],
    ],
    [
      "what comes to stand where another was removed",
      (draft) => {
        draft.list.shift();
        draft.list[0] = 7;
      },
      [
        { op: "remove", path: "/list/0" },
        { op: "replace", path: "/list/0", value: 7 },
      ],
    ],
    [
      "a defined member",
      (draft) => Object.defineProperty(draft, "n", { value: 2 }),
      [{ op: "replace", path: "/n", value: 2 }],
    ],
    [
      "push",
      (draft) => draft.list.push(8, 9),
      [
        { op: "add", path: "/list/3", value: 8 },
        { op: "add", path: "/list/4", value: 9 },
      ],
    ],
    [
      "an element behind the last",
      (draft) => {
        draft.list[3] = 9;
      },
      [{ op: "add", path: "/list/3", value: 9 }],
    ],
    ["pop", (draft) => draft.list.pop(), [{ op: "remove", path: "/list/2" }]],
    ["shift", (draft) => draft.list.shift(), [{ op: "remove", path: "/list/0" }]],
    [
      "unshift",
      (draft) => draft.list.unshift(8, 9),
      [
        { op: "add", path: "/list/0", value: 8 },
        { op: "add", path: "/list/1", value: 9 },
      ],
    ],
    [
      "splice: an insertion",
      (draft) => draft.list.splice(1, 0, 9),
      [{ op: "add", path: "/list/1", value: 9 }],
    ],
    [
      "splice: a replacement",
      (draft) => draft.list.splice(1, 1, 9),
      [{ op: "replace", path: "/list/1", value: 9 }],
    ],
    ["splice: nothing for an equal replacement", (draft) => draft.list.splice(0, 3, 3, 1, 2), []],
    ["splice: from the end", (draft) => draft.list.splice(-1), [{ op: "remove", path: "/list/2" }]],
    [
      "splice: fewer for more",
      (draft) => draft.list.splice(0, 2, 9),
      [
        { op: "remove", path: "/list/1" },
        { op: "replace", path: "/list/0", value: 9 },
      ],
    ],
    [
      "a list that shrinks",
      (draft) => {
        draft.list.length = 2;
      },
      [{ op: "remove", path: "/list/2" }],
    ],
    [
      "a list that is emptied, in one word",
      (draft) => {
        draft.list.length = 0;
      },
      [{ op: "replace", path: "/list", value: [] }],
    ],
    [
      "most of a list that goes, in one word",
      (draft) => draft.list.splice(1),
      [{ op: "replace", path: "/list", value: [3] }],
    ],
    ["sort", (draft) => draft.list.sort(), [{ op: "replace", path: "/list", value: [1, 2, 3] }]],
    ["sort of what is sorted", (draft) => draft.rows.sort((one, other) => one.id - other.id), []],
    ["reverse", (draft) => draft.list.reverse(), [{ op: "replace", path: "/list", value: [2, 1, 3] }]],
    [
      "few elements that change places, one by one",
      (draft) => {
        draft.map.l = [1, 2, 3, 5, 4];
        (draft.map.l as number[]).sort();
      },
      [
        { op: "add", path: "/map/l", value: [1, 2, 3, 5, 4] },
        { op: "replace", path: "/map/l/3", value: 4 },
        { op: "replace", path: "/map/l/4", value: 5 },
      ],
    ],
    [
      "fill",
      (draft) => draft.list.fill(0, 1),
      [
        { op: "replace", path: "/list/1", value: 0 },
        { op: "replace", path: "/list/2", value: 0 },
      ],
    ],
    [
      "Object.assign",
      (draft) => Object.assign(draft.map, { a: { x: 1 }, b: 2 }),
      [{ op: "add", path: "/map/b", value: 2 }],
    ],
    [
      "names that must be escaped",
      (draft) => {
        draft.map["a/b"] = 1;
        draft.map["m~n"] = 2;
      },
      [
        { op: "add", path: "/map/a~1b", value: 1 },
        { op: "add", path: "/map/m~0n", value: 2 },
      ],
    ],
  ];

  test.each(cases)("%s", (_, recipe, operations) => {
    expect(record(board(), recipe as never)).toEqual(operations);
  });
});

describe("the draft of an element", () => {
  test("stays right while others come and go before it", () => {
    const operations = record(board(), ({ rows }) => {
      const last = rows[2]!;
      rows.shift();
      last.price = 9;
      rows.unshift({ id: 7 }, { id: 8 });
      last.price += 1;
    });

    expect(operations.filter(({ op }) => op === "replace")).toEqual([
      { op: "replace", path: "/rows/1/price", value: 9 },
      { op: "replace", path: "/rows/3/price", value: 10 },
    ]);
  });

  test("follows it when the list is put in another order", () => {
    const operations = record(board(), ({ rows }) => {
      const first = rows[0]!;
      rows.reverse();
      first.price = 9;
    });

    expect(apply(board() as never, operations)).toMatchObject({
      rows: [{ id: 2 }, { id: 1 }, { id: 0, price: 9 }],
    });
  });

  test("goes on alone when the element is taken out, and can be put elsewhere", () => {
    const operations = record(board(), ({ rows, map }) => {
      const taken = rows.pop()!;
      taken.price = 9;
      map.taken = taken;
      taken.price = 10;
    });

    expect(operations).toEqual([
      { op: "remove", path: "/rows/2" },
      { op: "add", path: "/map/taken", value: { id: 2, price: 9 } },
    ]);
  });

  test("is the same object each time, and is found by it", () => {
    record(board(), ({ rows }) => {
      expect(rows[1]).toBe(rows[1]);
      expect(rows.indexOf(rows[1]!)).toBe(1);
      expect(rows.find(({ id }) => id === 2)).toBe(rows[2]);
    });
  });

  test("brings its value when it is assigned", () => {
    const operations = record(board(), (draft) => {
      draft.map.copy = { of: draft.rows[0], all: [...draft.list] };
      [draft.rows[0], draft.rows[1]] = [draft.rows[1]!, draft.rows[0]!];
    });

    expect(apply(board() as never, operations)).toMatchObject({
      map: { copy: { of: { id: 0, price: 1 }, all: [3, 1, 2] } },
      rows: [{ id: 1 }, { id: 0 }, { id: 2 }],
    });
  });
});

describe("a draft", () => {
  test("reads like what it stands for", () => {
    record(board(), (draft) => {
      expect(Array.isArray(draft.rows)).toBe(true);
      expect(draft.rows).toHaveLength(3);
      expect(Object.keys(draft)).toEqual(["n", "rows", "list", "map"]);
      expect(JSON.stringify(draft)).toBe(JSON.stringify(board()));
      expect({ ...draft.rows[0] }).toEqual({ id: 0, price: 1 });
      expect("n" in draft).toBe(true);
      expect("m" in draft).toBe(false);
      expect([Object.hasOwn(draft, "n"), Object.hasOwn(draft, "m"), Object.hasOwn(draft.list, "3")]).toEqual([
        true,
        false,
        false,
      ]);
      expect([...draft.list, ...Object.entries(draft.map)]).toHaveLength(4);
      expect(draft.list.concat([9]).slice(1)).toEqual([1, 2, 9]);
    });
  });

  test("is no object to be frozen, or to be given a prototype", () => {
    record(board(), (draft) => {
      expect(() => Object.freeze(draft)).toThrow(TypeError);
      expect(() => Object.setPrototypeOf(draft, Array.prototype)).toThrow(TypeError);
    });
  });

  test("sees what was changed before", () => {
    record(board(), (draft) => {
      draft.list.push(9);
      draft.map.a = 5;
      expect(draft.list).toHaveLength(4);
      expect(draft.map.a).toBe(5);
      draft.rows[0]!.tags = ["a"];
      draft.rows[0]!.tags.push("b");
      expect(draft.rows[0]!.tags).toEqual(["a", "b"]);
    });
  });

  test.each([
    [
      "undefined",
      (draft: Board) => {
        draft.map.b = undefined;
      },
      "Cannot sync '/map/b': undefined has no JSON form",
    ],
    [
      "a map inside",
      (draft: Board) => {
        draft.map.b = { "x/y": [new Map()] };
      },
      "Cannot sync '/map/b/x~1y/0': a Map has no JSON form",
    ],
    [
      "a hole",
      (draft: Board) => {
        draft.list[7] = 1;
      },
      "Cannot sync '/list/7': the list has 3 elements, and a list has no holes",
    ],
    [
      "a longer length",
      (draft: Board) => {
        draft.list.length = 7;
      },
      "Cannot sync '/list/length': the list has 3 elements, and a list has no holes",
    ],
    [
      "a hole made by delete",
      (draft: Board) => {
        delete draft.list[0];
      },
      "Cannot sync '/list/0': a list has no holes; use splice",
    ],
    [
      "a member of a list",
      (draft: Board) => {
        (draft.list as unknown as Record<string, number>).x = 1;
      },
      "Cannot sync '/list/x': the list has 3 elements, and a list has no holes",
    ],
  ])("refuses %s", (_, recipe, sentence) => {
    expect(() => record(board(), recipe as never)).toThrow(NotSyncable);
    expect(() => record(board(), recipe as never)).toThrow(sentence);
  });

  test("cannot be changed when its update is over", () => {
    let kept: Board | undefined;
    record(board(), (draft) => {
      kept = draft as Board;
    });

    expect(() => {
      kept!.n = 2;
    }).toThrow("Cannot change '/n': the update of this draft is over");
  });

  test("copies values in", () => {
    const row = { id: 9, tags: ["a"] };

    const operations = record(board(), (draft) => {
      draft.rows.push(row);
      row.tags.push("b");
      draft.rows[3]!.tags!.push("c");
    });

    expect(operations).toEqual([
      { op: "add", path: "/rows/3", value: { id: 9, tags: ["a"] } },
      { op: "add", path: "/rows/3/tags/1", value: "c" },
    ]);
  });

  test.each<[string, (list: number[][]) => unknown]>([
    ["sorted", (list) => list.reverse()],
    ["cut short", (list) => list.splice(1, 4)],
    ["replaced one by one", (list) => list.fill([7])],
  ])("records what was there when a list was %s, not what came after", (_, change) => {
    const document = frozen({ list: [[1], [2], [3], [4], [5]] });

    const operations = record(document as { list: number[][] }, ({ list }) => {
      for (const inner of list) inner.push(0);
      change(list);
      for (const inner of list) inner.push(9);
    });

    const plain = structuredClone(document);
    for (const inner of plain.list) inner.push(0);
    change(plain.list);
    for (const inner of [...new Set(plain.list)]) inner.push(9);
    expect(apply(document, operations)).toEqual(plain);
  });

  test("reaches nothing inherited", () => {
    const operations = record(
      { map: {}, list: [] } as { map: Record<string, never>; list: never[] },
      ({ map, list }) => {
        expect(map.constructor).toBeUndefined();
        expect(map["__proto__" as string]).toBeUndefined();
        expect(map.toString).toBeUndefined();
        expect(list.constructor).toBeUndefined();
        expect((list as unknown as Record<string, unknown>)["__proto__" as string]).toBeUndefined();
        map["__proto__" as string] = { polluted: 1 } as never;
        map.constructor = 2 as never;
      },
    );

    expect(JSON.stringify(operations)).toBe(
      '[{"op":"add","path":"/map/__proto__","value":{"polluted":1}},{"op":"add","path":"/map/constructor","value":2}]',
    );
    expect({}).not.toHaveProperty("polluted");
  });

  test("costs what is changed, not what is there", () => {
    let reads = 0;
    const rows = Array.from({ length: 10_000 }, (_, id) => ({
      get id() {
        reads += 1;
        return id;
      },
      set id(_value) {},
      tags: ["a"],
    }));

    const operations = record({ rows }, (draft) => {
      for (let at = 0; at < 100; at += 1) draft.rows[at]!.id = -at - 1;
      draft.rows.push({ id: 9, tags: [] });
    });

    expect(operations).toHaveLength(101);
    expect(reads).toBeLessThan(1_000); // a few for each of the 100 rows
  });
});

// Does something to a value, the same to a plain one and to a draft: chosen by three numbers.
function mutate(root: unknown, which: number, where: number, value: Json): void {
  const containers: (unknown[] | Record<string, unknown>)[] = [];
  const collect = (part: unknown): void => {
    if (!isList(part) && !isObject(part)) return;
    containers.push(part as unknown[]);
    for (const name of Object.keys(part)) collect((part as Record<string, unknown>)[name]);
  };
  collect(root);
  const container = containers[where % containers.length]!;
  const plain = structuredClone(value);
  if (Array.isArray(container)) mutateList(container, which, where, plain);
  else mutateObject(container, which, plain);
}

function mutateList(list: unknown[], which: number, where: number, value: Json): void {
  const at = where % (list.length + 1);
  const actions = [
    () => list.push(value, 1),
    () => list.pop(),
    () => list.shift(),
    () => list.unshift(value),
    () => list.splice(at, which % 3, value),
    () => list.splice(at, which % 3),
    () => list.splice(at, 1, value, 2),
    () => list.splice(-1, 1, value),
    () => list.reverse(),
    () => list.sort((one, other) => (canonical(one) < canonical(other) ? -1 : 1)),
    () => {
      list[at] = value;
    },
    () => {
      list.length = at;
    },
    () => list.fill(7, at),
    () => {
      if (list.length > 1)
        [list[0], list[list.length - 1]] = [
          list[list.length - 1],
          structuredClone(JSON.parse(JSON.stringify(list[0]))),
        ];
    },
  ];
  actions[which % actions.length]!();
}

function mutateObject(object: Record<string, unknown>, which: number, value: Json): void {
  const name = ["a", "b", "", "a/b", "m~n", "0", "constructor"][which % 7]!;
  if (which % 3 === 0) delete object[name];
  else object[name] = value;
}

test("what a draft records replays to what plain mutation gives", () => {
  const scripts = fc.array(fc.tuple(fc.nat(), fc.nat(), values()), { maxLength: 8 });
  fc.assert(
    fc.property(documents(), scripts, (document, script) => {
      const plain = JSON.parse(JSON.stringify(document)) as Json;
      for (const step of script) mutate(plain, ...step);

      const operations = record(frozen(document), (draft) => {
        for (const step of script) mutate(draft, ...step);
        expect(canonical(draft)).toBe(canonical(plain));
      });

      expect(canonical(apply(document, operations))).toBe(canonical(plain));
    }),
  );
});
