import type { ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { asOneClick, sharedOf } from './cells';
import type { WorkbenchModel } from './model';
import { post } from './request';
import type { IConversion } from './types';

const TAG = 'parameters';

/** Make a parameterised notebook of the current one, in one step of undo, and save it. */
export async function makeJob(model: WorkbenchModel, lift: boolean, trans: TranslationBundle): Promise<void> {
  const panel = model.notebook;
  if (!panel?.content.model) {
    throw new Error(trans.__('Open a notebook first.'));
  }
  const parameters = panel.content.widgets.find(cell => tagsOf(cell.model).includes(TAG))?.model.id ?? null;
  const made = await post<IConversion>('job-notebook', { ...model.told(panel), parameters, lift });
  await asOneClick(panel, async () => apply(panel, made));
  await panel.context.save();
}

function apply(panel: NotebookPanel, made: IConversion): void {
  const notebook = panel.content;
  const shared = sharedOf(notebook);
  const cells = notebook.widgets.map(cell => cell.model);
  shared.transact(() => {
    cells.forEach((model, at) => {
      const source = model.id === made.cell ? made.source : made.changes[model.id];
      if (source !== undefined && source !== shared.cells[at].getSource()) {
        shared.cells[at].setSource(source);
      }
      if (model.id === made.cell && !tagsOf(model).includes(TAG)) {
        shared.cells[at].setMetadata('tags', [...tagsOf(model), TAG]);
      }
    });
    if (made.cell === null) {
      const first = cells.findIndex(model => model.type === 'code');
      shared.insertCell(Math.max(first, 0), { cell_type: 'code', source: made.source, metadata: { tags: [TAG] } });
    }
  });
}

function tagsOf(model: ICellModel): string[] {
  const tags = model.getMetadata('tags') as unknown;
  return Array.isArray(tags) ? tags.map(String) : [];
}
