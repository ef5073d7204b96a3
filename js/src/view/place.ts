/**
 * Floor 9. Where a reader is in a view: what has the focus, and how far lists are scrolled.
 *
 * @module
 */

type Path = readonly number[];

/** Note where the reader is inside an element; what is returned brings them back, inside another one like it. */
export function placeIn(element: Element): (other: Element) => void {
  const focused = document.activeElement;
  const focus = focused && focused !== element && element.contains(focused) ? focused : undefined;
  const selection = focus && selectionOf(focus);
  const scrolled = [...element.querySelectorAll("*")]
    .filter(({ scrollTop, scrollLeft }) => scrollTop !== 0 || scrollLeft !== 0)
    .map((each) => ({ each, path: pathTo(each, element), top: each.scrollTop, left: each.scrollLeft }));
  const path = focus && pathTo(focus, element);
  return (other) => {
    for (const { each, path: way, top, left } of scrolled) twinOf(each, way, other)?.scrollTo({ top, left });
    const twin = focus && path ? twinOf(focus, path, other) : undefined;
    if (!(twin instanceof HTMLElement)) return;
    twin.focus({ preventScroll: true });
    if (selection && "setSelectionRange" in twin) (twin as HTMLInputElement).setSelectionRange(...selection);
  };
}

function selectionOf(element: Element): [number, number] | undefined {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return undefined;
  const { selectionStart: start, selectionEnd: end } = element; // none where it is no text
  return start === null || end === null ? undefined : [start, end];
}

function pathTo(element: Element, root: Element): Path {
  const path: number[] = [];
  for (let each = element; each !== root && each.parentElement; each = each.parentElement) {
    path.unshift([...each.parentElement.children].indexOf(each));
  }
  return path;
}

// The element that an author would take for the same: it has the same name, or it stands where that stood.
function twinOf(element: Element, path: Path, root: Element): Element | undefined {
  for (const name of ["id", "data-sync-value", "data-sync-checked", "name", "aria-label"]) {
    const value = element.getAttribute(name);
    const named = value && [...root.querySelectorAll(`${element.localName}[${name}]`)];
    const [first, second] = named ? named.filter((each) => each.getAttribute(name) === value) : [];
    if (first && !second) return first;
  }
  const there = path.reduce<Element | undefined>((each, index) => each?.children[index], root);
  return there?.localName === element.localName ? there : undefined;
}
