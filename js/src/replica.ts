/**
 * Floor 5. A page's copy of one document, with its own edits on top (`docs/protocol.md`, section 4).
 *
 * A replica takes messages and edits, and returns the messages that must be sent. It does no I/O and has
 * no clock. It keeps three documents that share what they have in common:
 *
 * ```
 * confirmed            what the kernel said
 *   + the edit in flight      frozen when it was sent; there is at most one
 * = sent
 *   + the edits behind it     merged, they leave together when the answer has come
 * = document           what the page shows
 * ```
 *
 * What the kernel commits changes the confirmed document, and the pending edits are carried over it: the
 * edit in flight always as it was sent, over all that was committed since, for so does the kernel.
 *
 * @module
 */

import { isObject, type Json, type JsonObject, kind, own, same } from "./document.ts";
import { NotWritable, PatchError, SessionClosed, type SyncStateError } from "./errors.ts";
import type {
  Closed,
  Edit,
  KernelMessage,
  PageMessage,
  PatchMessage,
  Ready,
  Reject,
  Seed,
  Snapshot,
} from "./messages.ts";
import {
  Candidate,
  check,
  isInList,
  isRange,
  type Operation,
  type Patch,
  type Step,
  trace,
} from "./patch.ts";
import { join, parse } from "./pointer.ts";
import { membersOf, type Own, rebase, related } from "./rebase.ts";
import { copy } from "./values.ts";

/** How near a page is to its kernel: nothing heard yet, in step, showing an old state, or closed by the kernel. */
export type Status = "connecting" | "live" | "stale" | "closed";

/** An edit that was taken back, or another thing that went wrong. */
export interface Trouble {
  /** A sentence for the person who made the edit. */
  readonly reason: string;
  /** The name of the error's class, in Python if the kernel refused. */
  readonly error: string;
  readonly pointer?: string | undefined;
  /** What was taken back. */
  readonly operations: Patch;
  /** What was thrown, if it was thrown in this page. */
  readonly cause?: unknown;
}

/** What is known of a model before the kernel is heard. */
export interface ReplicaOptions {
  /** The key of the model; a plain comm may not know it before the first snapshot. */
  readonly model?: string | undefined;
  readonly seed?: Seed | undefined;
  /** The number of the last edit that an earlier replica of this page made of this model. */
  readonly number?: number | undefined;
}

/** A page's copy of one model's document. */
export class Replica {
  /** The id that signs every edit of this page. */
  readonly id: string;
  model: string | undefined;
  epoch: string | undefined;
  version = 0;
  status: Status = "connecting";
  /** Why the status is what it is, in a sentence that says what to do. */
  reason = "";
  /** The members that a page may not write. */
  readOnly: readonly string[] = [];
  /** The number of the last edit that was sent. */
  number: number;
  /** Called after each change, when everything is in place again. */
  onChange: () => void = () => {};
  /** Called after `onChange` for each edit that was taken back. */
  onTrouble: (trouble: Trouble) => void = () => {};

  #document: JsonObject = {};
  #confirmed: JsonObject = {};
  #sent: JsonObject = {};
  #flight: Edit | undefined;
  // The edits that the one in flight was merged from, as it was sent; what was committed since; and what they do
  // here today. If one of them stands no longer, the kernel will refuse it, and the others go alone.
  #frozen: readonly Steps[] = [];
  #since: Steps = [];
  #carried: readonly Own[] = [];
  #behind: readonly Steps[] = [];
  // How many of those are not merged: they were, and that was refused.
  #alone = 0;
  #isAsking = false;
  #isLost = false; // a patch did not apply: only a snapshot helps
  // What came since somebody looked at the document.
  #unseen: Unseen | undefined;
  #troubles: Trouble[] = [];

  constructor(id: string, { model, seed, number = 0 }: ReplicaOptions = {}) {
    this.id = id;
    this.model = model;
    this.number = number;
    this.readOnly = seed?.read_only ?? [];
    if (!seed?.document) return;
    this.epoch = seed.epoch;
    this.version = seed.version;
    this.#document = this.#sent = this.#confirmed = seed.document;
  }

  /** What the page shows: the confirmed document with this page's own edits on top. */
  get document(): JsonObject {
    this.#unseen = undefined; // who looks may keep it
    return this.#document;
  }

  /** What the kernel has confirmed, if it can be told as that of a version. */
  get seed(): Seed | undefined {
    const { epoch, version, readOnly } = this;
    if (epoch === undefined || this.#isLost) return undefined;
    this.#unseen = undefined;
    return { epoch, version, read_only: readOnly, document: this.#confirmed };
  }

  /** The operations of this page that the kernel has not answered yet. */
  get pending(): Patch {
    return [...(this.#flight?.operations ?? []), ...operationsOf(this.#behind.flat())];
  }

  /** Whether edits wait behind one that the kernel has not answered, or behind everything while it cannot be heard. */
  get isBehind(): boolean {
    return this.#behind.length > 0;
  }

  /** Whether the kernel has yet to answer something. */
  get isPending(): boolean {
    return this.#flight !== undefined || this.#behind.length > 0;
  }

  /** Ask for what is new, or for everything if what is here is of no use; until the answer nothing is applied. */
  hello(): PageMessage[] {
    this.#isAsking = true;
    return this.greeting();
  }

  /** Say what is here, and go on with what is heard. */
  greeting(): PageMessage[] {
    const { model, epoch, version } = this;
    const isKnown = epoch !== undefined && !this.#isLost;
    return [{ type: "hello", ...(model !== undefined && { model }), ...(isKnown && { epoch, version }) }];
  }

  /** Take note that the kernel cannot be heard; edits wait. */
  stale(reason: string): void {
    this.#isAsking = false;
    this.#become("stale", reason);
    this.#tell();
  }

  /** Take note that the model is closed; pending edits are dropped. */
  close(reason: string): void {
    this.#isAsking = false;
    this.#become("closed", reason);
    this.#abandon(reason);
    this.#tell();
  }

  /**
   * Change the document here and now, and return what must be sent.
   *
   * Values are copied in. While an edit is in flight, or nothing can be sent, the change waits behind it.
   *
   * @throws {PatchError} if an operation does not apply to what the page shows
   * @throws {NotWritable} if a member is read-only
   * @throws {NotSyncable} if a value has no JSON form
   * @throws {SessionClosed} if there is no model to edit
   */
  edit(operations: Patch): PageMessage[] {
    this.#demandOpen("edit");
    check(operations);
    const edit = operations.map(copied);
    for (const operation of edit) this.#demandWritable(operation);
    const { document, steps } = advance(this.document, edit);
    this.#document = document;
    if (steps.length > 0) this.#behind = merge(this.#behind, steps);
    const outgoing = this.#next();
    this.#tell();
    return outgoing;
  }

  /** Ask the kernel to undo or redo this page's last edit; that waits behind those that are pending. */
  back(deed: Deed): PageMessage[] {
    this.#demandOpen(deed);
    this.#behind = [...this.#behind, BACK[deed]];
    const outgoing = this.#next();
    this.#tell();
    return outgoing;
  }

  #demandOpen(deed: string): void {
    if (this.status === "closed") throw new SessionClosed(`Cannot ${deed} '${this.model}': ${this.reason}`);
    if (this.epoch === undefined)
      throw new SessionClosed(`Cannot ${deed}: the state of the model has not come yet`);
  }

  #demandWritable(operation: Operation): void {
    if (operation.op === "test") return;
    for (const pointer of operation.op === "move" ? [operation.from, operation.path] : [operation.path]) {
      const why = barrier(this.readOnly, pointer) ?? (isRange(this.document, pointer) ? ENDS : undefined);
      if (why) throw new NotWritable(pointer, why);
    }
  }

  /** Take in what the kernel said, and return what must be sent. */
  receive(message: KernelMessage): PageMessage[] {
    // a broadcast lane carries everything to every page
    const isForAnother = "to" in message && message.to !== this.id;
    const outgoing = isForAnother ? [] : this.#receive(message);
    this.#tell();
    return outgoing;
  }

  #receive(message: KernelMessage): PageMessage[] {
    switch (message.type) {
      case "ready":
        return this.#onReady(message);
      case "snapshot":
        return this.#onSnapshot(message);
      case "patch":
        return this.#onPatch(message);
      case "reject":
        return this.#onReject(message);
      case "closed":
        return this.#onClosed(message);
    }
  }

  #onReady({ models }: Ready): PageMessage[] {
    const ours = models.find(({ model }) => model === this.model);
    return ours && (ours.epoch !== this.epoch || this.status !== "live") ? this.hello() : [];
  }

  #onSnapshot(message: Snapshot): PageMessage[] {
    const { epoch, version, number } = message;
    if (epoch === this.epoch && version <= this.version && !this.#isAsking) return []; // a repetition
    if (epoch !== this.epoch) this.#abandon("the model was created anew; the edit was made for the old one");
    if (this.#isAnswered(number)) {
      this.#land();
      this.#confirmed = this.#sent;
    }
    // To look at millions of values would hold the page up; who waits for an answer is owed it.
    const limit = this.pending.length > 0 ? Infinity : LOOKS;
    const { document, steps } = advance(
      this.#confirmed,
      difference(this.#confirmed, message.document, limit),
    );
    this.#confirmed = document; // which shares with the old one what is still the same
    this.model = message.model;
    this.epoch = epoch;
    this.version = version;
    this.#isLost = false;
    this.readOnly = message.read_only;
    this.number = Math.max(this.number, number);
    this.#settle(steps);
    return this.#resume();
  }

  #onPatch(message: PatchMessage): PageMessage[] {
    const { base, version, operations, replaced = [], replica, number = 0, to } = message;
    if (this.#isLost) return [];
    if (message.epoch !== this.epoch) return this.#isAsking ? [] : this.hello();
    if ((this.#isAsking || this.status === "closed") && to === undefined) return [];
    const isNews = version > this.version;
    if (isNews && base !== this.version) return this.hello();
    let over: Steps = [];
    if (isNews) {
      try {
        over = this.#commit(operations, replaced);
      } catch (error) {
        this.#troubles.push(troubleOf(error, []));
        this.#isLost = true;
        return this.hello();
      }
      this.version = version;
    }
    this.#become("live", "");
    if (replica === this.id && this.#isAnswered(number)) this.#acknowledge(over);
    else if (isNews) this.#settle(over);
    // the last of several that answer a hello bears the own name
    return to !== undefined && replica === this.id ? this.#resume() : this.#next();
  }

  // Changes the confirmed document, and returns what was done to it, if there are edits to be carried over that.
  #commit(operations: Patch, replaced: readonly string[]): Steps {
    if (!this.#flight && this.#behind.length === 0) {
      this.#extend(operations);
      return [];
    }
    const { document, steps } = advance(this.#confirmed, operations);
    this.#confirmed = document;
    return [...steps, ...replaced.map((path) => assignment(path, isInList(document, path)))];
  }

  // Changes the document as it is: what nobody has seen since it was copied is not copied again, so that patches
  // that come faster than they are shown cost a third (benchmarks/page.ts).
  #extend(operations: Patch): void {
    const { version } = this;
    let unseen = this.#unseen;
    if (unseen?.candidate.document !== this.#confirmed) {
      const candidate = new Candidate(this.#confirmed, operations.length);
      unseen = this.#unseen = { before: this.#confirmed, version, candidate };
    }
    try {
      this.#confirmed = demandObject(unseen.candidate.apply(operations));
    } catch (error) {
      this.#confirmed = unseen.before; // some of the patch may have been applied
      this.version = unseen.version;
      this.#clear();
      throw error;
    }
  }

  #onReject(message: Reject): PageMessage[] {
    const { replica, number, reason, error = "", pointer } = message;
    if (replica !== this.id || number !== this.#flight?.number) return [];
    if (message.epoch === this.epoch && this.#frozen.length > 1) {
      this.#part();
      return this.#next();
    }
    this.#troubles.push({ reason, error, pointer, operations: this.#flight.operations });
    if (message.epoch !== this.epoch) this.#isAsking = true; // a snapshot follows: rule 3.3
    this.#settle([], pairs(this.#land()));
    return this.#next();
  }

  #onClosed({ epoch = this.epoch, reason }: Closed): PageMessage[] {
    if (this.epoch === undefined || epoch === this.epoch) this.close(reason); // else it was another object
    return [];
  }

  // The edit in flight has happened, as `over` tells; validators may have made something else of a part of it.
  #acknowledge(over: Steps): void {
    const carried = this.#land();
    const [before, after] = [this.#sent, this.#confirmed];
    if (same(before, after)) {
      this.#confirmed = before; // what is behind stands as it stood, and the page keeps what it shows
      return;
    }
    // in the other members nothing is another, and nothing came from these
    const changed = Object.keys(after).filter((name) => !same(own(before, name), own(after, name)));
    const isApart = connected(changed, [...carried, ...over]);
    this.#settle(over.filter(isApart), pairs(carried.filter(isApart)));
  }

  #isAnswered(number: number): boolean {
    return this.#flight !== undefined && this.#flight.number <= number;
  }

  // Nothing is in flight any more. Returns what it did here.
  #land(): Steps {
    const carried = this.#carried.flatMap(([, now]) => now ?? []);
    this.#flight = undefined;
    this.#frozen = this.#since = this.#carried = [];
    return carried;
  }

  // Puts the pending edits on the confirmed document again, which `over` led to. In front of them were the own
  // steps that have landed.
  #settle(over: Steps, landed: readonly Own[] = []): void {
    let own = landed;
    this.#document = this.#confirmed;
    if (this.#flight) {
      const former = this.#carried;
      this.#since = related(this.#frozen.flat(), [...this.#since, ...over.map(bare)]);
      this.#carried = this.#place(this.#frozen, this.#since, [], false); // the kernel tells of what stands no longer
      own = this.#carried.map(([, now], at) => [former[at]?.[1], now]);
    }
    this.#sent = this.#document;
    const behind = this.#behind;
    this.#behind = [];
    this.#place(behind, over, own);
  }

  // Lets each of the edits go alone that the refused one in flight was merged from: only the guilty ones are
  // refused then, each with its own reason.
  #part(): void {
    const [edits, since, behind] = [this.#frozen, this.#since, this.#behind];
    this.#clear();
    this.#place(edits, since);
    this.#alone = this.#behind.length;
    this.#place(behind, []); // as it stood
  }

  // Puts edits on the document, to wait there if they are behind; returns the own steps with theirs.
  #place(
    edits: readonly Steps[],
    over: Steps,
    earlier: readonly Own[] = [],
    isBehind = true,
  ): readonly Own[] {
    let own = earlier;
    for (const edit of edits) {
      const { steps, trouble } = this.#put(edit, over, own);
      own = [...own, ...pairs(edit, steps)];
      if (!isBehind) continue;
      if (trouble) this.#troubles.push(trouble);
      else this.#behind = [...this.#behind, edit.length > 0 ? steps : edit];
    }
    return own;
  }

  // Puts one edit on the document, or says what spoke against it.
  #put(edit: Steps, over: Steps, own: readonly Own[]): { steps: Steps; trouble?: Trouble } {
    try {
      const steps = rebase(edit, over, own);
      this.#document = advance(this.#document, operationsOf(steps)).document;
      return { steps };
    } catch (error) {
      return { steps: [], trouble: troubleOf(error, operationsOf(edit)) };
    }
  }

  // Drops all pending edits.
  #abandon(reason: string): void {
    const behind = this.#behind.map(operationsOf);
    const edits = this.#flight ? [this.#flight.operations, ...behind] : behind;
    for (const operations of edits) this.#troubles.push({ reason, error: "Conflict", operations });
    this.#clear();
  }

  // Nothing is pending any more.
  #clear(): void {
    this.#document = this.#sent = this.#confirmed;
    this.#behind = [];
    this.#alone = 0;
    this.#land();
  }

  // The answer to a hello has come.
  #resume(): PageMessage[] {
    this.#isAsking = false;
    this.#become("live", "");
    return this.#flight ? [this.#flight] : this.#next();
  }

  // Freezes what waits, if it may leave.
  #next(): PageMessage[] {
    const { model, epoch, version: base } = this;
    if (this.status !== "live" || this.#isAsking || this.#flight || this.#behind.length === 0) return [];
    if (model === undefined || epoch === undefined) return [];
    this.number += 1;
    const [first] = this.#behind;
    const back = this.#behind.findIndex((edit) => edit.length === 0);
    let count = back < 0 ? this.#behind.length : Math.max(back, 1); // what goes back goes alone
    if (this.#alone > 0) {
      this.#alone -= 1;
      count = 1;
    }
    // to the kernel a member is its name: it knows only what is sent
    this.#frozen = this.#behind
      .slice(0, count)
      .map((edit) => edit.map((step) => ({ ...step, isSelf: false })));
    this.#behind = this.#behind.slice(count);
    const steps = this.#frozen.flat();
    this.#carried = pairs(steps, steps);
    const operations = operationsOf(steps);
    const deed = first === BACK.undo ? { undo: true } : first === BACK.redo ? { redo: true } : {};
    this.#flight = { type: "edit", model, epoch, base, number: this.number, operations, ...(deed as object) };
    this.#sent = this.#behind.length > 0 ? advance(this.#confirmed, operations).document : this.#document;
    return [this.#flight];
  }

  #become(status: Status, reason: string): void {
    this.status = status;
    this.reason = reason;
  }

  #tell(): void {
    const troubles = this.#troubles;
    this.#troubles = [];
    this.onChange();
    for (const trouble of troubles) this.onTrouble(trouble);
  }
}

/** Say why a page may not write at a pointer, if so. */
export function barrier(readOnly: readonly string[], pointer: string): string | undefined {
  const [member] = parse(pointer);
  const name = readOnly.find((name) => member === undefined || member === name);
  return name === undefined ? undefined : `'${name}' is read-only for pages`;
}

const ENDS = "a page adds to an array at its end ('-'), or replaces it whole";

type Steps = readonly Step[];

type Deed = "undo" | "redo";

// Edits of which only the kernel knows what they do.
const BACK: Readonly<Record<Deed, Steps>> = { undo: [], redo: [] };

// What somebody may have seen, and what has become of it since.
interface Unseen {
  readonly before: JsonObject;
  readonly version: number;
  readonly candidate: Candidate;
}

function operationsOf(steps: Steps): Patch {
  return steps.map(({ operation }) => operation);
}

// Applies a patch to a document, which stays one: an object of synced members.
function advance(before: JsonObject, patch: Patch): { document: JsonObject; steps: Steps } {
  const { document, steps } = trace(before, patch);
  return { document: demandObject(document), steps };
}

function demandObject(document: Json): JsonObject {
  if (isObject(document)) return document;
  throw new PatchError(`Cannot replace '': a document is an object, not ${kind(document)}`, "");
}

// What a whole value that was assigned anew is to an edit.
function assignment(path: string, inList: boolean): Step {
  return { operation: { op: "replace", path, value: null }, inList, fromList: false };
}

// Says what own steps have become; without that they were taken back.
function pairs(then: Steps, now: Steps = []): Own[] {
  return then.map((step, at) => [step, now[at]]);
}

// Tells the steps that act in some members, or in those that others of them connect with these.
function connected(members: readonly string[], steps: Steps): (step: Step) => boolean {
  const known = new Set<string | undefined>([undefined, ...members]);
  const isIn = (step: Step): boolean => membersOf(step).some((member) => known.has(member));
  for (let size = 0; size < known.size; ) {
    size = known.size;
    for (const step of steps.filter(isIn)) for (const member of membersOf(step)) known.add(member);
  }
  return isIn;
}

// Forgets the value of a step, which says nothing of where things are.
function bare(step: Step): Step {
  return { ...step, operation: { ...step.operation, value: null } as Operation };
}

function troubleOf(error: unknown, operations: Patch): Trouble {
  const { message: reason, name, pointer } = error as SyncStateError;
  return { reason, error: name, pointer, operations, cause: error };
}

function copied(operation: Operation): Operation {
  return "value" in operation ? { ...operation, value: copy(operation.value, operation.path) } : operation;
}

// Adds an edit to those that wait; a value that is overwritten before it left need not travel.
function merge(behind: readonly Steps[], edit: Steps): Steps[] {
  const place = replaced(edit);
  const isOverwritten = place !== undefined && place === replaced(behind.at(-1) ?? []);
  return [...(isOverwritten ? behind.slice(0, -1) : behind), edit];
}

// Returns the location that an edit replaces, if it does nothing else.
function replaced([step, more]: Steps): string | undefined {
  return step?.operation.op === "replace" && !more ? step.operation.path : undefined;
}

// How many values of a member are compared, to find out whether a snapshot brings another one.
const LOOKS = 100_000;

// Returns what changed between two documents, member by member.
function difference(before: JsonObject, after: JsonObject, limit: number): Operation[] {
  const names = Object.keys({ ...before, ...after });
  return names.flatMap((name): Operation[] => {
    const [old, value, path] = [own(before, name), own(after, name), join(name)];
    if (same(old, value, limit)) return [];
    return [value === undefined ? { op: "remove", path } : { op: "add", path, value }];
  });
}
