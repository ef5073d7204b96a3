/**
 * Floor 9. How a form looks: JupyterLab's colours where there are any, and sober ones elsewhere. All distances are
 * multiples of 4 pixels.
 *
 * @module
 */

/** The style of a form, and of a control by itself, for `style()`. */
export const css = `
:scope {
  --text: var(--jp-ui-font-color1, light-dark(#212121, #e6e6e6));
  --quiet: var(--jp-ui-font-color2, light-dark(#5c5c5c, #b4b4b4));
  --line: var(--jp-border-color1, light-dark(#bdbdbd, #616161));
  --faint: var(--jp-border-color2, light-dark(#e0e0e0, #424242));
  --paper: var(--jp-layout-color1, light-dark(#fff, #181818));
  --shade: var(--jp-layout-color2, light-dark(#f2f2f2, #2a2a2a));
  --accent: var(--jp-brand-color1, light-dark(#1565c0, #64b5f6));
  --error: var(--jp-error-color1, light-dark(#c62828, #ef9a9a));
  --label: 144px; --depth: 0; --gap: 12px;
  font: var(--jp-ui-font-size1, 13px)/20px var(--jp-ui-font-family, system-ui, sans-serif);
  color: var(--text); text-align: start; max-width: 720px;
}
:scope:has(.syncstate-records) { max-width: 1080px; }
.syncstate-place { display: contents; }
.syncstate-form { display: grid; gap: 8px; padding: 4px; }
.syncstate-field { position: relative; display: flex; flex-wrap: wrap; align-items: start; gap: 4px var(--gap); min-width: 0; }
.syncstate-label {
  flex: 0 0 calc(var(--label) - var(--depth) * 13px); padding: 4px 0; color: var(--text); overflow-wrap: anywhere;
}
.syncstate-entry { flex: 1 1 200px; min-width: 0; }
.syncstate-field:is([data-widget="checkbox"], [data-widget="switch"]) > .syncstate-entry { flex-basis: 40px; }
.syncstate-field[data-widget="output"] > .syncstate-entry { flex-basis: 120px; }
.syncstate-help, .syncstate-note { margin: 4px 0 0; max-width: 720px; font-size: 12px; line-height: 16px; overflow-wrap: anywhere; }
.syncstate-help { color: var(--quiet); }
.syncstate-note { color: var(--error); }
.syncstate-note:empty, .syncstate-outcome > :empty { display: none; }
.syncstate-said, .syncstate-key + .syncstate-place > .syncstate-field > .syncstate-label { position: absolute; width: 1px; height: 1px; margin: 0; padding: 0; overflow: hidden; clip-path: inset(50%); }
.syncstate-empty { margin: 0; color: var(--quiet); }

:is(input, select, textarea) {
  box-sizing: border-box; max-width: 100%; margin: 0; color: var(--text); background-color: var(--paper);
  font: inherit; accent-color: var(--accent);
}
:is(input:not([type="checkbox"], [type="radio"], [type="range"], [type="color"]), select, textarea) {
  width: 100%; max-width: 320px; min-height: 28px; padding: 3px 8px; border: 1px solid var(--line); border-radius: 4px;
}
:is(input, select, textarea):not([type="range"]):hover:enabled { border-color: var(--quiet); }
textarea { display: block; max-width: 720px; min-height: 68px; resize: vertical; field-sizing: content; max-height: 320px; }
input.syncstate-number, input.syncstate-duration { width: 128px; font-variant-numeric: tabular-nums; }
input:is([type="date"], [type="time"]) { width: 144px; }
input[type="datetime-local"] { width: 208px; }
input:is([type="checkbox"], [type="radio"]) { width: 16px; height: 16px; margin: 6px 0; flex: none; }
input[type="color"] { width: 48px; height: 28px; padding: 2px; border: 1px solid var(--line); border-radius: 4px; }
input[role="switch"] {
  appearance: none; position: relative; width: 32px; border: 1px solid var(--quiet); border-radius: 8px;
  background: var(--shade); cursor: pointer; transition: background-color 120ms;
}
input[role="switch"]::before {
  content: ""; position: absolute; top: 2px; left: 2px; width: 10px; height: 10px; border-radius: 50%;
  background: var(--quiet); transition: translate 120ms;
}
input[role="switch"]:checked { background: var(--accent); border-color: var(--accent); }
input[role="switch"]:checked::before { translate: 16px; background: var(--paper); }
.syncstate-slider { display: flex; align-items: center; gap: var(--gap); max-width: 320px; }
.syncstate-slider input[type="range"] { flex: 1 1 80px; min-width: 0; height: 28px; }
.syncstate-slider input.syncstate-number { flex: none; width: 88px; }
.syncstate-options { display: flex; flex-wrap: wrap; gap: 0 16px; margin: 0; padding: 0; border: 0; min-width: 0; }
.syncstate-options label { display: inline-flex; align-items: center; gap: 8px; min-height: 28px; }
.syncstate-options input { margin: 0; }
.syncstate-output {
  display: block; padding: 4px 0; overflow-wrap: anywhere; white-space: pre-wrap; font-variant-numeric: tabular-nums;
}
.syncstate-failure { color: var(--error); }
.syncstate-absent { display: flex; align-items: center; gap: var(--gap); }
.syncstate-none { color: var(--quiet); }

.syncstate-group {
  min-width: 0; margin: 0; padding: 0 0 0 12px; border: 0; border-left: 1px solid var(--faint);
}
.syncstate-group > legend { margin-left: -13px; padding: 0; max-width: 100%; }
.syncstate-content { display: grid; gap: 8px; padding: 4px 0 8px; }
.syncstate-content[hidden] { display: none; }
.syncstate-toggle {
  display: flex; align-items: baseline; gap: 8px; max-width: 100%; padding: 4px 8px 4px 0; border: 0; border-radius: 4px;
  background: none; color: var(--text); font: inherit; text-align: start; cursor: pointer;
}
.syncstate-toggle::before {
  content: ""; flex: none; align-self: center; margin: 0 1px 0 4px; border: 4px solid transparent;
  border-left: 6px solid var(--quiet); border-right: 0; transition: rotate 120ms;
}
.syncstate-toggle[aria-expanded="true"]::before { rotate: 90deg; }
.syncstate-toggle:hover { background: var(--shade); }
.syncstate-title { font-weight: 600; overflow-wrap: anywhere; }
.syncstate-extent { min-width: 0; color: var(--quiet); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.syncstate-items { display: grid; gap: 4px; }
.syncstate-items:empty { display: none; }
.syncstate-item { display: flex; align-items: start; gap: 8px; min-width: 0; }
.syncstate-item > .syncstate-place { display: block; flex: 1 1 auto; min-width: 0; }
.syncstate-item > .syncstate-place:has(> .syncstate-field) { flex: 0 1 356px; }
.syncstate-key + .syncstate-place:has(> .syncstate-field) { flex: 0 1 320px; }
.syncstate-item .syncstate-entry { flex-basis: 80px; }
.syncstate-item > .syncstate-place > .syncstate-field > .syncstate-label {
  flex: 0 0 24px; color: var(--quiet); font-variant-numeric: tabular-nums;
}
input.syncstate-key { flex: 0 1 calc(var(--label) - var(--depth) * 13px); min-width: 72px; width: auto; }
.syncstate-tools { display: flex; flex: none; gap: 4px; }
.syncstate-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px var(--gap); }
.syncstate-bar > input, .syncstate-bar > select { width: 128px; }

.syncstate-button {
  min-height: 28px; padding: 3px 12px; border: 1px solid var(--line); border-radius: 4px; background: var(--paper);
  color: var(--text); font: inherit; cursor: pointer;
}
.syncstate-tools .syncstate-button { width: 28px; padding: 0; border-color: transparent; background: none; color: var(--quiet); }
.syncstate-button:hover:enabled { background: var(--shade); color: var(--text); }
.syncstate-button:active:enabled { background: var(--faint); }
.syncstate-run { border-color: var(--accent); color: var(--accent); font-weight: 600; }
.syncstate-run:hover:enabled { color: var(--accent); }
:is(input, select, textarea, button, fieldset, [tabindex]):focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
:is(input, select, textarea, button):disabled { opacity: .55; cursor: not-allowed; }
[aria-invalid="true"]:is(input, select, textarea) { border-color: var(--error); outline-color: var(--error); }

.syncstate-union { display: flex; flex-wrap: wrap; align-items: start; gap: 4px 8px; }
.syncstate-union > .syncstate-place { display: block; flex: 0 1 476px; min-width: 0; }
.syncstate-union > .syncstate-kind { width: auto; }
.syncstate-actions { display: grid; gap: 12px; margin-top: 8px; padding-top: 12px; border-top: 1px solid var(--faint); }
.syncstate-action { display: grid; gap: 8px; margin: 0; }
.syncstate-action > .syncstate-help { margin: 0; }
.syncstate-outcome { flex: 1 1 200px; min-width: 0; }
.syncstate-progress { display: flex; align-items: center; gap: var(--gap); }
.syncstate-progress[hidden] { display: none; }
.syncstate-progress progress { flex: 1 1 80px; min-width: 0; max-width: 200px; height: 8px; accent-color: var(--accent); }
.syncstate-doing { color: var(--quiet); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.syncstate-doing:empty { display: none; }
.syncstate-records { min-width: 0; }
.syncstate-records > .syncstate-grid { width: min(100%, max(var(--width, 0px) + 18px, 344px)); }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
