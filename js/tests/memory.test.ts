import { expect, test } from "vitest";
import { MemoryTransport } from "../src/transports/memory.ts";

/** Two ends, and what the second has received. */
function ends(): { one: MemoryTransport; other: MemoryTransport; received: unknown[] } {
  const [one, other] = MemoryTransport.pair();
  const received: unknown[] = [];
  other.onFrame = (frame) => received.push((frame as { n: number }).n);
  return { one, other, received };
}

test("what one end sends the other receives, and shares nothing with it", () => {
  const [one, other] = MemoryTransport.pair();
  const received: [unknown, unknown][] = [];
  other.onFrame = (...came) => received.push([came[0], came[1][0]]);
  const frame = { list: [1] };
  const buffer = new ArrayBuffer(2);

  one.send(frame, [buffer]);

  expect(received).toEqual([[{ list: [1] }, new ArrayBuffer(2)]]);
  expect(received[0]?.[0]).not.toBe(frame);
  expect(received[0]?.[1]).not.toBe(buffer);
});

test("what passes can be held, dropped and put in another order", () => {
  const { one, received } = ends();
  const send = (...numbers: number[]): void => {
    for (const n of numbers) one.send({ n }, []);
  };

  one.hold();
  send(1, 2, 3);
  expect(received).toEqual([]);
  one.reorder();
  one.release();
  expect(received.splice(0)).toEqual([3, 2, 1]);

  one.hold();
  send(4);
  one.drop();
  one.release();
  send(5);
  expect(received).toEqual([5]);
});

test("what is sent while something is received comes after it", () => {
  const { one, other, received } = ends();
  other.onFrame = (frame) => {
    const { n } = frame as { n: number };
    if (n < 3) one.send({ n: n + 1 }, []);
    received.push(n);
  };

  one.send({ n: 1 }, []);

  expect(received).toEqual([1, 2, 3]);
});

test("what one receiver throws does not stop what comes after", () => {
  const { one, other, received } = ends();
  const receive = other.onFrame;
  other.onFrame = () => {
    throw new Error("mine");
  };
  expect(() => one.send({ n: 1 }, [])).toThrow("mine");
  other.onFrame = receive;

  one.send({ n: 2 }, []);

  expect(received).toEqual([2]);
});

test("an end that is closed tells the other, and nothing passes any more", () => {
  const { one, other, received } = ends();
  const reasons: string[] = [];
  other.onClose = (reason) => reasons.push(reason);

  one.close();
  one.close();
  one.send({ n: 1 }, []);

  expect(reasons).toEqual(["the other end was closed"]);
  expect(received).toEqual([]);
});
