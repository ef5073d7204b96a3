/**
 * Floor 9. How layouts look: JupyterLab's colours where there are any, and sober ones elsewhere.
 *
 * @module
 */

/** The style of a layout, for `style()`. */
export const css = `
:scope {
  --ui-text: var(--jp-ui-font-color1, #212121);
  --ui-quiet: var(--jp-ui-font-color2, #616161);
  --ui-line: var(--jp-border-color2, #e0e0e0);
  --ui-accent: var(--jp-brand-color1, #1976d2);
  --ui-error: var(--jp-error-color1, #d32f2f);
  --ui-ground: var(--jp-layout-color1, #fff);
  --ui-shade: var(--jp-layout-color2, #eee);
  font: var(--jp-ui-font-size1, 13px)/20px var(--jp-ui-font-family, system-ui, sans-serif);
  color: var(--ui-text);
}
[hidden] { display: none !important; }
.syncstate-ui-row { display: flex; }
.syncstate-ui-row > * { flex: 1 1 0; min-width: min(100%, 180px); }
.syncstate-ui-row > :is(.syncstate-ui-chart, .syncstate-ui-table, .syncstate-ui-card, .syncstate-ui-column, .syncstate-ui-tabs) { min-width: min(100%, 260px); }
.syncstate-ui-row > .syncstate-ui-button { flex: none; min-width: 0; }
.syncstate-ui-column, .syncstate-ui-show_if, .syncstate-ui-body, [role="tabpanel"] { display: flex; flex-direction: column; min-width: 0; }
:is(.syncstate-ui-column, .syncstate-ui-show_if, .syncstate-ui-body, [role="tabpanel"]) > * { min-width: 0; max-width: 100%; }
.syncstate-ui-grid { display: grid; }
.syncstate-ui-grid > * { min-width: 0; }
.syncstate-ui-card {
  box-sizing: border-box; padding: 16px; border: 1px solid var(--ui-line); border-radius: 6px; background: var(--ui-ground); min-width: 0;
}
.syncstate-ui-card > header { margin-bottom: 12px; }
.syncstate-ui-card > header > h3 { margin: 0; font-size: 14px; line-height: 20px; font-weight: 600; color: var(--ui-text); }
.syncstate-ui-card > header > p { margin: 0; font-size: 12px; line-height: 16px; color: var(--ui-quiet); }
.syncstate-ui-label { display: flex; justify-content: space-between; font-size: 12px; line-height: 16px; color: var(--ui-quiet); }
.syncstate-ui-help { margin: 4px 0 0; font-size: 12px; line-height: 16px; color: var(--ui-quiet); }
.syncstate-ui-output output {
  display: block; font-size: 28px; line-height: 36px; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em;
  overflow-wrap: anywhere;
}
[role="tablist"] { display: flex; gap: 4px; margin-bottom: 16px; overflow-x: auto; border-bottom: 1px solid var(--ui-line); }
[role="tab"] {
  flex: none; padding: 8px 12px; border: 0; border-bottom: 2px solid transparent; background: none; font: inherit; color: var(--ui-quiet); cursor: pointer;
}
[role="tab"]:hover { color: var(--ui-text); background: var(--ui-shade); }
[role="tab"][aria-selected="true"] { color: var(--ui-text); border-bottom-color: var(--ui-accent); font-weight: 600; }
:is([role="tab"], .syncstate-ui-line > button):focus-visible { outline: 2px solid var(--ui-accent); outline-offset: -2px; }
.syncstate-ui-line { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
.syncstate-ui-line > button {
  min-height: 32px; padding: 4px 16px; border: 1px solid var(--ui-accent); border-radius: 4px; background: var(--ui-accent);
  color: var(--jp-ui-inverse-font-color1, #fff); font: inherit; font-weight: 500; cursor: pointer;
}
.syncstate-ui-line > button:hover { filter: brightness(1.08); }
.syncstate-ui-line > button:disabled { opacity: .55; cursor: default; filter: none; }
.syncstate-ui-line > button.syncstate-ui-stop { background: none; border-color: var(--ui-line); color: var(--ui-text); font-weight: 400; }
.syncstate-ui-doing { color: var(--ui-quiet); }
.syncstate-ui-bar { height: 8px; margin-top: 8px; border-radius: 4px; background: var(--ui-shade); overflow: hidden; }
.syncstate-ui-bar > div { height: 100%; border-radius: 4px; background: var(--ui-accent); transition: width .2s ease-out; }
.syncstate-ui-bar[data-unknown] > div { width: 30%; animation: syncstate-ui-pass 1.4s ease-in-out infinite; }
@keyframes syncstate-ui-pass { from { margin-left: -30%; } to { margin-left: 100%; } }
.syncstate-ui-note, .syncstate-ui-alert { margin: 0; overflow-wrap: anywhere; }
.syncstate-ui-note { color: var(--ui-quiet); font-style: italic; }
.syncstate-ui-note:not(:empty) + *, .syncstate-ui-content:not([hidden]) + .syncstate-ui-note:not(:empty) { margin-top: 4px; }
.syncstate-ui-alert { margin-top: 8px; color: var(--ui-error); }
:is(.syncstate-ui-note, .syncstate-ui-alert):empty { display: none; }
[data-loading] { min-height: 36px; border-radius: 4px; background: var(--ui-shade); animation: syncstate-ui-breathe 1.6s ease-in-out infinite; }
@keyframes syncstate-ui-breathe { 50% { opacity: .45; } }
.syncstate-ui-image img { display: block; max-width: 100%; height: auto; border-radius: 4px; }
.syncstate-ui-prose { overflow-wrap: anywhere; line-height: 20px; }
.syncstate-ui-prose > :first-child { margin-top: 0; }
.syncstate-ui-prose > :last-child { margin-bottom: 0; }
.syncstate-ui-prose :is(p, ul, ol, blockquote, pre, table) { margin: 0 0 8px; }
.syncstate-ui-prose :is(h1, h2, h3, h4, h5, h6) { margin: 16px 0 8px; font-weight: 600; color: var(--ui-text); line-height: 1.3; }
.syncstate-ui-prose h1 { font-size: 22px; } .syncstate-ui-prose h2 { font-size: 18px; }
.syncstate-ui-prose h3 { font-size: 15px; } .syncstate-ui-prose :is(h4, h5, h6) { font-size: 13px; }
.syncstate-ui-prose :is(ul, ol) { padding-left: 24px; }
.syncstate-ui-prose a { color: var(--jp-content-link-color, var(--ui-accent)); }
.syncstate-ui-prose code { padding: 1px 4px; border-radius: 3px; background: var(--ui-shade); font: .92em var(--jp-code-font-family, monospace); }
.syncstate-ui-prose pre { padding: 8px 12px; border-radius: 4px; background: var(--ui-shade); overflow-x: auto; }
.syncstate-ui-prose pre code { padding: 0; background: none; }
.syncstate-ui-prose blockquote { padding-left: 12px; border-left: 3px solid var(--ui-line); color: var(--ui-quiet); }
.syncstate-ui-prose table { border-collapse: collapse; }
.syncstate-ui-prose :is(th, td) { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--ui-line); text-align: left; }
.syncstate-ui-prose img { max-width: 100%; }
@media (prefers-reduced-motion: reduce) { [data-loading], .syncstate-ui-bar > div { animation: none !important; transition: none; } }
`;
