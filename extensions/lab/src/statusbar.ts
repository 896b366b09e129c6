import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { h } from './dom';
import { workbenchIcon } from './icon';
import { PENDING, SCHEMA } from './jobs';
import type { WorkbenchModel } from './model';
import type { IJob, IStep, StepState } from './types';

/** One line of where things stand, in the status bar; a click opens the panel. */
export class StatusItem extends Widget {
  constructor(
    private readonly model: WorkbenchModel,
    events: Event.IManager,
    private readonly trans: TranslationBundle,
    open: () => void
  ) {
    super();
    this.addClass('jp-wb-status');
    const icon = h('span', { class: 'jp-wb-status-icon', 'aria-hidden': 'true' });
    workbenchIcon.element({ container: icon, tag: 'span', stylesheet: 'statusBar' });
    const button = h('button', { type: 'button', title: trans.__('Open Workbench') }, icon, this.text);
    button.addEventListener('click', open);
    this.node.append(button);
    model.changed.connect(this.refresh, this);
    events.stream.connect(this.hear, this);
    this.refresh();
  }

  get isActive(): boolean {
    return this.text.textContent !== '';
  }

  get activeStateChanged(): ISignal<this, void> {
    return this._activeStateChanged;
  }

  private hear(_: unknown, event: Event.Emission): void {
    if (event.schema_id === SCHEMA) {
      const job = event as unknown as IJob;
      PENDING.includes(job.state) ? this.jobs.set(job.id, job) : this.jobs.delete(job.id);
      this.refresh();
    }
  }

  private refresh(): void {
    const text = [this.ofSteps(), this.ofFindings(), this.ofJobs()].filter(Boolean).join(' · ');
    if (this.text.textContent !== text) {
      this.text.textContent = text;
      this._activeStateChanged.emit();
    }
  }

  /** What asks for attention first: at work, failed, out of date; else how far the notebook is. */
  private ofSteps(): string {
    const { steps, notebook } = this.model;
    if (!notebook || !steps.length) {
      return '';
    }
    const [[running], [failed], stale] = (['running', 'failed', 'stale'] as const).map(state => this.titles(state));
    if (running || failed) {
      return running ? this.trans.__('%1 is running', running) : this.trans.__('%1 failed', failed);
    }
    return stale.length
      ? this.trans._n('%1 step is out of date', '%1 steps are out of date', stale.length)
      : this.trans.__('%1 of %2 steps done', String(this.titles('done').length), String(this.duties.length));
  }

  /** The steps that are to be taken: an optional one counts once somebody has begun with it. */
  private get duties(): IStep[] {
    return this.model.steps.filter(step => !step.optional || this.model.state(step.verb) !== 'waiting');
  }

  private titles(state: StepState): string[] {
    const found = this.model.steps.filter(step => this.model.state(step.verb) === state);
    return found.map(step => this.trans.__(step.title));
  }

  /** What the profile found, where a person wants to see that. */
  private ofFindings(): string {
    return this.model.showsFindings ? (this.model.place('profile')?.headline ?? '') : '';
  }

  private ofJobs(): string {
    const [job, ...others] = [...this.jobs.values()];
    if (others.length) {
      return this.trans._n('%1 job', '%1 jobs', this.jobs.size);
    }
    if (job?.state === 'QUEUED') {
      return this.trans.__('a job waits');
    }
    return job ? this.trans.__('job: %1 of %2 cells', String(job.cells_done), String(job.cells)) : '';
  }

  private readonly jobs = new Map<string, IJob>();
  private readonly text = h('span');
  private readonly _activeStateChanged = new Signal<this, void>(this);
}
