import { Token } from '@lumino/coreutils';
import type { JSONObject, JSONValue } from '@lumino/coreutils';

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
}

/** One value of a form, as its JSON Schema describes it. */
export interface IProperty {
  type?: string | string[];
  description?: string;
  default?: JSONValue;
  enum?: (string | number | null)[];
  items?: IProperty;
  minimum?: number;
  maximum?: number;
  'x-column'?: boolean;
  'x-unit'?: string;
}

export interface IStep {
  verb: string;
  title: string;
  takes: string | null;
  gives: string;
  schema: {
    description: string;
    properties: Record<string, IProperty>;
    required: string[];
  };
}

export type Values = JSONObject;

/** Where a step stands, from the execution of its cell. */
export type StepState = 'waiting' | 'running' | 'done' | 'failed';

export interface IJob {
  id: string;
  notebook: string;
  state: string;
  cells: number;
  cells_done: number;
  error?: string | null;
  line?: string;
}

export const IWorkbench = new Token<WorkbenchModel>(
  'ml-workbench:IWorkbench',
  'The steps of the journey and where each stands in the current notebook.'
);
