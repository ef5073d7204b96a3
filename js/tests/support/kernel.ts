/** The authority of tests: a small honest kernel, as docs/protocol.md has it, over the other end of a transport. */

import { type Buffer, putBuffers, takeBuffers } from "../../src/buffers.ts";
import type { Json, JsonObject } from "../../src/document.ts";
import { Link } from "../../src/link.ts";
import type { Edit, Hello, KernelMessage, PageFrame, PatchMessage, Reject } from "../../src/messages.ts";
import { PROTOCOL } from "../../src/messages.ts";
import type { Model } from "../../src/model.ts";
import { type Patch, type Step, trace } from "../../src/patch.ts";
import { rebase } from "../../src/rebase.ts";
import { MemoryTransport } from "../../src/transports/memory.ts";

/** What a validator makes of the operations of an edit; it throws to refuse them. */
export type Validate = (operations: Patch, document: Json) => Patch;

interface Answer {
  number: number;
  message: PatchMessage | Reject;
}

/** One model in a kernel. */
export class KernelModel {
  version = 0;
  validate: Validate = (operations) => operations;
  readOnly: string[] = [];
  readonly log: PatchMessage[] = [];
  /** What each commit did. */
  readonly steps: Step[][] = [];
  /** The document at each version: an edit means what its author saw. */
  readonly documents: Json[];
  readonly answers = new Map<string, Answer>();

  constructor(
    readonly key: string,
    public document: Json,
    readonly epoch: string = Math.random().toString(16).slice(2, 10),
  ) {
    this.documents = [document];
  }

  snapshot(to?: string): KernelMessage {
    const { key: model, epoch, version, document, readOnly: read_only } = this;
    const number = this.answers.get(to ?? "")?.number ?? 0;
    const snapshot = {
      type: "snapshot",
      model,
      epoch,
      version,
      document: document as JsonObject,
      read_only,
      number,
    } as const;
    return to === undefined ? snapshot : { ...snapshot, to };
  }

  /** Change the document, and return what everybody must hear. */
  commit(operations: Patch, author: { replica: string; number: number } | object = {}): PatchMessage {
    const { document, steps } = trace(this.document, operations);
    this.document = document;
    this.version += 1;
    this.documents.push(document);
    this.steps.push(steps);
    const { key: model, epoch, version } = this;
    const message: PatchMessage = {
      type: "patch",
      model,
      epoch,
      base: version - 1,
      version,
      operations: operationsOf(steps),
      ...author,
    };
    this.log.push(message);
    return message;
  }

  /** Answer a page's message. */
  answer(message: Hello | Edit, replica: string): KernelMessage[] {
    return message.type === "hello" ? this.#welcome(message, replica) : this.#judge(message, replica);
  }

  #welcome({ epoch, version }: Hello, replica: string): KernelMessage[] {
    const { number = 0, message } = this.answers.get(replica) ?? {};
    const reject = message?.type === "reject" ? [message] : [];
    if (epoch !== this.epoch || version === undefined) return [...reject, this.snapshot(replica)];
    const operations = this.log.slice(version).flatMap((patch) => patch.operations);
    const { key: model, version: now } = this;
    return [
      ...reject,
      { type: "patch", model, epoch, base: version, version: now, operations, replica, number, to: replica },
    ];
  }

  #judge(edit: Edit, replica: string): KernelMessage[] {
    const known = this.answers.get(replica);
    if (known && edit.number <= known.number) return edit.number === known.number ? [known.message] : [];
    const message = this.#decide(edit, replica);
    this.answers.set(replica, { number: edit.number, message });
    return edit.epoch === this.epoch ? [message] : [message, this.snapshot(replica)];
  }

  #decide({ base, epoch, number, operations }: Edit, replica: string): PatchMessage | Reject {
    try {
      if (epoch !== this.epoch) throw new Error("it was made for another object of the same key");
      const { steps } = trace(this.documents[base] as Json, operations);
      const carried = operationsOf(rebase(steps, this.steps.slice(base).flat()));
      return this.commit(this.validate(carried, this.document), { replica, number });
    } catch (error) {
      const { key: model, version } = this;
      const { message: reason, name, pointer } = error as Error & { pointer?: string };
      const reject = {
        type: "reject",
        model,
        epoch: this.epoch,
        version,
        replica,
        number,
        reason,
        error: name,
      } as const;
      return pointer === undefined ? reject : { ...reject, pointer };
    }
  }
}

function operationsOf(steps: readonly Step[]): Patch {
  return steps.map(({ operation }) => operation);
}

/** A kernel with its models and a broadcast lane to all pages. */
export class Kernel {
  readonly models = new Map<string, KernelModel>();
  readonly heard: PageFrame[] = [];
  id: string = Math.random().toString(16).slice(2, 10);
  seq = 0;
  readonly #ends: MemoryTransport[] = [];

  /** Add a model, and say so. */
  publish(key: string, document: Json, epoch?: string): KernelModel {
    const model = new KernelModel(key, document, epoch);
    this.models.set(key, model);
    this.say({ type: "ready", models: [{ model: key, epoch: model.epoch }] });
    return model;
  }

  /** Change a model as a statement of Python would, and tell all pages. */
  commit(key: string, ...operations: Patch): void {
    const model = this.models.get(key) as KernelModel;
    this.say(model.commit(operations));
  }

  /** Send messages as one frame to every page. */
  say(...messages: unknown[]): void {
    this.seq += 1;
    const frame = { protocol: PROTOCOL, kernel: this.id, seq: this.seq, messages } as unknown as JsonObject;
    const taken = takeBuffers(frame);
    for (const end of this.#ends) end.send(taken.frame, taken.buffers);
  }

  /** Begin anew, as after a restart: another id, no models. */
  restart(): void {
    this.id = Math.random().toString(16).slice(2, 10);
    this.seq = 0;
    this.models.clear();
    this.say({ type: "ready", models: [] });
  }

  /** Give a page an end to talk to, and keep the other. */
  open(): { page: MemoryTransport; kernel: MemoryTransport } {
    const [page, kernel] = MemoryTransport.pair();
    this.#ends.push(kernel);
    kernel.onFrame = (frame, buffers) => this.#receive(frame, buffers);
    return { page, kernel };
  }

  #receive(data: unknown, buffers: readonly Buffer[]): void {
    const frame = putBuffers(data, buffers) as PageFrame;
    this.heard.push(frame);
    const answers = frame.messages.flatMap((message): KernelMessage[] => {
      if (message.type !== "hello" && message.type !== "edit") return [];
      const key = message.model ?? [...this.models.keys()][0] ?? "";
      const model = this.models.get(key);
      if (model) return model.answer(message, frame.replica);
      return [{ type: "closed", model: key, reason: `nobody here knows '${key}'`, to: frame.replica }];
    });
    if (answers.length > 0) this.say(...answers);
  }
}

/** A page with one model of a kernel on screen. */
export interface Page {
  link: Link;
  model: Model;
  /** Carries what the page says; hold it and the kernel hears nothing. */
  up: MemoryTransport;
  /** Carries what the kernel says. */
  down: MemoryTransport;
}

/** Open a page on a kernel's model, and wait until it is there. */
export async function openPage(kernel: Kernel, key = "board", bundle?: unknown): Promise<Page> {
  const { page: up, kernel: down } = kernel.open();
  const link = new Link(up);
  const model = link.model(key, bundle);
  await turn();
  return { link, model, up, down };
}

/** A kernel with one model, `board`, and a page that shows it. */
export async function pair(document: Json): Promise<Page & { kernel: Kernel; board: KernelModel }> {
  const kernel = new Kernel();
  const board = kernel.publish("board", document);
  return { kernel, board, ...(await openPage(kernel)) };
}

/** Wait for a turn of the event loop: what was said in this one has been heard and answered. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Return the messages that a kernel has heard, from a frame on. */
export const said = (kernel: Kernel, from = 0): unknown[] =>
  kernel.heard.slice(from).flatMap(({ messages }) => messages);
