/**
 * Floor 9. How a chart looks, but for what is drawn on its canvas.
 *
 * @module
 */

/** The style of a chart, for `style()`: it reaches nothing outside of it. The library's classes begin with `u-`. */
export const css: string = `
.syncstate-chart {
  --quiet: var(--jp-ui-font-color2, #616161);
  --line: var(--jp-border-color2, #e0e0e0);
  --ground: var(--jp-layout-color1, #fff);
  --accent: var(--jp-brand-color1, #1976d2);
  position: relative; margin: 0; min-width: 0; color: var(--jp-ui-font-color1, #212121);
  font: var(--jp-ui-font-size1, 13px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif);
}
.syncstate-chart figcaption { padding: 0 4px 4px; font-weight: 600; }
.syncstate-chart figcaption:empty { display: none; }
.syncstate-chart-plot { position: relative; border-radius: 3px; outline: none; }
.syncstate-chart-plot:focus-visible { outline: 2px solid var(--accent); }
.syncstate-chart-legend { display: flex; flex-wrap: wrap; gap: 2px 4px; margin: 0; padding: 0 0 4px; list-style: none; }
.syncstate-chart-legend button {
  display: flex; align-items: center; gap: 6px; padding: 1px 6px; border: 0; border-radius: 3px; background: none; color: inherit; font: inherit; cursor: pointer;
}
.syncstate-chart-legend button:hover { background: var(--jp-layout-color2, #f3f3f3); }
.syncstate-chart-legend button:focus-visible { outline: 2px solid var(--accent); }
.syncstate-chart-legend button[aria-pressed="false"] { color: var(--quiet); text-decoration: line-through; }
.syncstate-chart-swatch { flex: none; width: 10px; height: 10px; border-radius: 2px; background: var(--swatch); }
[aria-pressed="false"] > .syncstate-chart-swatch { opacity: .3; }
.syncstate-chart-readout {
  position: absolute; z-index: 2; top: 8px; left: 0; box-sizing: border-box; max-width: 240px; padding: 4px 8px; border: 1px solid var(--line); border-radius: 4px;
  background: var(--ground); box-shadow: 0 1px 4px rgb(0 0 0 / 18%); pointer-events: none; font-size: 12px; font-variant-numeric: tabular-nums;
}
.syncstate-chart-readout strong { display: block; font-weight: 600; }
.syncstate-chart-readout div { display: flex; align-items: center; gap: 6px; }
.syncstate-chart-readout span:last-child { margin-left: auto; padding-left: 10px; }
.syncstate-chart-message { padding: 32px 12px; border: 1px solid var(--line); border-radius: 4px; color: var(--quiet); text-align: center; }
.syncstate-chart-summary { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.syncstate-chart [hidden] { display: none; }
.uplot { width: min-content; }
.uplot, .uplot * { box-sizing: border-box; }
.u-wrap { position: relative; user-select: none; }
.u-over, .u-under { position: absolute; }
.u-under { overflow: hidden; }
.uplot canvas { display: block; position: relative; width: 100%; height: 100%; }
.u-cursor-x, .u-cursor-y, .u-cursor-pt { position: absolute; top: 0; left: 0; pointer-events: none; will-change: transform; }
.u-cursor-x { height: 100%; border-right: 1px solid var(--quiet); opacity: .5; }
.u-cursor-pt { border: 0 solid; border-radius: 50%; background-clip: padding-box !important; }
.u-off { display: none; }
`;
