import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../src/document.ts";
import type { KernelMessage, PageMessage } from "../src/messages.ts";
import type { Operation } from "../src/patch.ts";
import { Replica, type Trouble } from "../src/replica.ts";
import { canonical, frozen } from "./support/conformance.ts";
import { documents, operationFor, values } from "./support/documents.ts";
import { KernelModel } from "./support/kernel.ts";

type Choice = [number, number, number, Json];

/** One thing that happens. */
type Event =
  | { what: "commit"; choice: Choice }
  | { what: "edit"; page: number; choice: Choice }
  | { what: "up" | "down" | "lose" | "swap" | "hello" | "stale"; page: number };

const choice = (): fc.Arbitrary<Choice> => fc.tuple(fc.nat(), fc.nat(), fc.nat(), values());
const page = (): fc.Arbitrary<number> => fc.nat({ max: 1 });

const events = (minLength = 0): fc.Arbitrary<Event[]> =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ what: fc.constant("commit" as const), choice: choice() }) },
      {
        weight: 6,
        arbitrary: fc.record({ what: fc.constant("edit" as const), page: page(), choice: choice() }),
      },
      {
        weight: 8,
        arbitrary: fc.record({ what: fc.constantFrom("up" as const, "down" as const), page: page() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          what: fc.constantFrom("lose" as const, "swap" as const, "hello" as const, "stale" as const),
          page: page(),
        }),
      },
    ),
    { minLength, maxLength: 60 },
  );

/** A kernel and two pages, whose messages wait until an event lets them pass. */
class World {
  readonly board: KernelModel;
  readonly pages: { replica: Replica; up: PageMessage[]; down: KernelMessage[]; troubles: Trouble[] }[];
  readonly #operationFor: (document: Json, ...choice: Choice) => Operation;

  constructor(document: Json, choose = operationFor) {
    this.#operationFor = choose;
    this.board = new KernelModel("board", document, "a1");
    // odd numbers are clipped, and some texts refused: a validator has its say
    this.board.validate = (operations) =>
      operations.map((operation): Operation => {
        if ("value" in operation && operation.value === "text") throw new Error("no text, please");
        return "value" in operation && operation.value === 9 ? { ...operation, value: 8 } : operation;
      });
    this.pages = ["d2", "e7"].map((id) => {
      const replica = new Replica(id, { model: "board" });
      const troubles: Trouble[] = [];
      replica.onTrouble = (trouble) => troubles.push(trouble);
      return { replica, up: replica.hello(), down: [], troubles };
    });
  }

  happen(event: Event): void {
    if (event.what === "commit") {
      this.#broadcast(
        this.#tried(this.board.document, event.choice, (operations) => this.board.commit(operations)),
      );
      return;
    }
    const { replica, up, down } = this.pages[event.page] as World["pages"][number];
    if (event.what === "edit") {
      up.push(
        ...(this.#tried(replica.document, event.choice, (operations) => replica.edit(operations)) ?? []),
      );
      frozen(replica.document);
    } else if (event.what === "up") this.#hear(up.shift(), replica.id);
    else if (event.what === "down") this.#receive(event.page);
    else if (event.what === "lose") this.#lose(event.page);
    else if (event.what === "swap") down.unshift(...down.splice(1, 1));
    else if (event.what === "hello") up.push(...replica.hello());
    else replica.stale("the connection was lost");
  }

  /** Let everything pass, say hello as a link would, and let everything pass again. */
  settle(): void {
    for (const { up, replica } of this.pages) up.push(...replica.hello());
    while (this.pages.some(({ up, down }) => up.length + down.length > 0)) {
      this.pages.forEach(({ up, replica }, at) => {
        this.#hear(up.shift(), replica.id);
        this.#receive(at);
      });
    }
  }

  #tried<Result>(
    document: Json,
    choice: Choice,
    act: (operations: Operation[]) => Result,
  ): Result | undefined {
    const operation = this.#operationFor(document, ...choice);
    if (operation.path === "") return undefined; // a document stays an object
    try {
      return act([operation]);
    } catch {
      return undefined; // it does not apply to this document
    }
  }

  #hear(message: PageMessage | undefined, replica: string): void {
    if (message && (message.type === "hello" || message.type === "edit"))
      for (const answer of this.board.answer(message, replica)) this.#broadcast(answer);
  }

  #broadcast(message: KernelMessage | undefined): void {
    if (message) for (const { down } of this.pages) down.push(JSON.parse(JSON.stringify(message)));
  }

  #receive(at: number): void {
    const { replica, up, down } = this.pages[at] as World["pages"][number];
    const message = down.shift();
    if (message) up.push(...replica.receive(frozen(message)));
    frozen(replica.document);
  }

  // A link notices a lost frame by the next one, and says hello.
  #lose(at: number): void {
    const { replica, up, down } = this.pages[at] as World["pages"][number];
    if (down.shift()) up.push(...replica.hello());
  }
}

test("pages come to show what the kernel has, whatever was held, lost or overtaken", () => {
  fc.assert(
    fc.property(documents(), events(), (document, script) => {
      const world = new World(document);

      for (const event of script) world.happen(event);
      world.settle();

      for (const { replica } of world.pages) {
        expect(canonical(replica.document)).toBe(canonical(world.board.document));
        expect(replica).toMatchObject({ version: world.board.version, status: "live", pending: [] });
      }
    }),
  );
});

test("an edit happens once or is told as refused, and never both", () => {
  fc.assert(
    fc.property(events(), (script) => {
      const world = new World({ rows: [], n: 0 });
      let made = 0;
      const marked = script.map(
        (event): Event => (event.what === "edit" ? { ...event, choice: [0, 0, 0, null] } : event),
      );

      for (const event of marked) {
        if (event.what === "commit") continue;
        if (event.what !== "edit") world.happen(event);
        else {
          const { replica, up } = world.pages[event.page] as World["pages"][number];
          if (replica.epoch === undefined) continue;
          made += 1;
          up.push(...replica.edit([{ op: "add", path: "/rows/-", value: made }]));
        }
      }
      world.settle();

      const happened = (world.board.document as { rows: number[] }).rows;
      const refused = world.pages.flatMap(({ troubles }) => troubles.flatMap(({ operations }) => operations));
      expect(new Set(happened).size).toBe(happened.length);
      expect(happened.length + refused.length).toBe(made);
    }),
  );
});

/** Rows that are known by an id, and what was written into them. */
interface Table {
  readonly rows: readonly { readonly id: number; readonly marks: readonly number[] }[];
}

test("an edit changes the row that its author meant, wherever that stands by then", () => {
  fc.assert(
    fc.property(events(25), (script) => {
      const meant = new Map<number, number>(); // the row of each mark
      let made = 100; // a validator has its say about small ones
      const operationFor = (document: Json, which: number, where: number, whence: number): Operation => {
        const { rows } = document as unknown as Table;
        const at = where % (rows.length || 1);
        const row = rows[at];
        made += 1;
        if (!row || which % 5 === 0) {
          return { op: "add", path: `/rows/${where % (rows.length + 1)}`, value: { id: made, marks: [] } };
        }
        if (which % 5 === 1) return { op: "remove", path: `/rows/${at}` };
        if (which % 5 === 2)
          return { op: "move", from: `/rows/${at}`, path: `/rows/${whence % rows.length}` };
        meant.set(made, row.id);
        return { op: "add", path: `/rows/${at}/marks/0`, value: made };
      };
      const world = new World({ rows: [-1, -2, -3].map((id) => ({ id, marks: [] })) }, operationFor);

      world.settle();
      for (const event of script) world.happen(event);
      world.settle();

      for (const { id, marks } of (world.board.document as unknown as Table).rows) {
        expect(marks.map((mark) => meant.get(mark))).toEqual(marks.map(() => id));
      }
      for (const { replica } of world.pages) {
        expect(canonical(replica.document)).toBe(canonical(world.board.document));
      }
    }),
  );
});
