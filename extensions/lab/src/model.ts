import { PathExt } from '@jupyterlab/coreutils';
import { NotebookActions } from '@jupyterlab/notebook';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { find, isImported, outcome, sourceOf, stepOf, write } from './cells';
import { post, request } from './request';
import type { IStep, StepState, Values } from './tokens';

/** Files that hold a table. */
export const TABLE = /\.(csv|tsv|csv\.gz|parquet|feather|jsonl)$/i;

/** The steps of the journey and where each stands in the current notebook. */
export class WorkbenchModel {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly contents: Contents.IManager
  ) {
    tracker.currentChanged.connect(() => void this.follow());
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      this.mark(notebook === tracker.currentWidget?.content ? stepOf(cell) : undefined, 'running');
    });
    NotebookActions.executed.connect((_, { notebook, cell, success }) => {
      this.mark(notebook === tracker.currentWidget?.content ? stepOf(cell) : undefined, success ? 'done' : 'failed');
    });
  }

  steps: IStep[] = [];
  /** Run a cell as soon as it is written. */
  runs = true;
  /** A folder whose tables are offered beside those in the notebook's own. */
  dataFolder = '';

  /** A state or a value changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get notebook(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  state(verb: string): StepState {
    return this._states.get(verb) ?? 'waiting';
  }

  /** The values that stand in the step's cell, or that were last given. */
  values(verb: string): Values {
    return this._values.get(verb) ?? {};
  }

  /** Whether the step has a cell in the current notebook. */
  isWritten(verb: string): boolean {
    return this.notebook !== null && find(this.notebook.content, verb) >= 0;
  }

  /** Fill in a form with values that have no cell yet. */
  suggest(verb: string, values: Values): void {
    this._values.set(verb, { ...this.values(verb), ...values });
    this._changed.emit();
  }

  /** Ask the server for the steps. */
  async load(): Promise<void> {
    this.steps = await request<IStep[]>('steps');
    await this.follow();
  }

  /** Write the cell of a step, and run it. */
  async insert(verb: string, values: Values): Promise<void> {
    const panel = this.notebook;
    if (!panel?.content.model) {
      throw new Error('Open a notebook first.');
    }
    const first = !isImported(panel.content, verb);
    const { source } = await post<{ source: string }>('cell', { step: verb, values, first });
    write(panel, verb, source, await this.isEdited(panel, verb));
    this._values.set(verb, values);
    this._changed.emit();
    if (this.runs) {
      await this.run(panel, verb);
    }
  }

  /** Column names of a table beside the notebook; none where they can't be told. */
  async columns(source: string): Promise<string[]> {
    const path = encodeURIComponent(PathExt.join(this.folder, source));
    return source ? request<string[]>(`columns?path=${path}`).catch(() => []) : [];
  }

  /** Tables in the notebook's folder and in the folder for data, as paths from the notebook. */
  async tables(): Promise<string[]> {
    const folders = new Set([this.folder, ...(this.dataFolder ? [PathExt.normalize(this.dataFolder)] : [])]);
    const listings = await Promise.all([...folders].map(folder => this.list(folder)));
    return listings.flat().filter(path => TABLE.test(path)).map(path => this.fromNotebook(path));
  }

  /** A path of the file browser, as code in the current notebook gives it. */
  fromNotebook(path: string): string {
    return PathExt.relative(`/${this.folder}`, `/${this.contents.localPath(path)}`);
  }

  private async list(folder: string): Promise<string[]> {
    const listing = await this.contents.get(folder, { content: true }).catch(() => null);
    return ((listing?.content ?? []) as Contents.IModel[]).map(file => file.path);
  }

  private get folder(): string {
    return this.notebook ? PathExt.dirname(this.notebook.context.localPath) : '';
  }

  private async run(panel: NotebookPanel, verb: string): Promise<void> {
    this.mark(verb, 'running');
    await panel.sessionContext.ready;
    const success = await NotebookActions.run(panel.content, panel.sessionContext);
    this.mark(verb, success ? 'done' : 'failed');
  }

  private async isEdited(panel: NotebookPanel, verb: string): Promise<boolean> {
    const index = find(panel.content, verb);
    return index >= 0 && (await parsed(sourceOf(panel.content, index))).step !== verb;
  }

  /** Read states and values from the cells of the notebook that came to the front. */
  private async follow(): Promise<void> {
    const panel = this.notebook;
    this._states.clear();
    this._values.clear();
    await panel?.context.ready;
    for (const cell of panel?.content.widgets ?? []) {
      const verb = stepOf(cell);
      if (verb && panel === this.notebook) {
        this._states.set(verb, outcome(cell));
        this._values.set(verb, (await parsed(cell.model.sharedModel.getSource())).values);
      }
    }
    this._changed.emit();
  }

  private mark(verb: string | undefined, state: StepState): void {
    if (verb && this.state(verb) !== state) {
      this._states.set(verb, state);
      this._changed.emit();
    }
  }

  private _states = new Map<string, StepState>();
  private _values = new Map<string, Values>();
  private _changed = new Signal<this, void>(this);
}

function parsed(source: string): Promise<{ step: string | null; values: Values }> {
  return post('parse', { source });
}
