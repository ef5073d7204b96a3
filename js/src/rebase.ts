/**
 * Floor 4. An edit carried over what was committed since it was made (`docs/protocol.md`, rule 3.4).
 *
 * The pointers of an edit mean what they meant in the document that its author saw. `rebase` says how they
 * must read in the document of today, or refuses the edit with the reason. It never guesses and never hits
 * a neighbour. No document is needed for it, only what each operation did (`Step`). Every location takes
 * the same way:
 *
 * ```
 *    the document that the author saw, with his own earlier operations
 *       │ back, through the own operations      what one of them made was born there
 *    the document that the edit was made on
 *       │ forward, through what was committed   indices shift, moves are followed, what is gone is refused
 *    today's document
 *       │ forward, through the own operations as they read today
 *    today's document, with his own earlier operations
 * ```
 *
 * What is meant at a location is what stands there, or the place itself, into which something is to be put:
 * a member of an object, whether it is there or not, or a gap between two elements of a list. Of several that
 * are put into one gap, the committed ones come first. What stands in a list is itself, wherever it goes; what
 * stands in an object is its name as long as it stands there.
 *
 * @module
 */

import { Conflict } from "./errors.ts";
import { type Step, sourceOf } from "./patch.ts";
import { index, join, parse } from "./pointer.ts";

/** An own step: as it read for the author of what comes behind, if it was shown, and today, if it stands. */
export type Own = readonly [then: Step | undefined, now: Step | undefined];

/**
 * Return an edit's steps as they must read after other steps were committed.
 *
 * @param steps - the edit, made on the document before `over`, or on the own steps before it
 * @param over - what was committed since, in order; the value of a `replace` does not matter
 * @param earlier - the own steps before the edit
 * @throws {Conflict} if what the edit acts on, or in, is gone; `error.pointer` is where the edit wanted to act
 */
export function rebase(
  steps: readonly Step[],
  over: readonly Step[],
  earlier: readonly Own[] = [],
): readonly Step[] {
  const committed = over.map(read);
  const own = earlier.map(([then, now]): OwnAct => [then && read(then), now && read(now)]);
  return steps.map((step) => {
    const placed = carry(step, committed, own);
    own.push([read(step), read(placed)]);
    return placed;
  });
}

/** Return the steps that can matter to an edit: those in the same members, wherever these were moved. */
export function related(edit: readonly Step[], over: readonly Step[]): Step[] {
  const members = new Set(edit.flatMap(membersOf));
  return over.filter((step) => {
    const touched = membersOf(step);
    const isRelated = touched.some((member) => member === undefined || members.has(member));
    if (isRelated) for (const member of touched) members.add(member);
    return isRelated;
  });
}

/** Return the members that a step acts in; without one it is the whole document. */
export function membersOf({ operation }: Step): (string | undefined)[] {
  return [operation.path, sourceOf(operation) ?? operation.path].map((pointer) => parse(pointer)[0]);
}

// Returns a step as it must read today.
function carry(step: Step, over: readonly Act[], own: readonly OwnAct[]): Step {
  const { operation, inList, fromList, isSelf } = step;
  const { op, path } = operation;
  const { source } = read(step);
  const taken = source && locate(source, over, own);
  // the target of a move is a location in the document without what is moved
  const lift = (target = source as Place): Act => ({ op: "lift", target });
  const before = op === "move" ? [...own, [lift(), lift(taken)] as const] : own;
  const kind =
    op === "remove" ? identity(inList || isSelf) : op === "replace" || op === "test" ? "value" : "room";
  const place = locate(placeOf(path, kind, inList), over, before);
  if (op === "move" && taken && depth(place, taken) > 0) throw new Conflict(taken.pointer, NO_WORD);
  return {
    operation: { ...operation, ...(taken && { from: join(...taken.tokens) }), path: join(...place.tokens) },
    inList: place.inList,
    fromList: taken?.inList ?? fromList,
    isSelf: (taken ?? place).kind === "self",
  };
}

const NO_WORD = "what is moved stands in front of what it is moved into now, which no operation can say";

// Returns what is meant by who takes a value away.
function identity(inList = false): Kind {
  return inList ? "self" : "name";
}

// Returns where that stands today which an operation after the own ones means.
function locate(meant: Place, over: readonly Act[], own: readonly OwnAct[]): Place {
  let place = meant;
  let since = over;
  const later: [act: Act | undefined, isAfter?: boolean][] = []; // the own ones still to come, the last one first
  let isMoved = false;
  for (const [then, now] of own.toReversed()) {
    if (!then) {
      later.push([now]); // to who did not see it, it is like what others did
      continue;
    }
    const isIt = depth(place, then.target) === 0;
    // where something was replaced, something stood before
    const isRestored = !now && then.op === "replace" && isIt && !isMoved && place.kind !== "self";
    const before = isRestored ? ([place, true] as const) : back(place, then);
    isMoved ||= isIt && then.op === "move";
    if (now && then.op === "copy" && then.source && depth(place, then.target) > 0) {
      later.push([{ ...now, op: "inherit" }, true]); // what is in a copy was in the source
      place = moved(place, then.target, then.source);
    } else if (before) {
      place = before[0];
      later.push([now, before[1]]);
    } else {
      if (!now) throw new Conflict(place.pointer, "the edit that made it did not stand");
      place = { ...moved(place, then.target, now.target), kind: place.kind };
      since = [];
      break;
    }
  }
  for (const act of since) place = forward(place, act);
  for (const [act, isAfter] of later.reverse()) if (act) place = forward(place, act, isAfter);
  return place;
}

// -- places, and what an operation does to them

interface Location {
  readonly tokens: readonly string[];
  /** Whether it is that of an element of a list. */
  readonly inList: boolean;
}

function locationOf(pointer: string, inList: boolean): Location {
  return { tokens: parse(pointer), inList };
}

// A step, with its pointers parsed. A "lift" is the first half of a move; what is in a copy does "inherit".
interface Act {
  readonly op: string;
  readonly target: Location;
  readonly source?: Place | undefined;
}

type OwnAct = readonly [then: Act | undefined, now: Act | undefined];

function read({ operation, inList, fromList, isSelf }: Step): Act {
  const { op, path } = operation;
  const from = sourceOf(operation);
  const source = from === undefined ? undefined : placeOf(from, identity(fromList || isSelf), fromList);
  return { op, target: locationOf(path, inList), source };
}

// What is meant at a place: the value, whatever it is, but there must be one; the value itself that stood there;
// the value of that name, as long as it stands there, and when it is moved itself; or the room for a value: a
// member, be it there or not, or the gap before an element.
type Kind = "value" | "self" | "name" | "room";

interface Place extends Location {
  readonly kind: Kind;
  /** How its author wrote it. */
  readonly pointer: string;
}

function placeOf(pointer: string, kind: Kind, inList: boolean): Place {
  return { ...locationOf(pointer, inList), kind, pointer };
}

// Returns a place as it reads after an act; a gap comes after what an own one puts into it, or before.
function forward(place: Place, { op, target, source: from }: Act, isAfter?: boolean): Place {
  if (op === "inherit" && from) {
    if (depth(place, from) > 0) return moved(place, from, target);
    throw new Conflict(place.pointer, "it is not in what was copied any more");
  }
  const source = op === "copy" ? undefined : from;
  if (op === "test") return place;
  if (op === "lift" && goesWith(place, target)) {
    throw new Conflict(place.pointer, "it is now inside what it was to receive");
  }
  if (op === "remove" || op === "lift") return without(place, target);
  if (op === "replace") return beside(place, target, isAfter);
  if (source && goesWith(place, source)) return moved(place, source, target);
  const before = source ? without(place, source) : place;
  if (!target.inList) return beside(before, target, isAfter);
  return shifted(before, target, 1, isGapOf(before, target) && isAfter === false ? 1 : 0);
}

// Returns a place as it read before an act, and whether, as a gap, it came after what was put in; or nothing
// if the act made what is meant there.
function back(place: Place, { op, target, source: from }: Act): [Place, isAfter: boolean] | undefined {
  const source = op === "copy" ? undefined : from;
  if (op === "test") return [place, true];
  if (op === "remove" || op === "lift") return [restored(place, target), true];
  if (goesWith(place, target)) return source && [moved(place, target, source), true];
  const before = op === "replace" || !target.inList ? place : shifted(place, target, -1, 1);
  return [source ? restored(before, source) : before, before !== place];
}

// Returns a place after another value came to a location. An own act replaces only what its author saw it
// replace: what he meant elsewhere is gone if it came there.
function beside(place: Place, location: Location, isAfter?: boolean): Place {
  const isLost = place.kind === "self" || isAfter !== undefined;
  const isGone = goesWith(place, location) && (isLost || depth(place, location) > 0);
  return isGone ? refuse(place, location, "replaced") : place;
}

// Returns a place after the value at a location was taken out.
function without(place: Place, location: Location): Place {
  return goesWith(place, location) ? refuse(place, location, "removed") : shifted(place, location, -1, 1);
}

// Returns a place as it read before the value at a location was taken out.
function restored(place: Place, location: Location): Place {
  return shifted(place, location, 1, isGapOf(place, location) ? 1 : 0);
}

// Returns a place after the value at a location, with all in it, went to another.
function moved(place: Place, location: Location, { tokens, inList }: Location): Place {
  const inside = place.tokens.slice(location.tokens.length);
  if (inside.length > 0) return { ...place, tokens: [...tokens, ...inside] };
  return { ...place, tokens, inList, kind: place.kind === "name" ? "self" : place.kind };
}

// Returns a place with another index in the list that holds a location, if it is in there, and so far behind
// the location or farther.
function shifted(place: Place, { tokens, inList }: Location, by: number, distance: number): Place {
  const last = tokens.length - 1;
  const isInside = inList && tokens.every((token, at) => at === last || token === place.tokens[at]);
  const here = indexOf(place.tokens[last]);
  return isInside && here >= indexOf(tokens[last]) + distance
    ? { ...place, tokens: place.tokens.with(last, String(here + by)) }
    : place;
}

// Returns the index that a token names; "-", the end of a list, names none: nothing stands behind it.
function indexOf(token = ""): number {
  return index(token, Number.POSITIVE_INFINITY) ?? Number.NaN;
}

// Tells whether a place is a gap of the list that holds a location, if it is in there.
function isGapOf({ kind, tokens }: Place, location: Location): boolean {
  return kind === "room" && tokens.length === location.tokens.length;
}

// Tells whether a place goes where the value at a location goes.
function goesWith(place: Place, location: Location): boolean {
  return depth(place, location) >= (place.kind === "room" ? 1 : 0);
}

// Returns how deep inside a location a place is: 0 at it, -1 elsewhere.
function depth({ tokens }: Place, location: Location): number {
  return location.tokens.every((token, at) => token === tokens[at])
    ? tokens.length - location.tokens.length
    : -1;
}

function refuse(place: Place, location: Location, fate: string): never {
  const what = depth(place, location) === 0 ? "it was" : "it is in what was";
  throw new Conflict(place.pointer, `${what} ${fate} meanwhile`);
}
