import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { asOneClick, sharedOf } from './cells';
import { h } from './dom';
import { StepForm } from './form';
import type { WorkbenchModel } from './model';
import { post } from './request';
import type { IConversion, Values } from './types';

const TAG = 'parameters';

/**
 * Make a parameterised notebook of the current one, in one step of undo, save it, and ask for the values of a run.
 *
 * @returns the values that differ from the notebook's own; null if nobody wants it to run.
 */
export async function makeJob(model: WorkbenchModel, lift: boolean, trans: TranslationBundle): Promise<Values | null> {
  const panel = model.notebook;
  if (!panel?.content.model) {
    throw new Error(trans.__('Open a notebook first.'));
  }
  const parameters = panel.content.widgets.find(cell => tagsOf(cell.model).includes(TAG))?.model.id ?? null;
  const made = await post<IConversion>('job-notebook', { ...model.told(panel), parameters, lift });
  await asOneClick(panel, async () => apply(panel, made));
  await panel.context.save();
  return ask(panel, made, trans);
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

async function ask(panel: NotebookPanel, made: IConversion, trans: TranslationBundle): Promise<Values | null> {
  const step = { verb: 'job', title: '', takes: null, gives: '', schema: made.schema };
  const form = new StepForm(step, { values: {}, code: {}, means: {}, errors: {} }, trans, Infinity);
  form.node.addEventListener('submit', event => event.preventDefault());
  const told = Object.keys(made.schema.properties).length
    ? trans.__('These values stand in the first cell of the notebook. Change them for this run alone.')
    : trans.__('The notebook has no parameters yet: write them into its first cell, such as month = 7.');
  const problems = made.problems.map(([text, ...parts]) => h('li', {}, trans.__(text, ...parts)));
  const node = h('div', { class: 'jp-wb-panel jp-wb-run-form' }, h('p', { class: 'jp-wb-about' }, told), form.node);
  if (problems.length) {
    node.prepend(
      h(
        'div',
        { class: 'jp-wb-remark', role: 'alert' },
        trans.__('Nobody looks on while a job runs:'),
        h('ul', {}, ...problems)
      )
    );
  }
  const { button } = await showDialog({
    title: trans.__('Run %1 as a job', panel.title.label),
    body: new Widget({ node }),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run') })]
  });
  return button.accept ? form.values() : null;
}
