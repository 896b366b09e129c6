import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Contents, Kernel } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { asOneClick, cellOf, readCells, write } from './cells';
import { columnsOf, held } from './kernel';
import { post, request } from './request';
import type { IAdvice, ICell, IPlace, IStep, IWritten, StepState, Values } from './types';

/** Files that hold a table. */
export const TABLE = /\.(csv|tsv|csv\.gz|parquet|feather|jsonl)$/i;
/** Milliseconds between a change in the notebook and a look at it: typing on puts it off, but not for longer. */
const PAUSE = 120;
const LONGEST_PAUSE = 350;
/** How often a kernel is interrupted at most, and milliseconds in between and between two looks. */
const INTERRUPTS = 100;
const BETWEEN_INTERRUPTS = 3_000;
const LOOK_AGAIN = 100;

/** A step to write and to run. */
export interface IAct {
  readonly verb: string;
  readonly values: Values;
  readonly code: Record<string, string>;
}

interface IShown {
  readonly steps: IPlace[];
  readonly next: IAdvice | null;
}

const NOTHING: IShown = { steps: [], next: null };

/** The steps of the journey and where each stands in the current notebook. */
export class WorkbenchModel {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly contents: Contents.IManager
  ) {
    tracker.currentChanged.connect(() => void this.follow());
    NotebookActions.executionScheduled.connect((_, { cell }) => {
      this.ran.set(cell.model, cell.model.sharedModel.getSource());
      this.running.add(cell.model.id);
      this.later();
    });
    NotebookActions.executed.connect((_, { cell }) => {
      this.running.delete(cell.model.id);
      this.counts.set(cell.model, countOf(cell.model));
      this.later();
      void this.probe();
    });
  }

  steps: IStep[] = [];
  /** Run a cell as soon as it is written. */
  runs = true;
  /** A folder whose tables are offered beside those in the notebook's own. */
  dataFolder = '';
  /** Tell in the status bar what the profile found. */
  showsFindings = true;

  /** A state or a value changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get notebook(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  /** What is sensible next, and why. */
  get next(): IAdvice | null {
    return this.shown.next;
  }

  /** Whether cells run that the panel started. */
  get isBusy(): boolean {
    return this.busy > 0;
  }

  place(verb: string): IPlace | undefined {
    return this.shown.steps.find(place => place.verb === verb);
  }

  state(verb: string): StepState {
    return this.place(verb)?.state ?? 'waiting';
  }

  /** The values that stand in the step's cell, or that are likely. */
  values(verb: string): Values {
    return { ...this.place(verb)?.values, ...this.suggested.get(verb) };
  }

  /** Whether the step has a cell in the current notebook that a form can write. */
  isWritten(verb: string): boolean {
    const place = this.place(verb);
    return place?.cell != null && !place.edited;
  }

  /** Fill in a form with values that have no cell yet. */
  suggest(verb: string, values: Values): void {
    this.suggested.set(verb, { ...this.suggested.get(verb), ...values });
    this._changed.emit();
  }

  /** Show anew what a setting changed. */
  refreshed(): void {
    this._changed.emit();
  }

  /** Ask the server for the steps. */
  async load(): Promise<void> {
    this.steps = await request<IStep[]>('steps');
    await this.follow();
  }

  /** Write the cell of a step, and run it. */
  insert(verb: string, values: Values, code: Record<string, string> = {}): Promise<void> {
    return this.take([{ verb, values, code }]);
  }

  /** Write the cells of steps as one click, and run them with what they need. */
  async take(acts: readonly IAct[]): Promise<void> {
    const panel = this.notebook;
    if (!panel?.content.model) {
      throw new Error('Open a notebook first.');
    }
    await this.atWork(async () => {
      const todo = await asOneClick(panel, () => this.writeAll(panel, acts));
      await (this.runs ? this.run(panel, todo) : this.look());
    });
  }

  /** Do what is sensible next. */
  async advance(): Promise<void> {
    const next = this.next;
    await (next?.refresh ? this.refresh(next.verb) : this.take(next?.acts ?? []));
  }

  /** Bring a step and what follows from it up to date: its cells run in order, up to the first error. */
  refresh(verb: string): Promise<void> {
    return this.atWork(async () => {
      await this.look();
      if (this.notebook) {
        await this.run(this.notebook, this.place(verb)?.refresh ?? []);
      }
    });
  }

  /** Interrupt the kernel until nothing runs; the cells that were to follow do not run. */
  async stop(): Promise<void> {
    for (let tries = 0; this.running.size && tries < INTERRUPTS; tries++) {
      // A cell that is on its way to the kernel would not hear of it: an idle kernel ignores an interrupt.
      if (this.kernel?.status === 'busy') {
        await this.kernel.interrupt();
      }
      const start = Date.now();
      const patience = this.kernel?.status === 'busy' ? BETWEEN_INTERRUPTS : LOOK_AGAIN;
      while (this.running.size && Date.now() - start < patience) {
        await new Promise(resolve => window.setTimeout(resolve, LOOK_AGAIN));
      }
    }
  }

  /** Bring the cell of a step into view. */
  reveal(verb: string): void {
    const [panel, id] = [this.notebook, this.place(verb)?.cell];
    if (panel && id) {
      panel.content.activeCellIndex = panel.content.widgets.findIndex(cell => cell.model.id === id);
      this.show(panel, id);
    }
  }

  /** Column names of the table that a dataset points at; none where they can't be told. */
  async columns(source: string, code?: string): Promise<string[]> {
    if (code) {
      return this.kernel ? columnsOf(this.kernel, code).catch(() => []) : [];
    }
    const path = encodeURIComponent(PathExt.join(this.folder, source));
    return source ? request<string[]>(`columns?path=${path}`).catch(() => []) : [];
  }

  /** Tables in the notebook's folder and in the folder for data, as paths from the notebook. */
  async tables(): Promise<string[]> {
    const folders = new Set([this.folder, ...(this.dataFolder ? [PathExt.normalize(this.dataFolder)] : [])]);
    const listings = await Promise.all([...folders].map(folder => this.list(folder)));
    return listings
      .flat()
      .filter(path => TABLE.test(path))
      .map(path => this.fromNotebook(path));
  }

  /** Variables of the kernel that are tables. */
  get frames(): string[] {
    return this._frames;
  }

  /** A path of the file browser, as code in the current notebook gives it. */
  fromNotebook(path: string): string {
    return PathExt.relative(`/${this.folder}`, `/${this.contents.localPath(path)}`);
  }

  /** What the server is told of a notebook. */
  told(panel: NotebookPanel): { cells: ICell[]; active: string | null; alive: string[] | null } {
    const cells = readCells(panel.content, this.ran, this.running);
    return { cells, active: panel.content.activeCell?.model.id ?? null, alive: this.alive };
  }

  private async list(folder: string): Promise<string[]> {
    const listing = await this.contents.get(folder, { content: true }).catch(() => null);
    return ((listing?.content ?? []) as Contents.IModel[]).map(file => file.path);
  }

  private get folder(): string {
    return this.notebook ? PathExt.dirname(this.contents.localPath(this.notebook.context.path)) : '';
  }

  private get kernel(): Kernel.IKernelConnection | null {
    return this.notebook?.sessionContext.session?.kernel ?? null;
  }

  private async writeAll(panel: NotebookPanel, acts: readonly IAct[]): Promise<string[]> {
    const ids: string[] = [];
    for (const { verb, values, code } of acts) {
      const written = await post<IWritten>('cell', { ...this.told(panel), step: verb, values, code });
      ids.push(...written.before, write(panel, verb, written));
      this.suggested.delete(verb);
    }
    return ids;
  }

  /** Run cells in order, up to the first error, in the notebook that they stand in: another may be at the front. */
  private async run(panel: NotebookPanel, ids: readonly string[]): Promise<void> {
    await panel.sessionContext.ready;
    const models = panel.content.widgets.map(cell => cell.model).filter(({ id }) => ids.includes(id));
    let last = ids[ids.length - 1];
    for (const { id } of models) {
      const cell = cellOf(panel.content, id);
      this.show(panel, id);
      const stop = this.followOutput(panel, id);
      const ran = !cell || (await NotebookActions.runCells(panel.content, [cell], panel.sessionContext));
      stop();
      if (!ran) {
        last = id;
        break;
      }
    }
    this.show(panel, last);
    await this.look();
  }

  /** Tell that something is at work, until it is done. */
  private async atWork(work: () => Promise<void>): Promise<void> {
    this.busy++;
    this._changed.emit();
    try {
      await work();
    } finally {
      this.busy--;
      this._changed.emit();
    }
  }

  /** Scroll so that a cell and the output that comes below it are seen. */
  private show({ content }: NotebookPanel, id: string): void {
    const index = content.widgets.findIndex(cell => cell.model.id === id);
    if (index >= 0) {
      void content.scrollToItem(index, 'start');
    }
  }

  /** Keep a running cell's output in view while it grows, until somebody scrolls; returns what ends that. */
  private followOutput(panel: NotebookPanel, id: string): () => void {
    const { node } = panel.content;
    const outputs = (cellOf(panel.content, id)?.model as Partial<ICodeCellModel> | undefined)?.outputs;
    const grown = () => this.show(panel, id);
    const stop = () => {
      outputs?.changed.disconnect(grown);
      node.removeEventListener('wheel', stop);
      node.removeEventListener('pointerdown', stop);
      node.removeEventListener('keydown', stop);
    };
    outputs?.changed.connect(grown);
    node.addEventListener('wheel', stop, { passive: true });
    node.addEventListener('pointerdown', stop);
    node.addEventListener('keydown', stop);
    return stop;
  }

  /** Turn to the notebook that came to the front. */
  private async follow(): Promise<void> {
    const panel = this.notebook;
    if (this.followed && !this.followed.isDisposed) {
      this.followed.content.model?.contentChanged.disconnect(this.later, this);
      this.followed.content.activeCellChanged.disconnect(this.later, this);
      this.followed.sessionContext.kernelChanged.disconnect(this.forget, this);
      this.followed.sessionContext.statusChanged.disconnect(this.forget, this);
    }
    this.followed = panel;
    [this.alive, this._frames, this.shown] = [null, [], NOTHING];
    this.suggested.clear();
    await panel?.context.ready;
    if (panel && panel === this.notebook && panel === this.followed) {
      panel.content.model?.contentChanged.connect(this.later, this);
      panel.content.activeCellChanged.connect(this.later, this);
      panel.sessionContext.kernelChanged.connect(this.forget, this);
      panel.sessionContext.statusChanged.connect(this.forget, this);
      void panel.sessionContext.ready.then(() => this.probe());
    }
    await this.look();
  }

  /** A kernel that starts holds nothing. */
  private forget(_: unknown, change: unknown): void {
    if (typeof change !== 'string' || change === 'restarting' || change === 'autorestarting' || change === 'dead') {
      [this.alive, this._frames] = [[], []];
      this.running.clear();
      this.later();
    }
  }

  /** Look at the notebook when nothing has changed for a moment. */
  private later(): void {
    window.clearTimeout(this.timer);
    this.due ||= Date.now() + LONGEST_PAUSE;
    const pause = Math.max(0, Math.min(PAUSE, this.due - Date.now()));
    this.timer = window.setTimeout(() => void this.look(), pause);
  }

  /** Ask the server where each step stands. */
  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    this.due = 0;
    const panel = this.notebook;
    const turn = ++this.turn;
    let shown: IShown = NOTHING;
    if (panel?.content.model && panel.context.isReady && this.steps.length) {
      this.noticeRuns(panel);
      shown = await post<IShown>('notebook', this.told(panel)).catch(() => this.shown);
    }
    if (turn > this.latest && panel === this.notebook) {
      this.latest = turn;
      this.shown = shown;
      this._changed.emit();
    }
  }

  /** Cells that are seen for the first time, or that somebody else ran in a shared notebook. */
  private noticeRuns({ content }: NotebookPanel): void {
    const ran = content.widgets
      .map(cell => cell.model)
      .filter(
        model => !this.ran.has(model) || (countOf(model) !== this.counts.get(model) && !this.running.has(model.id))
      );
    const others = ran.filter(model => this.ran.has(model));
    for (const model of ran) {
      this.ran.set(model, model.sharedModel.getSource());
      this.counts.set(model, countOf(model));
    }
    if (others.length) {
      void this.probe();
    }
  }

  /** Ask the kernel what it holds, once more if it was asked for meanwhile. */
  private async probe(): Promise<void> {
    this.asked = true;
    if (this.probing) {
      return;
    }
    this.probing = true;
    while (this.asked) {
      this.asked = false;
      const [panel, kernel] = [this.notebook, this.kernel];
      const found = kernel ? await held(kernel) : { names: [], frames: [] };
      if (panel === this.notebook) {
        this.alive = found?.names ?? null;
        this._frames = found?.frames ?? [];
        this.later();
      }
    }
    this.probing = false;
  }

  private shown = NOTHING;
  private suggested = new Map<string, Values>();
  private followed: NotebookPanel | null = null;
  private alive: string[] | null = null;
  private busy = 0;
  private turn = 0;
  private latest = 0;
  private timer = 0;
  private due = 0;
  private asked = false;
  private probing = false;
  private _frames: string[] = [];
  private readonly running = new Set<string>();
  /** What stood in a cell when it ran, or when it was first seen. */
  private readonly ran = new WeakMap<ICellModel, string>();
  /** The execution counts that were seen. */
  private readonly counts = new WeakMap<ICellModel, number | null>();
  private readonly _changed = new Signal<this, void>(this);
}

function countOf(model: ICellModel): number | null {
  return (model as Partial<ICodeCellModel>).executionCount ?? null;
}
