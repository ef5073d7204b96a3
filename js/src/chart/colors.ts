/**
 * Floor 9. The colours of a chart: those of the page around it, in light and in dark.
 *
 * @module
 */

/** What a chart is drawn in. */
export interface Colors {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly ground: string;
  readonly series: readonly string[];
}

const LIGHT = [
  "#1976d2",
  "#c75a00",
  "#2e7d32",
  "#8e24aa",
  "#c2185b",
  "#00796b",
  "#6d4c41",
  "#546e7a",
  "#5c6bc0",
  "#9e9d24",
  "#ad1457",
  "#37474f",
];
const DARK = [
  "#64b5f6",
  "#ffb74d",
  "#81c784",
  "#ce93d8",
  "#f48fb1",
  "#4db6ac",
  "#bcaaa4",
  "#b0bec5",
  "#9fa8da",
  "#dce775",
  "#f06292",
  "#cfd8dc",
];

/** Read the colours of the page where an element stands. */
export function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  const read = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
  const ground = read("--jp-layout-color1", "#fff");
  return {
    text: read("--jp-ui-font-color1", "#212121"),
    quiet: read("--jp-ui-font-color2", "#616161"),
    line: read("--jp-border-color2", "#e0e0e0"),
    ground,
    series: isDark(ground) ? DARK : LIGHT,
  };
}

/** Call back when the page around may have other colours. */
export function onColors(callback: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(callback);
  for (const element of [document.documentElement, document.body])
    observer.observe(element, {
      attributes: true,
      attributeFilter: ["class", "style", "data-jp-theme-name", "data-jp-theme-light"],
    });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  globalThis.matchMedia?.("(prefers-color-scheme: dark)").addEventListener?.("change", callback, { signal });
}

function isDark(color: string): boolean {
  const canvas = document.createElement("canvas").getContext("2d");
  if (!canvas) return false;
  canvas.fillStyle = color;
  const [red = 255, green = 255, blue = 255] = (canvas.fillStyle.match(/[\da-f]{2}/gi) ?? []).map((hex) =>
    Number.parseInt(hex, 16),
  );
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
