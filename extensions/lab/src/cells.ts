import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { INotebookModel, Notebook, NotebookPanel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';

import type { ICell, IWritten } from './types';

const KEY = 'workbench';
const MIME = 'application/vnd.workbench+json';
/** Longer than any click takes to write its cells. */
const ONE_CLICK = 60_000;

interface IUndoManager {
  captureTimeout: number;
  stopCapturing(): void;
}

/** What the server needs to know of each code cell; `ran` is what stood in a cell when it ran. */
export function readCells(notebook: Notebook, ran: WeakMap<ICellModel, string>, running: Set<string>): ICell[] {
  return notebook.widgets.filter(cell => cell.model.type === 'code').map(cell => readCell(cell, ran, running));
}

function readCell({ model }: Cell, ran: WeakMap<ICellModel, string>, running: Set<string>): ICell {
  const saved = model.sharedModel.toJSON();
  const outputs = (saved.outputs ?? []) as JSONObject[];
  return {
    id: model.id,
    source: model.sharedModel.getSource(),
    ran: ran.get(model) ?? null,
    count: (saved.execution_count as number | null) ?? null,
    failed: outputs.some(output => output.output_type === 'error'),
    running: running.has(model.id),
    records: outputs.map(output => (output.data as JSONObject | undefined)?.[MIME]).filter(Boolean) as JSONObject[],
    mark: ((model.getMetadata(KEY) as JSONObject | undefined)?.step as string | undefined) ?? null
  };
}

/** The document behind a notebook that has loaded. */
export function sharedOf(notebook: Notebook): INotebookModel['sharedModel'] {
  if (!notebook.model) {
    throw new Error('The notebook has not loaded yet.');
  }
  return notebook.model.sharedModel;
}

export function cellOf(notebook: Notebook, id: string): Cell | undefined {
  return notebook.widgets.find(cell => cell.model.id === id);
}

/** Make all that is written meanwhile one step of undo. */
export async function asOneClick<T>(panel: NotebookPanel, work: () => Promise<T>): Promise<T> {
  const { undoManager } = sharedOf(panel.content) as { undoManager?: IUndoManager };
  if (!undoManager) {
    return work();
  }
  const usual = undoManager.captureTimeout;
  undoManager.stopCapturing();
  undoManager.captureTimeout = ONE_CLICK;
  try {
    return await work();
  } finally {
    undoManager.captureTimeout = usual;
    undoManager.stopCapturing();
  }
}

/**
 * Write the cell of a step and make it the active one.
 *
 * Its own cell is updated; else an empty active cell is filled; else a cell is inserted where it belongs.
 * @returns the id of the cell.
 */
export function write(panel: NotebookPanel, step: string, written: IWritten): string {
  const notebook = panel.content;
  const shared = sharedOf(notebook);
  const own = written.cell ? indexOf(notebook, written.cell) : -1;
  const after = written.after ? indexOf(notebook, written.after) : notebook.activeCellIndex;
  const target = own >= 0 ? own : emptyAt(notebook, after);
  const index = target >= 0 ? target : after + 1;
  shared.transact(() => {
    if (target >= 0) {
      shared.cells[target].setSource(written.source);
      shared.cells[target].setMetadata(KEY, { step });
    } else {
      shared.insertCell(index, { cell_type: 'code', source: written.source, metadata: { [KEY]: { step } } });
    }
  });
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  return notebook.widgets[index].model.id;
}

function indexOf(notebook: Notebook, id: string): number {
  return notebook.widgets.findIndex(cell => cell.model.id === id);
}

/** An empty code cell where a new one belongs: the one below, or the active one if that is not above. */
function emptyAt(notebook: Notebook, after: number): number {
  const places = [after, after + 1, notebook.activeCellIndex].filter(index => index >= after);
  return places.find(index => isEmpty(notebook.widgets[index])) ?? -1;
}

function isEmpty(cell: Cell | undefined): boolean {
  return cell?.model.type === 'code' && !cell.model.sharedModel.getSource().trim();
}
