import type { Cell } from '@jupyterlab/cells';
import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';

const IMPORT = 'import workbench as wb';
const KEY = 'workbench';

/** The step that a cell was written for. */
export function stepOf(cell: Cell): string | undefined {
  const mark = cell.model.getMetadata(KEY) as JSONObject | undefined;
  return typeof mark?.step === 'string' ? mark.step : undefined;
}

/** Position of a step's own cell, or -1. */
export function find(notebook: Notebook, step: string): number {
  return notebook.widgets.findIndex(cell => stepOf(cell) === step);
}

export function sourceOf(notebook: Notebook, index: number): string {
  return notebook.widgets[index].model.sharedModel.getSource();
}

/** Whether another cell than the step's own imports the package. */
export function isImported(notebook: Notebook, step: string): boolean {
  return notebook.widgets.some(cell => stepOf(cell) !== step && cell.model.sharedModel.getSource().includes(IMPORT));
}

/** Whether a code cell ran, and how. */
export function outcome(cell: Cell): 'waiting' | 'done' | 'failed' {
  const saved = cell.model.sharedModel.toJSON();
  if (saved.cell_type !== 'code' || saved.execution_count === null) {
    return 'waiting';
  }
  return (saved.outputs as JSONObject[]).some(output => output.output_type === 'error') ? 'failed' : 'done';
}

/**
 * Write a step's cell, in one undo step, and make it the active one.
 *
 * Its own cell is updated; else an empty active cell is filled; else a cell is inserted below the active one.
 * A step's cell that a person has edited keeps what they wrote and is no longer the step's.
 */
export function write(panel: NotebookPanel, step: string, source: string, edited: boolean): void {
  const notebook = panel.content;
  const shared = notebook.model!.sharedModel;
  const own = find(notebook, step);
  const target = own >= 0 && !edited ? own : emptyActive(notebook);
  const index = target >= 0 ? target : (own >= 0 ? own : notebook.activeCellIndex) + 1;
  separateUndo(shared);
  shared.transact(() => {
    if (own >= 0 && edited) {
      shared.cells[own].deleteMetadata(KEY);
    }
    if (target >= 0) {
      shared.cells[target].setSource(source);
      shared.cells[target].setMetadata(KEY, { step });
    } else {
      shared.insertCell(index, { cell_type: 'code', source, metadata: { [KEY]: { step } } });
    }
  });
  separateUndo(shared);
  notebook.deselectAll();
  notebook.activeCellIndex = index;
}

function emptyActive(notebook: Notebook): number {
  const cell = notebook.activeCell;
  const free = cell?.model.type === 'code' && !stepOf(cell) && !cell.model.sharedModel.getSource().trim();
  return free ? notebook.activeCellIndex : -1;
}

/** Keep the undo manager from merging this change with the one before. */
function separateUndo(shared: object): void {
  const { undoManager } = shared as { undoManager?: { stopCapturing?: () => void } };
  undoManager?.stopCapturing?.();
}
