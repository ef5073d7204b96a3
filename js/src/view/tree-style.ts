/**
 * Floor 9. How the tree looks: JupyterLab's colours where there are any, and sober ones elsewhere.
 *
 * @module
 */

/** The style of the tree, for `style()`: it reaches nothing outside of it. */
export const css = `
.syncstate-members {
  --name: var(--jp-mirror-editor-property-color, #05a);
  --quiet: var(--jp-ui-font-color2, #616161);
  --line: var(--jp-border-color2, #e0e0e0);
  --accent: var(--jp-brand-color1, #1976d2);
  --error: var(--jp-error-color1, #d32f2f);
  font: var(--jp-code-font-size, 13px)/1.5 var(--jp-code-font-family, ui-monospace, monospace);
  color: var(--jp-content-font-color1, #212121);
}
.syncstate-members ul { --width: 9ch; --tint: var(--name); list-style: none; margin: 0; padding: 0; }
.syncstate-members ul.syncstate-list { --width: 3ch; --tint: var(--quiet); }
.syncstate-members .syncstate-members { margin-left: 8px; padding-left: 10px; border-left: 1px solid var(--line); }

.syncstate-row { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; padding: 1px 4px 1px 18px; border-radius: 3px; }
.syncstate-row label { display: flex; flex: 0 1 auto; align-items: baseline; gap: 0 10px; min-width: 0; max-width: 100%; }
.syncstate-name { flex: none; min-width: var(--width); max-width: 45%; overflow-wrap: anywhere; color: var(--tint); }
.syncstate-value { min-width: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.syncstate-string, .syncstate-lines { color: inherit; }
.syncstate-number, .syncstate-digits, .syncstate-date { color: var(--jp-mirror-editor-number-color, #098658); }
.syncstate-boolean, .syncstate-null { color: var(--jp-mirror-editor-keyword-color, #00f); }
.syncstate-bytes, .syncstate-size, .syncstate-glimpse { color: var(--quiet); }
.syncstate-null { font-style: italic; }
.syncstate-failure { color: var(--error); }

.syncstate-rows { overflow-x: auto; margin: 2px 0 6px 18px; }
.syncstate-sheet { border-collapse: collapse; white-space: pre; }
.syncstate-sheet :is(th, td) { padding: 1px 10px 1px 0; text-align: left; font-weight: normal; border-bottom: 1px solid var(--line); }
.syncstate-sheet th { color: var(--quiet); }
.syncstate-sheet td.syncstate-number { text-align: right; }

summary.syncstate-row { position: relative; cursor: pointer; list-style: none; flex-wrap: nowrap; }
summary.syncstate-row::-webkit-details-marker { display: none; }
summary.syncstate-row::before {
  content: ""; position: absolute; left: 5px; top: calc(50% - 4px);
  border: 4px solid transparent; border-left: 6px solid var(--quiet); border-right: 0;
}
details[open] > summary.syncstate-row::before { transform: rotate(90deg); }
summary.syncstate-row:hover { background: var(--jp-layout-color2, #eee); }
.syncstate-size { flex: none; }
.syncstate-size:empty { display: none; }
.syncstate-glimpse { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }

:is(input, textarea).syncstate-value:not([type="checkbox"]) {
  box-sizing: border-box; min-width: 5ch; max-width: 100%; field-sizing: content; margin: 0; padding: 0 4px;
  font: inherit; background: transparent; border: 1px solid var(--line); border-radius: 3px; resize: none;
}
@supports not (field-sizing: content) { :is(input, textarea).syncstate-value:not([type="checkbox"]) { width: 24ch; } }
:is(input, textarea).syncstate-value:hover { border-color: var(--quiet); }
input.syncstate-number { appearance: textfield; }
input.syncstate-number::-webkit-inner-spin-button { display: none; }
input[type="checkbox"].syncstate-value { margin: 0; align-self: center; accent-color: var(--accent); }
:is(input, textarea, summary, button):focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; }
:is(input, textarea).syncstate-value:disabled { opacity: .7; border-color: var(--line); }
[aria-invalid="true"].syncstate-value { border-color: var(--error); outline-color: var(--error); }
.syncstate-note { color: var(--error); font: var(--jp-ui-font-size1, 13px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif); overflow-wrap: anywhere; }
.syncstate-row > .syncstate-note { flex-basis: 100%; padding-left: calc(var(--width) + 10px); }
.syncstate-note:empty { display: none; }

.syncstate-more {
  margin: 2px 0 4px 18px; padding: 2px 8px; border: 1px solid var(--line); border-radius: 3px; cursor: pointer;
  background: transparent; color: var(--accent); font: var(--jp-ui-font-size1, 13px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif);
}
.syncstate-more:hover { background: var(--jp-layout-color2, #eee); }
`;
