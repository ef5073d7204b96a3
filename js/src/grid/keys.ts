/**
 * Floor 9. What the keys do in a grid.
 *
 * @module
 */

import { type Column, NARROWEST } from "./columns.ts";
import type { Active } from "./focus.ts";

/** Where a person is who presses a key, and how far it goes from there. */
export interface Whereabouts {
  readonly active: Active;
  readonly column: number;
  readonly columns: readonly Column[];
  /** The position of the row, of the last one, and of the first that is seen. */
  readonly position: number;
  readonly last: number;
  readonly top: number;
  /** How many rows are seen at once. */
  readonly page: number;
}

/** What a key does; what tells whether it did anything returns that. */
export interface KeyEvents {
  go(position: number, column: number, isExtending?: boolean): void;
  goInHead(zone: "head" | "filter", column: number): void;
  sort(name: string): void;
  resize(name: string, width: number): void;
  filter(name: string, text: string): void;
  arrange(): void;
  dismiss(row: number): boolean;
  edit(row: number, name: string, begun?: string): boolean;
  /** The space key: it turns what is true into what is false, and is no beginning of a text. */
  toggle(row: number, name: string): boolean;
}

const STEP = 16;

/** Do what a key is for, and tell whether it is for anything. */
export function press(event: KeyboardEvent, where: Whereabouts, events: KeyEvents): boolean {
  const { active } = where;
  if (event.altKey || event.metaKey) return false;
  if (active.zone === "body") return pressInBody(event, where, active, events);
  return active.zone === "head" ? pressInHead(event, where, events) : pressInFilter(event, where, events);
}

function pressInBody(
  event: KeyboardEvent,
  { position, last, column, columns, page }: Whereabouts,
  { row, name }: { row: number; name: string },
  events: KeyEvents,
): boolean {
  const { key, ctrlKey, shiftKey } = event;
  const end = columns.length - 1;
  const targets: Readonly<Record<string, readonly [number, number]>> = {
    ArrowDown: [ctrlKey ? last : position + 1, column],
    ArrowUp: [ctrlKey ? 0 : position - 1, column],
    ArrowRight: [position, ctrlKey ? end : column + 1],
    ArrowLeft: [position, ctrlKey ? 0 : column - 1],
    PageDown: [Math.min(position + page, last), column],
    PageUp: [Math.max(position - page, 0), column],
    Home: [ctrlKey ? 0 : position, 0],
    End: [ctrlKey ? last : position, end],
  };
  const target = Object.hasOwn(targets, key) ? targets[key] : undefined;
  if (target) {
    events.go(...target, shiftKey);
    return true;
  }
  if (key === "Escape") return events.dismiss(row);
  if (ctrlKey) return false;
  if (key === "Enter" && shiftKey) return false; // runs a cell of a notebook
  if (key === "Enter" || key === "F2") return events.edit(row, name);
  if (key === " ") return events.toggle(row, name);
  return key.length === 1 && events.edit(row, name, key);
}

function pressInHead({ key, shiftKey }: KeyboardEvent, where: Whereabouts, events: KeyEvents): boolean {
  const { active, column: at, columns } = where;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  const column = columns[at];
  if (step && shiftKey && column) events.resize(active.name, Math.max(NARROWEST, column.width + STEP * step));
  else if (step) events.goInHead("head", at + step);
  else if (key === "Home" || key === "End") events.goInHead("head", key === "Home" ? 0 : columns.length - 1);
  else if (key === "ArrowDown") events.goInHead("filter", at);
  else if (key === "Enter" || key === " ") events.sort(active.name);
  else return false;
  return true;
}

function pressInFilter(event: KeyboardEvent, where: Whereabouts, events: KeyEvents): boolean {
  const { active, column: at, top } = where;
  const input = event.target as HTMLInputElement;
  if (event.key === "ArrowUp") events.goInHead("head", at);
  else if (event.key === "ArrowDown") events.go(top, at);
  else if (event.key === "Enter") events.arrange();
  else if (event.key === "Escape" && input.value !== "") {
    input.value = "";
    events.filter(active.name, "");
    events.arrange();
  } else if (event.key === "ArrowRight" && input.selectionStart === input.value.length)
    events.goInHead("filter", at + 1);
  else if (event.key === "ArrowLeft" && input.selectionEnd === 0) events.goInHead("filter", at - 1);
  else return false;
  return true;
}
