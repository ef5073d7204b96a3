/**
 * Floor 6. Actions that are called by what a person does to an element.
 *
 * @module
 */

import type { Json } from "../document.ts";
import { entryOf } from "./control.ts";
import type { Tie } from "./looks.ts";
import { flag, type Scope } from "./scope.ts";
import type { Argument, Calling, Spelling } from "./spelling.ts";

/** Read `data-sync-on`. */
export function actions(spelling: Spelling): Tie {
  const calls = spelling.calls();
  return (element, scope) => {
    for (const call of calls) tieAction(scope, element, call);
  };
}

function tieAction(scope: Scope, element: HTMLElement, { event, action, target, given }: Calling): void {
  const { source, answers, signal } = scope.bound;
  const { title } = element;
  // A press while it runs is none; whatever else happens again takes the place of what happened before.
  const isPress = event === "click" || event === "submit";
  let running: AbortController | undefined;

  const tell = (reason: string): void => {
    flag(element, "data-sync-failed", action, reason !== "");
    element.title = reason || title;
    answers.ended(scope, action, reason);
  };
  const run = async (happened: Event): Promise<void> => {
    if (event === "submit" || (isPress && element.matches("a, button"))) happened.preventDefault();
    if ((isPress && running) || scope.isGone) return;
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const pressed = (happened as SubmitEvent).submitter ?? element;
    const hadFocus = pressed.matches(":focus");
    const show = (isRunning: boolean): void => {
      element.ariaBusy = isRunning ? "true" : null;
      if (isPress && pressed.matches("button, input")) flag(pressed, "disabled", action, isRunning);
    };
    tell("");
    show(true);
    try {
      const [values, keywords] = collect(scope, element, given);
      // the row may go while the action runs, which may be what it does
      const both = signal ? AbortSignal.any([signal, mine.signal]) : mine.signal;
      const name = target ? (scope.locate(target) ?? action) : action;
      await source.action(name, { signal: both, keywords })(...values);
    } catch (error) {
      if (running === mine && !signal?.aborted) tell((error as Error).message);
    }
    if (running !== mine) return;
    running = undefined;
    show(false);
    // a button that is disabled loses it
    if (hadFocus && element.ownerDocument.activeElement === element.ownerDocument.body) pressed.focus();
  };
  element.addEventListener(event, (happened) => void run(happened), {
    signal: scope.signal,
  } as AddEventListenerOptions);
}

type Given = [values: Json[], keywords: Record<string, Json> | undefined];

// Returns what is passed: what is written, or else the fields of a form.
function collect(scope: Scope, element: HTMLElement, given: Calling["given"]): Given {
  if (!given) return [[], element.matches("form") ? fieldsOf(element as HTMLFormElement) : undefined];
  const values = given.filter(([name]) => !name).map(([, argument]) => argumentOf(scope, element, argument));
  const named = given
    .filter(([name]) => name)
    .map(([name, argument]) => [name, argumentOf(scope, element, argument)]);
  return [values, named.length > 0 ? Object.fromEntries(named) : undefined];
}

function argumentOf(scope: Scope, element: HTMLElement, argument: Argument): Json {
  if (argument === "value") return fieldOf(element as HTMLInputElement) ?? null;
  return "spot" in argument ? (scope.read(argument.spot) ?? null) : argument.literal;
}

// Returns what the named fields of a form hold; a field for a number or a date that is empty is left out.
function fieldsOf({ elements }: HTMLFormElement): Record<string, Json> {
  const fields = new Map<string, Json>();
  for (const field of elements as Iterable<HTMLInputElement>) {
    const value = field.matches(
      ":disabled, button, output, fieldset, [type=submit], [type=image], [type=reset], [type=file]",
    )
      ? undefined
      : fieldOf(field);
    if (field.name && value !== undefined) fields.set(field.name, value);
  }
  return Object.fromEntries(fields);
}

function fieldOf(field: HTMLInputElement): Json | undefined {
  return field.type === "checkbox" ? field.checked : entryOf(field);
}
