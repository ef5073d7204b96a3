/**
 * Floor 9. How a grid looks: JupyterLab's colours where there are any, and sober ones elsewhere.
 *
 * @module
 */

/** How high a row is, and what stands above the rows: the style says the same. */
export const ROW: number = 26;
export const HEAD: number = 60;

/** The style of a grid, for `style()`: it reaches nothing outside of it. */
export const css: string = `
.syncstate-grid {
  --quiet: var(--jp-ui-font-color2, #616161);
  --line: var(--jp-border-color2, #e0e0e0);
  --ground: var(--jp-layout-color1, #fff);
  --shade: var(--jp-layout-color2, #f3f3f3);
  --accent: var(--jp-brand-color1, #1976d2);
  --error: var(--jp-error-color1, #d32f2f);
  position: relative; box-sizing: border-box; max-width: 100%; overflow: hidden;
  border: 1px solid var(--line); border-radius: 4px; background: var(--ground); color: var(--jp-ui-font-color1, #212121);
  font: var(--jp-ui-font-size1, 13px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif);
}
.syncstate-grid-pane { position: relative; overflow: auto; overflow-anchor: none; }
.syncstate-grid-head { position: sticky; top: 0; z-index: 3; height: ${HEAD}px; background: var(--shade); box-shadow: 0 1px 0 var(--line); }
.syncstate-grid-names, .syncstate-grid-filters { position: relative; height: 30px; }
.syncstate-grid-name, .syncstate-grid-filter { position: absolute; top: 0; box-sizing: border-box; height: 30px; }
.syncstate-grid-name {
  display: flex; align-items: center; gap: 4px; padding: 0 10px; cursor: pointer; user-select: none; font-weight: 600;
}
.syncstate-grid-name.syncstate-number { flex-direction: row-reverse; }
.syncstate-grid-name > span { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.syncstate-grid-name::after { content: ""; flex: none; width: 8px; color: var(--accent); font-size: 9px; }
.syncstate-grid-name[aria-sort="ascending"]::after { content: "▲"; }
.syncstate-grid-name[aria-sort="descending"]::after { content: "▼"; }
.syncstate-grid-name:hover { background: var(--jp-layout-color3, #e8e8e8); }
.syncstate-grid-edge { position: absolute; top: 0; right: -4px; z-index: 1; width: 8px; height: 100%; cursor: col-resize; touch-action: none; }
.syncstate-grid-edge::after { content: ""; position: absolute; top: 7px; bottom: 7px; left: 3px; width: 1px; background: var(--line); }
.syncstate-grid-edge:hover::after { top: 0; bottom: 0; width: 2px; background: var(--accent); }
.syncstate-grid-filter { padding: 0 4px 4px; }
.syncstate-grid-filter input {
  box-sizing: border-box; width: 100%; max-width: none; height: 24px; min-height: 0; margin: 0; padding: 0 6px; border: 1px solid var(--line); border-radius: 3px;
  background: var(--ground); color: inherit; font: inherit; font-size: 12px;
}
.syncstate-grid-filter input::placeholder { color: var(--quiet); opacity: 1; }
.syncstate-grid-filter input:not(:placeholder-shown) { border-color: var(--accent); }
.syncstate-grid-body { position: relative; }
.syncstate-grid-row { position: absolute; top: 0; left: 0; width: 100%; height: ${ROW}px; contain: layout; }
.syncstate-grid-row::after { content: ""; position: absolute; inset: auto 0 0; height: 1px; background: var(--line); opacity: .6; }
.syncstate-grid-row:hover { background: var(--shade); }
.syncstate-grid-row[aria-selected="true"] { background: color-mix(in srgb, var(--accent) 14%, var(--ground)); }
.syncstate-grid-refused { z-index: 2; }
.syncstate-grid-cell {
  position: absolute; top: 0; box-sizing: border-box; height: ${ROW}px; padding: 0 10px; line-height: ${ROW - 1}px;
  overflow: hidden; text-overflow: ellipsis; white-space: pre; cursor: default;
}
.syncstate-grid-cell.syncstate-number { text-align: right; font-variant-numeric: tabular-nums; }
.syncstate-grid-cell.syncstate-date { font-variant-numeric: tabular-nums; }
.syncstate-grid-cell.syncstate-missing { color: var(--quiet); }
.syncstate-grid-cell.syncstate-other { color: var(--quiet); }
:is(.syncstate-grid-cell, .syncstate-grid-name, .syncstate-grid-filter input):focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.syncstate-grid-cell:focus { outline: 2px solid var(--accent); outline-offset: -2px; }
.syncstate-grid-cell:has(input, textarea, select) { padding: 0; }
.syncstate-grid-cell :is(input, textarea, select) {
  box-sizing: border-box; width: 100%; max-width: none; height: ${ROW}px; min-height: 0; margin: 0; padding: 0 8px; border: 2px solid var(--accent); border-radius: 0;
  background: var(--ground); color: inherit; font: inherit; resize: none; outline: none;
}
.syncstate-grid-cell :is(input, textarea, select):focus-visible { outline: none; }
.syncstate-grid-cell.syncstate-number input { text-align: right; }
.syncstate-grid-cell :is(input, textarea, select)[aria-invalid="true"] { border-color: var(--error); }
.syncstate-grid-cell[aria-invalid="true"] { overflow: visible; outline: 2px solid var(--error); outline-offset: -2px; }
.syncstate-grid-note {
  position: absolute; z-index: 2; top: 100%; left: 0; min-width: 100%; width: max-content; max-width: 320px; box-sizing: border-box; padding: 4px 10px;
  border: 1px solid var(--error); border-radius: 0 0 4px 4px; background: var(--ground); color: var(--error);
  font-variant-numeric: normal; line-height: 1.4; text-align: left; white-space: normal; overflow-wrap: anywhere;
}
.syncstate-grid-message { padding: 24px 12px; color: var(--quiet); text-align: center; }
.syncstate-grid-foot {
  position: relative; margin-top: -1px; background: var(--ground);
  display: flex; flex-wrap: wrap; align-items: center; gap: 0 12px; min-height: 26px; padding: 0 10px; border-top: 1px solid var(--line); color: var(--quiet); font-size: 12px;
}
.syncstate-grid-foot button { padding: 0 4px; border: 0; border-radius: 3px; background: none; color: var(--accent); font: inherit; cursor: pointer; }
.syncstate-grid-foot button:hover { text-decoration: underline; }
.syncstate-grid-foot button:focus-visible { outline: 2px solid var(--accent); }
.syncstate-grid-foot button[aria-disabled="true"] { opacity: .5; text-decoration: none; cursor: not-allowed; }
.syncstate-grid-tools { display: flex; margin-left: -4px; flex-wrap: wrap; gap: 0 8px; }
.syncstate-grid-tools button { min-width: 24px; min-height: 24px; }
.syncstate-grid-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.syncstate-grid-trouble { flex: 1 0 100%; margin: 0 0 4px; color: var(--error); overflow-wrap: anywhere; }
.syncstate-grid-trouble:empty { display: none; }
.syncstate-grid-stale .syncstate-grid-body { opacity: .6; }
.syncstate-grid [hidden] { display: none; }
`;
