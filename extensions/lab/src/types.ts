import type { JSONObject, JSONValue } from '@lumino/coreutils';

/** One value of a form, as its JSON Schema describes it. */
export interface IProperty {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: JSONValue;
  examples?: JSONValue[];
  enum?: (string | number | null)[];
  items?: IProperty;
  minimum?: number;
  maximum?: number;
  'x-column'?: boolean;
  /** The path of a table; the columns are those of it. */
  'x-table'?: boolean;
  /** The field of a file whose name it takes until somebody gives another one. */
  'x-named-after'?: string;
  'x-unit'?: string;
  'x-group'?: string;
}

/** A code cell, as the server is told of it. */
export interface ICell {
  id: string;
  source: string;
  ran: string | null;
  count: number | null;
  failed: boolean;
  running: boolean;
  records: JSONObject[];
  mark: string | null;
}

/** A sentence with `%1`, `%2`, and what stands for them. */
export type Told = string[];

/** Where a step stands in the current notebook. */
export interface IPlace {
  verb: string;
  state: StepState;
  /** Its cell. */
  cell: string | null;
  /** Whether a person wrote the cell in a way that no form can. */
  edited: boolean;
  values: Values;
  /** Parameters that are expressions, as they are written. */
  code: Record<string, string>;
  /** What variables stand for, where the notebook says so. */
  means: Values;
  errors: Record<string, string>;
  kept: Record<string, string>;
  /** Columns to offer before all others. */
  offered: string[];
  gives: string | null;
  headline: string | null;
  /** Why it is out of date. */
  because: Told;
  /** The cells that bring it and what follows up to date. */
  refresh: string[];
}

/** The next sensible step. */
export interface IAdvice {
  verb: string;
  reason: Told;
  button: Told;
  acts: { verb: string; values: Values; code: Record<string, string> }[];
  refresh: boolean;
  job: boolean;
}

/** What makes a job of a notebook. */
export interface IConversion {
  /** The cell of parameters; null: a new one. */
  cell: string | null;
  source: string;
  changes: Record<string, string>;
  problems: Told[];
  schema: IStep['schema'];
}

/** What a click writes: into `cell`, or into a new one below `after`; `before` runs first. */
export interface IWritten {
  source: string;
  cell: string | null;
  after: string | null;
  before: string[];
}

export interface IStep {
  verb: string;
  title: string;
  takes: string | null;
  gives: string;
  /** Taken only where there is reason to. */
  optional?: boolean;
  schema: {
    description: string;
    properties: Record<string, IProperty>;
    required: string[];
  };
}

export type Values = JSONObject;

/** Where a step stands, from the execution of its cell and of those above. */
export type StepState = 'waiting' | 'running' | 'done' | 'stale' | 'failed';

export interface IJob {
  id: string;
  notebook: string;
  state: string;
  cells: number;
  cells_done: number;
  error?: string | null;
  /** From 0 over all cells. */
  failed_cell?: number | null;
  notes?: string[];
  /** First line of the cell at work, or of the one that failed. */
  line?: string;
  created?: string;
  started?: string | null;
  ended?: string | null;
  /** Until when a kernel is kept, or when a job is tried again. */
  due?: string | null;
  /** Among those that wait, from 1. */
  place?: number | null;
  parameters?: Values;
  options?: Values;
  schedule?: string;
  resumes?: string;
  reproduces?: string;
  attempts?: JSONObject[];
  /** What can be done with it. */
  can?: string[];
}

/** A part of the list of jobs. */
export interface IJobsPage {
  jobs: IJob[];
  /** Where the next part begins; null: there is none. */
  next: string | null;
  counts: Record<string, number>;
}

/** What the form needs that starts a notebook as a job. */
export interface IJobForm {
  name: string;
  schema: IStep['schema'];
  options: IStep['schema'];
  values: Values;
  chosen: Values;
  problems: Told[];
}

/** Two jobs side by side. */
export interface IComparison {
  identical: boolean;
  /** Identical, or what differs, in one line. */
  headline: string;
  html: string;
}

export interface ISchedule {
  name: string;
  notebook: string;
  cron: string;
  zone: string;
  paused: boolean;
  error: string;
  next: string[];
}
