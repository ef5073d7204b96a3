/**
 * Floor 10. The JupyterLab plugin: in JupyterLab and Notebook 7, notebooks and consoles show models.
 *
 * At run time it imports only what every host shares: a module that Voila has not got would stop it there.
 *
 * @module
 */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { type ConsolePanel, IConsoleTracker } from "@jupyterlab/console";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { MIME_TYPE } from "../display.ts";
import { Hub } from "./hub.ts";
import { keepFromShortcuts, Renderer } from "./renderer.ts";

type Registry = Pick<IRenderMimeRegistry, "addFactory">;

const RANK = -10; // before the HTML that stands beside it

const plugin: JupyterFrontEndPlugin<void> = {
  id: "syncstate:plugin",
  description: "Shows syncstate models, live, in notebooks and consoles",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, IConsoleTracker],
  activate,
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  rendermime: IRenderMimeRegistry,
  notebooks: INotebookTracker | null,
  consoles: IConsoleTracker | null,
): void {
  window.addEventListener("keydown", keepFromShortcuts, true);
  const served = new WeakSet<NotebookPanel | ConsolePanel>();
  const serve = (panel: NotebookPanel | ConsolePanel, registry: Registry): void => {
    if (served.has(panel)) return;
    served.add(panel);
    const hub = new Hub(panel.sessionContext);
    panel.disposed.connect(() => hub.close());
    // In the turn in which it says so, before it takes what it writes; then it is not made dirty by it.
    if ("context" in panel) panel.context.saveState.connect((_, state) => state === "started" && hub.store());
    registry.addFactory(
      factory(() => hub),
      RANK,
    );
  };
  const serveNotebook = (panel: NotebookPanel): void => serve(panel, panel.content.rendermime);
  const serveConsole = (panel: ConsolePanel): void => serve(panel, panel.console.rendermime);

  // Where there is no kernel at all (a log, a preview) the saved state is shown. Each panel has a registry of its own.
  rendermime.addFactory(
    factory(() => new Hub(null)),
    RANK,
  );
  // In JupyterLab the first of the two ways comes first; in Notebook 7 the panel is there before us.
  app.docRegistry?.addWidgetExtension("Notebook", { createNew: serveNotebook });
  notebooks?.forEach(serveNotebook);
  notebooks?.widgetAdded.connect((_, panel) => serveNotebook(panel));
  consoles?.forEach(serveConsole);
  consoles?.widgetAdded.connect((_, panel) => serveConsole(panel));
}

/** Not safe: a view runs its author's code. An output that is not trusted is shown by its HTML instead. */
function factory(hub: () => Hub): IRenderMime.IRendererFactory {
  return { safe: false, mimeTypes: [MIME_TYPE], createRenderer: () => new Renderer(hub()) };
}
