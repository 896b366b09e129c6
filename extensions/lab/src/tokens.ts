import { Token } from '@lumino/coreutils';
import type { JSONObject, JSONValue } from '@lumino/coreutils';

import type { WorkbenchModel } from './model';

export const DOMAIN = 'ml-workbench';

/** The commands that others may call. */
export namespace CommandIDs {
  /** Open the panel, and a new notebook if none is open. Arguments: `cwd?`. */
  export const open = 'workbench:open';
  /** Insert a step's cell, or update it, and run it. Arguments: `step`, `values?`. */
  export const insertStep = 'workbench:insert-step';
  /** Run a notebook as a job. Arguments: `path?` (by default the selected or the current one), `parameters?`. */
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
