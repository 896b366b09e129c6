import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { acceptCode } from './accept';
import { addCommands } from './commands';
import { tileIconUrl } from './icon';
import { tellIncidents } from './incidents';
import { JobActs } from './jobacts';
import { JobsList } from './joblist';
import { WorkbenchModel } from './model';
import { JobNotices } from './notices';
import { WorkbenchPanel } from './panel';
import { Settings } from './settings';
import { StatusItem } from './statusbar';
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
    const settings = new Settings(panel.id, model, trans, registry);
    const jobs = new JobActs(app, trans);
    addCommands({ app, model, panel: widget, jobs, browsers, trans, stem: () => settings.stem });
    const make = (): Promise<unknown> => app.commands.execute(CommandIDs.makeJob).catch(() => undefined);
    widget.append(new JobsList(app.serviceManager.events, jobs, trans, make).node);
    new JobNotices(app.serviceManager.events, jobs, trans);
    tellIncidents(app.serviceManager.events, trans);
    acceptCode(tracker);
    app.shell.add(widget, 'left', { rank: 250 });
    restorer?.add(widget, widget.id);
    widget.node.addEventListener('keydown', event => {
      if (event.key === 'Escape' && model.notebook) {
        app.shell.activateById(model.notebook.id);
      }
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
  activate: (
    _app: JupyterFrontEnd,
    _model: WorkbenchModel,
    items: ICommandPalette,
    translator: ITranslator | null
  ): void => {
    const category = (translator ?? nullTranslator).load(DOMAIN).__('Workbench');
    for (const command of [
      CommandIDs.open,
      CommandIDs.openTable,
      CommandIDs.profileTable,
      CommandIDs.runJob,
      CommandIDs.makeJob
    ]) {
      items.addItem({ command, category });
    }
  }
};

/** Where things stand, in the status bar. */
const status: JupyterFrontEndPlugin<void> = {
  id: 'ml-workbench:status',
  description: 'Tells in the status bar where the steps and the jobs stand.',
  autoStart: true,
  requires: [IWorkbench, IStatusBar],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, model: WorkbenchModel, bar: IStatusBar, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const open = (): void => void app.commands.execute(CommandIDs.open);
    const item = new StatusItem(model, app.serviceManager.events, trans, open);
    bar.registerStatusItem(status.id, {
      item,
      align: 'left',
      rank: 10,
      isActive: () => item.isActive,
      activeStateChanged: item.activeStateChanged
    });
  }
};

export default [panel, launcher, palette, status];
