import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';

import { workbenchIcon } from './icon';
import { runJob } from './jobs';
import type { WorkbenchModel } from './model';
import { newNotebook } from './notebooks';
import { CommandIDs } from './tokens';
import type { Values } from './tokens';

/** Register the commands; `stem` gives the name of a new notebook. */
export function addCommands(
  app: JupyterFrontEnd,
  model: WorkbenchModel,
  panel: string,
  stem: () => string,
  browsers: IFileBrowserFactory | null,
  trans: TranslationBundle
): void {
  app.commands.addCommand(CommandIDs.open, {
    label: args => (args.isLauncher ? trans.__('Workbench') : trans.__('Open Workbench')),
    caption: trans.__('Lead a table from a profile to a monitored model'),
    icon: workbenchIcon,
    execute: async args => {
      app.shell.activateById(panel);
      if (!model.notebook) {
        const folder = typeof args.cwd === 'string' ? args.cwd : browsers?.tracker.currentWidget?.model.path ?? '';
        await newNotebook(app, folder, stem());
        app.shell.activateById(panel);
      }
    }
  });
  app.commands.addCommand(CommandIDs.insertStep, {
    label: args => (args.step ? trans.__('Insert the Step "%1"', String(args.step)) : trans.__('Insert a Step')),
    caption: trans.__('Write the cell of a step into the current notebook and run it'),
    isEnabled: () => model.notebook !== null,
    execute: args => model.insert(String(args.step), (args.values ?? {}) as Values)
  });
  app.commands.addCommand(CommandIDs.runJob, {
    label: trans.__('Workbench: Run as Job'),
    caption: trans.__('Run the notebook in a process of its own and keep a record'),
    icon: workbenchIcon,
    isVisible: () => pathOf(model, browsers) !== undefined,
    execute: async args => {
      const path = typeof args.path === 'string' ? args.path : pathOf(model, browsers);
      if (path) {
        await start(app, path, (args.parameters ?? {}) as JSONObject, trans);
      }
    }
  });
}

async function start(app: JupyterFrontEnd, path: string, parameters: JSONObject, trans: TranslationBundle): Promise<void> {
  try {
    await runJob(path, parameters, app.serviceManager.events, trans);
  } catch (error) {
    await showErrorMessage(trans.__('The job was not started'), error as Error);
  }
}

/** The notebook that is selected in the file browser, or else the current one. */
function pathOf(model: WorkbenchModel, browsers: IFileBrowserFactory | null): string | undefined {
  const selected = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])].find(item => item.type === 'notebook');
  return selected?.path ?? model.notebook?.context.localPath;
}
