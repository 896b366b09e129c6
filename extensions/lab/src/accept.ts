import type { INotebookTracker, Notebook } from '@jupyterlab/notebook';

import { sharedOf } from './cells';

const EVENT = 'workbench:insert-code';

/**
 * Write the code that an output offers (a finding's cure) into a new cell below that output; it is not run.
 *
 * An output that offers code sends the event; that it was dealt with is said by `preventDefault`.
 */
export function acceptCode(tracker: INotebookTracker): void {
  document.addEventListener(EVENT, event => {
    const code = (event as CustomEvent<{ code?: unknown }>).detail?.code;
    const from = event.target as Element | null;
    const panel = tracker.find(one => from !== null && one.content.node.contains(from));
    if (typeof code === 'string' && code.trim() && panel?.content.model) {
      insert(panel.content, from as Element, code);
      event.preventDefault();
    }
  });
}

function insert(notebook: Notebook, from: Element, code: string): void {
  const at = notebook.widgets.findIndex(cell => cell.node.contains(from)) + 1;
  sharedOf(notebook).insertCell(at, { cell_type: 'code', source: code, metadata: { trusted: true } });
  notebook.activeCellIndex = at;
}
