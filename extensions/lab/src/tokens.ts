import { Token } from '@lumino/coreutils';

import type { WorkbenchModel } from './model';

export const DOMAIN = 'ml-workbench';

/** The commands that others may call; `arguments.json` says what each takes, and the README what it gives. */
export namespace CommandIDs {
  /** Open the panel, and a new notebook if none is open. */
  export const open = 'workbench:open';
  /** Open a table: a new notebook beside it, and the panel with the form of its dataset. */
  export const openTable = 'workbench:open-table';
  /** The same, and write and run the cells of its dataset and its profile. */
  export const profileTable = 'workbench:profile-table';
  /** Insert a step's cell, or update it, and run it. */
  export const insertStep = 'workbench:insert-step';
  /** Run a notebook as a job. */
  export const runJob = 'workbench:run-job';
  /** Make a job of the current notebook and open the form that runs it. */
  export const makeJob = 'workbench:make-job';
}

export const IWorkbench = new Token<WorkbenchModel>(
  'ml-workbench:IWorkbench',
  'The steps of the journey and where each stands in the current notebook.'
);
