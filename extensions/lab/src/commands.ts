import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { JSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import ARGUMENTS from './arguments.json';
import { workbenchIcon } from './icon';
import type { JobActs } from './jobacts';
import { makeJob } from './jobnotebook';
import { runJob } from './jobs';
import type { WorkbenchModel } from './model';
import { TABLE } from './model';
import { newNotebook } from './notebooks';
import type { WorkbenchPanel } from './panel';
import { inWords } from './request';
import { CommandIDs } from './tokens';
import type { Values } from './types';

type Arguments = ReadonlyPartialJSONObject;

/** What the commands work with; `stem` gives the name of a new notebook. */
export interface IContext {
  readonly app: JupyterFrontEnd;
  readonly model: WorkbenchModel;
  readonly panel: WorkbenchPanel;
  readonly jobs: JobActs;
  readonly browsers: IFileBrowserFactory | null;
  readonly trans: TranslationBundle;
  stem(): string;
}

/** Register the commands, each with the JSON Schema of its arguments. */
export function addCommands(context: IContext): void {
  const all: Record<string, CommandRegistry.ICommandOptions> = {
    [CommandIDs.open]: open(context),
    [CommandIDs.openTable]: openTable(context),
    [CommandIDs.profileTable]: profileTable(context),
    [CommandIDs.insertStep]: insertStep(context),
    [CommandIDs.runJob]: runAsJob(context),
    [CommandIDs.makeJob]: makeAJob(context)
  };
  for (const [id, options] of Object.entries(all)) {
    const args = ARGUMENTS[id as keyof typeof ARGUMENTS] as JSONObject;
    context.app.commands.addCommand(id, { ...options, describedBy: { args } });
  }
}

function open({ app, model, panel, browsers, trans, stem }: IContext): CommandRegistry.ICommandOptions {
  return {
    label: args => (args.isLauncher ? trans.__('Workbench') : trans.__('Open Workbench')),
    caption: trans.__('Lead a table from a profile to a monitored model'),
    icon: workbenchIcon,
    execute: async args => {
      if (!model.notebook) {
        const folder = typeof args.cwd === 'string' ? args.cwd : (browsers?.tracker.currentWidget?.model.path ?? '');
        await newNotebook(app, folder, stem());
      }
      show(app, panel, args.step);
      return { notebook: model.notebook?.context.path };
    }
  };
}

function openTable(context: IContext): CommandRegistry.ICommandOptions {
  return {
    label: context.trans.__('Open in Workbench'),
    caption: context.trans.__('Make a notebook beside the table and choose what to predict'),
    ...forTables(context),
    execute: args =>
      told(context, async () => {
        await openBeside(context, tableOf(context, args));
        return { notebook: context.model.notebook?.context.path };
      })
  };
}

function profileTable(context: IContext): CommandRegistry.ICommandOptions {
  return {
    label: context.trans.__('Profile with Workbench'),
    caption: context.trans.__('Make a notebook beside the table that tells what is in it'),
    ...forTables(context),
    execute: args =>
      told(context, async () => {
        await context.model.insert('dataset', await openBeside(context, tableOf(context, args)));
        await context.model.insert('profile', {});
        show(context.app, context.panel, 'profile');
        return { notebook: context.model.notebook?.context.path, state: context.model.state('profile') };
      })
  };
}

function insertStep({ model, trans }: IContext): CommandRegistry.ICommandOptions {
  return {
    label: args => (args.step ? trans.__('Insert the Step "%1"', String(args.step)) : trans.__('Insert a Step')),
    caption: trans.__('Write the cell of a step into the current notebook and run it'),
    icon: workbenchIcon,
    isEnabled: () => model.notebook !== null,
    execute: async args => {
      await model.insert(String(args.step), (args.values ?? {}) as Values);
      return { state: model.state(String(args.step)) };
    }
  };
}

function runAsJob(context: IContext): CommandRegistry.ICommandOptions {
  const { app, trans } = context;
  return {
    label: trans.__('Run as Workbench Job'),
    caption: trans.__('Choose values, then run the notebook in a process of its own and keep a record'),
    icon: workbenchIcon,
    isEnabled: args => notebookOf(context, args) !== undefined,
    isVisible: args => notebookOf(context, args) !== undefined,
    execute: args =>
      told(
        context,
        async () => {
          const path = app.serviceManager.contents.localPath(notebookOf(context, args) ?? '');
          const asked = { parameters: (args.parameters ?? {}) as Values, options: (args.options ?? {}) as Values };
          // Who names values knows what is to run; a click asks.
          const job = args.parameters || args.options ? await runJob(path, asked) : await context.jobs.ask(path);
          return job ? { job: job.id } : {};
        },
        trans.__('The job was not started')
      )
  };
}

function makeAJob(context: IContext): CommandRegistry.ICommandOptions {
  const { app, model, trans } = context;
  return {
    label: trans.__('Make a Workbench Job of the Notebook'),
    caption: trans.__(
      'Give the notebook a cell of parameters, look for what needs a person, and choose values for a run'
    ),
    icon: workbenchIcon,
    isEnabled: () => model.notebook !== null,
    execute: args =>
      told(
        context,
        async () => {
          const path = app.serviceManager.contents.localPath(model.notebook?.context.path ?? '');
          await makeJob(model, args.lift !== false, trans);
          const job = await context.jobs.ask(path);
          return job ? { job: job.id } : {};
        },
        trans.__('The job was not started')
      )
  };
}

/** Do it; where it fails, say so in a dialog, and let the caller know too. */
async function told<T>({ trans }: IContext, work: () => Promise<T>, title?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    void showErrorMessage(title ?? trans.__('Workbench could not do this'), inWords(error, trans));
    throw error;
  }
}

function forTables(context: IContext): Pick<CommandRegistry.ICommandOptions, 'icon' | 'isEnabled' | 'isVisible'> {
  const isTable = (args: Arguments): boolean => tableOf(context, args) !== '';
  return { icon: workbenchIcon, isEnabled: isTable, isVisible: isTable };
}

/** A notebook beside the table, at the front with the form of its dataset; the values that the form shows. */
async function openBeside({ app, model, panel }: IContext, path: string): Promise<Values> {
  const stem = PathExt.basename(path).replace(TABLE, '');
  const notebook = await newNotebook(app, PathExt.dirname(path), stem);
  await isCurrent(model, notebook);
  const values = { source: model.fromNotebook(path) };
  model.suggest('dataset', values);
  show(app, panel, 'dataset');
  return values;
}

/** Until the model follows a notebook that was opened. */
function isCurrent(model: WorkbenchModel, notebook: NotebookPanel): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (model.notebook === notebook && notebook.content.model) {
        model.changed.disconnect(look);
        resolve();
      }
    };
    model.changed.connect(look);
    look();
  });
}

function show(app: JupyterFrontEnd, panel: WorkbenchPanel, step: unknown): void {
  if (typeof step === 'string') {
    panel.open(step);
  }
  app.shell.activateById(panel.id);
}

function tableOf(context: IContext, args: Arguments): string {
  return typeof args.path === 'string' ? args.path : (selected(context, item => TABLE.test(item.name)) ?? '');
}

function notebookOf(context: IContext, args: Arguments): string | undefined {
  if (typeof args.path === 'string') {
    return args.path;
  }
  return args.selected ? selected(context, item => item.type === 'notebook') : context.model.notebook?.context.path;
}

/** The first fitting item that is selected in the file browser. */
function selected({ browsers }: IContext, fits: (item: Contents.IModel) => boolean): string | undefined {
  return [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])].find(fits)?.path;
}
