/**
 * Floor 9. A chart on screen, of what stands at a pointer.
 *
 * ```js
 * render({ model, el, signal, spec: { kind: "line", data: { pointer: "/runs" }, x: "step", y: "loss" } });
 * ```
 *
 * It is drawn anew when its data are others, once a picture; a stream of points costs a drawing each.
 *
 * @module
 */

import uPlot from "uplot";
import { type Colors, colorsOf, onColors } from "./chart/colors.ts";
import { type Columns, columnsOf } from "./chart/data.ts";
import { CHARACTER, type ChartSpec, type Figure, figureOf, roomForNames, summaryOf } from "./chart/figure.ts";
import { css } from "./chart/style.ts";
import { type Json, kind } from "./document.ts";
import type { Model } from "./model.ts";
import { make } from "./view/element.ts";
import { style } from "./view/styles.ts";
import { textOf } from "./view/values.ts";

export type { ChartSpec } from "./chart/figure.ts";

/** What a chart shows, where, and how. */
export interface ChartOptions {
  readonly model: Model;
  readonly el: HTMLElement;
  /** Takes the chart away when aborted. */
  readonly signal: AbortSignal;
  readonly spec: ChartSpec;
}

const HEIGHT = 260;
const NARROWEST = 120;
const SUMMARY = 1000; // milliseconds between two summaries of what streams
const FONT = "12px system-ui, sans-serif";

/** Show a chart. */
export function render(options: ChartOptions): void {
  new Chart(options).start();
}

class Chart {
  readonly #options: ChartOptions;
  readonly #element = make("figure", { class: "syncstate-chart" });
  readonly #legend = make("ul", { class: "syncstate-chart-legend", "aria-label": "Series" });
  readonly #plotted = make("div", { class: "syncstate-chart-plot", role: "img", tabindex: "0" });
  readonly #readout = make("div", { class: "syncstate-chart-readout", "aria-hidden": "true", hidden: "" });
  readonly #spoken = make("div", { class: "syncstate-chart-summary", role: "status" });
  readonly #message = make("div", { class: "syncstate-chart-message" });
  readonly #summary = make("p", { class: "syncstate-chart-summary" });
  readonly #hidden = new Set<string>();
  #colors: Colors;
  #value: Json | undefined;
  #figure: Figure | undefined; // of the value
  #plot: uPlot | undefined;
  #form = ""; // what the plot was made for: only its numbers may be others
  #told = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#colors = colorsOf(options.el);
    const caption = make("figcaption", {}, options.spec.title ?? "");
    this.#element.append(caption, this.#legend, this.#plotted, this.#message, this.#summary, this.#spoken);
    options.el.append(this.#element);
  }

  start(): void {
    const { model, el, signal, spec } = this.#options;
    style(el, css, signal);
    model.subscribe(spec.data.pointer, (value) => this.#update(value), { signal });
    model.on("status", () => this.#figure ?? this.#update(this.#value), { signal });
    onColors(() => this.#recolor(), signal);
    this.#plotted.addEventListener("keydown", (event) => this.#press(event));
    this.#plotted.addEventListener("blur", () => this.#plot?.setCursor({ left: -10, top: -10 }));
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(this.#element);
    signal.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      observer.disconnect();
      this.#plot?.destroy();
      this.#element.remove();
    });
  }

  #update(value: Json | undefined): void {
    const { model, spec } = this.#options;
    const columns = columnsOf(value);
    this.#value = value;
    if (!columns) {
      const isComing = value === undefined && model.status === "connecting";
      const absence =
        value === undefined
          ? `There is nothing at '${spec.data.pointer}'`
          : `Cannot draw '${spec.data.pointer}': it is ${kind(value)}`;
      this.#say(isComing ? "Loading…" : absence);
      return;
    }
    try {
      this.#show(columns);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#say(error.message);
    }
  }

  #show(columns: Columns): void {
    const figure = figureOf(this.#options.spec, columns);
    if (figure.x.values.length === 0 || figure.series.length === 0) {
      this.#say(columns.length === 0 ? "No data" : "No numbers to draw");
      return;
    }
    this.#message.hidden = true;
    this.#plotted.hidden = false;
    this.#figure = figure;
    const form = JSON.stringify([figure.series.map(({ name }) => name), figure.x.scale, figure.x.zone]);
    if (form !== this.#form || !this.#plot) this.#make(form);
    else this.#plot.setData(dataOf(figure));
    this.#summarize();
  }

  // Instead of a drawing.
  #say(message: string): void {
    this.#plot?.destroy();
    this.#plot = this.#figure = undefined;
    this.#plotted.hidden = this.#legend.hidden = true;
    this.#message.hidden = false;
    this.#message.textContent = message;
    this.#summary.textContent = "";
  }

  #make(form: string): void {
    const figure = this.#figure;
    if (!figure) return;
    this.#plot?.destroy();
    this.#form = form;
    this.#plotted.replaceChildren();
    this.#plot = new uPlot(this.#optionsFor(figure), dataOf(figure), this.#plotted);
    this.#plotted.append(this.#readout);
    this.#drawLegend(figure);
  }

  // --- how it is drawn -----------------------------------------------------------------------------------------

  #optionsFor(figure: Figure): uPlot.Options {
    const { spec } = this.#options;
    const { scale, zone } = figure.x;
    const axis = {
      stroke: () => this.#colors.quiet,
      font: FONT,
      labelFont: FONT,
      labelSize: 18,
      grid: { stroke: () => this.#colors.line, width: 1 },
      ticks: { stroke: () => this.#colors.line, width: 1, size: 4 },
    };
    const isBar = spec.kind === "bar" || spec.kind === "histogram";
    const xLabel =
      spec.xLabel ?? (scale === "time" ? undefined : spec.kind === "histogram" ? figure.xName : spec.x);
    const yLabel = spec.yLabel ?? (spec.kind === "histogram" ? "count" : undefined);
    return {
      ...this.#size(),
      padding: [10, 12, null, null],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: isBar ? { show: false } : { size: 8 },
      },
      ...(zone ? { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), zone) } : {}),
      scales: {
        x: {
          time: scale === "time",
          ...(isBar || scale === "category"
            ? { range: (_: uPlot, low: number, high: number) => padded(low, high, this.#figure?.step ?? 1) }
            : {}),
        },
        y: spec.logY
          ? { distr: 3 }
          : isBar
            ? { range: (_: uPlot, low: number, high: number) => fromZero(low, high) }
            : {},
      },
      axes: [
        {
          ...axis,
          size: scale === "time" ? 42 : 28,
          ...(xLabel ? { label: xLabel } : {}),
          ...(isBar ? { grid: { show: false } } : {}),
          ...(scale === "category"
            ? {
                splits: ({ bbox }: uPlot) => this.#placesOfNames(bbox.width),
                values: ({ bbox }: uPlot, places: number[]) => this.#shortNames(places, bbox.width),
              }
            : {}),
        },
        {
          ...axis,
          ...(yLabel ? { label: yLabel } : {}),
          size: (_: uPlot, values: string[] | null) =>
            16 + CHARACTER * Math.max(2, ...(values ?? []).map((value) => String(value ?? "").length)),
        },
      ],
      series: [{}, ...figure.series.map(({ name }, at) => this.#seriesFor(name, at, isBar))],
      hooks: { setCursor: [(plot: uPlot) => this.#read(plot)] },
    };
  }

  #seriesFor(name: string, at: number, isBar: boolean): uPlot.Series {
    const { kind } = this.#options.spec;
    const color = (): string => this.#colorOf(at);
    const common = { label: name, show: !this.#hidden.has(name), stroke: color };
    const paths = uPlot.paths;
    if (isBar) {
      const share = kind === "histogram" ? 1 : 0.8 / (this.#figure?.series.length ?? 1);
      const bars = paths.bars?.({ size: [share, Infinity, 1], gap: kind === "histogram" ? 1 : 0 });
      return { ...common, width: 0, fill: color, points: { show: false }, ...(bars ? { paths: bars } : {}) };
    }
    if (kind === "scatter")
      return {
        ...common,
        paths: () => null,
        points: { show: true, size: 6, width: 0, fill: color, stroke: color },
      };
    return {
      ...common,
      width: 1.5,
      points: { size: 5, width: 0, fill: color, stroke: color, show: isSparse },
    };
  }

  #colorOf(at: number): string {
    const { color } = this.#options.spec;
    const isOwn =
      at === 0 && color !== undefined && this.#figure?.series.length === 1 && CSS.supports("color", color);
    return isOwn ? color : (this.#colors.series[at % this.#colors.series.length] ?? this.#colors.text);
  }

  #placesOfNames(width: number): number[] {
    const names = this.#figure?.x.names ?? [];
    const { every } = roomForNames(names, width / devicePixelRatio);
    return names.map((_, place) => place).filter((place) => place % every === 0);
  }

  #shortNames(places: readonly number[], width: number): string[] {
    const names = this.#figure?.x.names ?? [];
    const { length } = roomForNames(names, width / devicePixelRatio);
    return places
      .map((place) => names[place] ?? "")
      .map((name) => (name.length > length ? `${name.slice(0, length - 1)}…` : name));
  }

  #size(): { width: number; height: number } {
    const { height = HEIGHT } = this.#options.spec;
    return { width: Math.max(NARROWEST, Math.floor(this.#element.clientWidth)), height };
  }

  #resize(): void {
    if (this.#element.clientWidth === 0) return; // it is not to be seen just now
    const size = this.#size();
    if (this.#plot && this.#plot.width !== size.width) this.#plot.setSize(size);
  }

  #recolor(): void {
    const colors = colorsOf(this.#options.el);
    if (JSON.stringify(colors) === JSON.stringify(this.#colors)) return;
    this.#colors = colors;
    this.#plot?.redraw(true, true); // the paths of bars hold their colours
    if (this.#figure) this.#drawLegend(this.#figure);
  }

  // --- what is said beside it ----------------------------------------------------------------------------------

  #drawLegend({ series }: Figure): void {
    this.#legend.hidden = series.length < 2;
    const items = series.map(({ name }, at) => {
      const button = make("button", { type: "button", "aria-pressed": String(!this.#hidden.has(name)) });
      button.append(this.#swatch(at), make("span", {}, name));
      button.addEventListener("click", () => this.#toggle(name, at, button));
      const item = make("li");
      item.append(button);
      return item;
    });
    this.#legend.replaceChildren(...items);
  }

  #swatch(at: number): HTMLElement {
    const swatch = make("span", { class: "syncstate-chart-swatch", "aria-hidden": "true" });
    swatch.style.setProperty("--swatch", this.#colorOf(at));
    return swatch;
  }

  #toggle(name: string, at: number, button: HTMLElement): void {
    if (!this.#hidden.delete(name)) this.#hidden.add(name);
    const isShown = !this.#hidden.has(name);
    button.setAttribute("aria-pressed", String(isShown));
    this.#plot?.setSeries(at + 1, { show: isShown });
  }

  // Tells the values where the pointer is, or the arrow keys have led.
  #read(plot: uPlot): void {
    const { idx, left = -1 } = plot.cursor;
    const figure = this.#figure;
    const isShown = idx !== null && idx !== undefined && left >= 0 && figure !== undefined;
    this.#readout.hidden = !isShown;
    if (!isShown) return;
    const lines = figure.series.flatMap(({ name, values }, at) => {
      const value = values[placeNear(figure, idx, at)];
      if (value === undefined || this.#hidden.has(name)) return [];
      const line = make("div");
      line.append(this.#swatch(at), make("span", {}, name), make("span", {}, textOf(value)));
      return [line];
    });
    const where = this.#positionText(figure, idx);
    this.#readout.replaceChildren(make("strong", {}, where), ...lines);
    const { width } = this.#size();
    const from = left + plot.bbox.left / devicePixelRatio;
    const isRight = from > width / 2;
    this.#readout.style.left = isRight ? "auto" : `${from + 12}px`;
    this.#readout.style.right = isRight ? `${width - from + 12}px` : "auto";
    if (document.activeElement === this.#plotted && this.#plotted.matches(":focus-visible"))
      this.#spoken.textContent = `${where}: ${lines.map((line) => line.textContent).join(", ")}`;
  }

  #positionText({ x, step }: Figure, at: number): string {
    const value = x.values[at];
    if (value === null || value === undefined) return "";
    if (x.scale === "category") return x.names[Math.round(value)] ?? "";
    if (this.#options.spec.kind === "histogram")
      return `${textOf(value - step / 2)} to ${textOf(value + step / 2)}`;
    if (x.scale === "number") return textOf(value);
    const options = x.zone === undefined ? {} : { timeZone: x.zone };
    const moment = new Date(value * 1000);
    const time = moment.toLocaleTimeString(undefined, options);
    const isMidnight =
      (x.zone === undefined
        ? moment.getHours() + moment.getMinutes() + moment.getSeconds()
        : value % 86_400) === 0;
    return `${moment.toLocaleDateString(undefined, options)}${isMidnight ? "" : ` ${time}`}`;
  }

  #press(event: KeyboardEvent): void {
    const plot = this.#plot;
    const last = (this.#figure?.x.values.length ?? 0) - 1;
    if (!plot || last < 0) return;
    const at = plot.cursor.idx ?? -1;
    const target = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, Home: 0, End: last, Escape: -1 }[
      event.key
    ];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const place = Math.min(target, last);
    const left = place < 0 ? -10 : plot.valToPos(this.#figure?.x.values[place] ?? 0, "x");
    plot.setCursor({ left, top: place < 0 ? -10 : 10 });
  }

  // What streams is not read out at each point.
  #summarize(): void {
    const { spec } = this.#options;
    const tell = (): void => {
      const figure = this.#figure;
      if (!figure) return;
      this.#told = performance.now();
      this.#timer = undefined;
      const summary = summaryOf(spec, figure);
      this.#summary.textContent = summary;
      this.#plotted.setAttribute("aria-label", spec.title ?? summary.slice(0, summary.indexOf(":")));
    };
    const wait = this.#told + SUMMARY - performance.now();
    if (wait <= 0) tell();
    else this.#timer ??= setTimeout(tell, wait);
  }
}

function dataOf({ x, series }: Figure): uPlot.AlignedData {
  return [x.values, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;
}

// Bars stand beside each other: at one place of all are those of the series around it.
function placeNear({ x, series }: Figure, at: number, of: number): number {
  const values = series[of]?.values;
  if (values?.[at] !== undefined || series.length < 2 || x.values.length % series.length !== 0) return at;
  const beside = at - (at % series.length) + of;
  return x.scale === "category" && values?.[beside] !== undefined ? beside : at;
}

function padded(low: number, high: number, step: number): [number, number] {
  return [low - step * 0.6, high + step * 0.6];
}

function fromZero(low: number, high: number): [number, number] {
  const [from, to] = [Math.min(low ?? 0, 0), Math.max(high ?? 0, 0)];
  const room = (to - from || 1) * 0.08;
  return [from < 0 ? from - room : 0, to > 0 ? to + room : 0];
}

// Few points are told apart by dots.
function isSparse(plot: uPlot, _: number, from: number, to: number): boolean {
  return to - from < plot.width / 12;
}
