import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { acceptCode } from './accept';
import { addCommands } from './commands';
import { tileIconUrl } from './icon';
import { WorkbenchModel } from './model';
import { WorkbenchPanel } from './panel';
import { CommandIDs, DOMAIN, IWorkbench } from './tokens';

/** The panel, its commands and the model behind them. */
const panel: JupyterFrontEndPlugin<WorkbenchModel> = {
  id: 'ml-workbench:plugin',
  description: 'Leads a table from a profile to a monitored model.',
  autoStart: true,
  provides: IWorkbench,
  requires: [INotebookTracker],
  optional: [ITranslator, ILayoutRestorer, ISettingRegistry, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    browsers: IFileBrowserFactory | null
  ): WorkbenchModel => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const model = new WorkbenchModel(tracker, app.serviceManager.contents);
    const widget = new WorkbenchPanel(model, app.commands, trans);
    let stem = 'workbench';
    addCommands(app, model, widget.id, () => stem, browsers, trans);
    acceptCode(tracker);
    app.shell.add(widget, 'left', { rank: 250 });
    restorer?.add(widget, widget.id);
    void registry?.load(panel.id).then(settings => {
      const apply = (): void => {
        model.runs = settings.get('run').composite as boolean;
        stem = settings.get('notebookName').composite as string;
      };
      settings.changed.connect(apply);
      apply();
    });
    return model;
  }
};

/** The tile of the launcher. */
const launcher: JupyterFrontEndPlugin<void> = {
  id: 'ml-workbench:launcher',
  description: 'The tile that opens Workbench.',
  autoStart: true,
  requires: [IWorkbench, ILauncher],
  activate: (_app: JupyterFrontEnd, _model: WorkbenchModel, tiles: ILauncher): void => {
    tiles.add({
      command: CommandIDs.open,
      args: { isLauncher: true },
      category: 'Notebook',
      rank: 50,
      kernelIconUrl: tileIconUrl
    });
  }
};

/** The entries of the command palette. */
const palette: JupyterFrontEndPlugin<void> = {
  id: 'ml-workbench:palette',
  description: 'The commands of Workbench in the palette.',
  autoStart: true,
  requires: [IWorkbench, ICommandPalette],
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, _model: WorkbenchModel, items: ICommandPalette, translator: ITranslator | null): void => {
    const category = (translator ?? nullTranslator).load(DOMAIN).__('Workbench');
    for (const command of [CommandIDs.open, CommandIDs.runJob]) {
      items.addItem({ command, category });
    }
  }
};

export default [panel, launcher, palette];
