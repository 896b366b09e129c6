import { Dialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { h, part, set } from './dom';
import { StepForm } from './form';
import { type IAsked, scheduled } from './jobs';
import { inWords, post, Refusal } from './request';
import type { IJob, IJobForm, IProperty, IStep, Values } from './types';

/** Milliseconds after the last key before the server is asked for the next times. */
const PAUSE = 250;
const OPTION = 'options.';
const CANCEL = 0;

type Start = (asked: IAsked) => Promise<IJob>;

/** Ask for the values of a run, until they fit or nobody wants it any more; null then, and for a schedule. */
export async function askForJob(
  notebook: string,
  form: IJobForm,
  trans: TranslationBundle,
  start: Start
): Promise<IJob | null> {
  const body = new JobForm(notebook, form, trans, start);
  await new JobDialog(body, trans.__('Run %1 as a job', form.name), trans).launch();
  return body.job;
}

/** Stays open until the server has taken what stands in the form. */
class JobDialog extends Dialog<void> {
  constructor(
    private readonly form: JobForm,
    title: string,
    trans: TranslationBundle
  ) {
    const run = Dialog.okButton({ label: trans.__('Run'), className: 'jp-wb-job-run' });
    super({ title, body: new Widget({ node: form.node }), buttons: [Dialog.cancelButton(), run], defaultButton: 1 });
    form.relabel = label => set(part(this.node, '.jp-wb-job-run .jp-Dialog-buttonLabel'), label);
  }

  resolve(index?: number): void {
    if (index === CANCEL) {
      super.resolve(index);
    } else {
      void this.form.submit().then(taken => taken && super.resolve(index));
    }
  }
}

/** The parameters of a notebook, how it is to run, and when. */
export class JobForm {
  constructor(
    private readonly notebook: string,
    private readonly form: IJobForm,
    private readonly trans: TranslationBundle,
    private readonly start: Start
  ) {
    this.parameters = new StepForm(stepOf('job', form.schema), given(form.values), trans, Infinity);
    this.options = new StepForm(stepOf('options', form.options), given(form.chosen), trans, 0);
    this.schedule = notebook ? new StepForm(this.scheduleStep(), given({}), trans, 0) : null;
    const forms = [this.parameters, this.options, ...(this.schedule ? [this.schedule] : [])];
    for (const one of forms) {
      one.node.addEventListener('submit', event => event.preventDefault());
    }
    this.schedule?.node.querySelector('[data-name=cron]')?.append(this.times);
    this.schedule?.node.addEventListener('input', () => this.later());
    const about = Object.keys(form.schema.properties).length
      ? trans.__('These values stand in the first cell of the notebook. Change them for this run alone.')
      : trans.__('The notebook has no parameters yet: write them into its first cell, such as month = 7.');
    this.node = h(
      'div',
      { class: 'jp-wb-panel jp-wb-run-form' },
      ...this.problems(),
      h('p', { class: 'jp-wb-about' }, about),
      ...forms.map(one => one.node),
      this.message
    );
  }

  readonly node: HTMLElement;
  /** What was started. */
  job: IJob | null = null;
  /** Told what the button does. */
  relabel: (label: string) => void = () => undefined;

  /** Start it, or make the schedule; false where something does not fit, which is said beside its field. */
  async submit(): Promise<boolean> {
    const complete = [this.parameters, this.options].map(form => form.isComplete());
    if (this.busy || complete.includes(false)) {
      return false;
    }
    this.busy = true;
    set(this.message, '');
    try {
      await this.send({ parameters: this.parameters.values(), options: this.options.values() });
      return true;
    } catch (error) {
      this.tell(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  private async send(asked: IAsked): Promise<void> {
    const when = this.when;
    if (when) {
      await post('schedules', { notebook: this.notebook, ...asked, ...when });
      scheduled.emit();
    } else {
      this.job = await this.start(asked);
    }
  }

  private get when(): Values | null {
    const values = this.schedule?.values() ?? {};
    return typeof values.cron === 'string' ? { zone: zone(), name: this.stem, ...values } : null;
  }

  private tell(error: unknown): void {
    const fields = error instanceof Refusal ? error.fields : {};
    const parts = [
      this.parameters.tell(without(fields, '')),
      this.options.tell({ ...without(fields, ''), ...without(fields, OPTION) })
    ];
    set(this.message, parts.some(Boolean) ? '' : inWords(error, this.trans));
    this.node.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }

  /** What would go wrong where nobody looks on. */
  private problems(): HTMLElement[] {
    const items = this.form.problems.map(([text, ...parts]) => h('li', {}, this.trans.__(text, ...parts)));
    const told = this.trans.__('Nobody looks on while a job runs:');
    return items.length ? [h('div', { class: 'jp-wb-remark', role: 'alert' }, told, h('ul', {}, ...items))] : [];
  }

  private scheduleStep(): IStep {
    const group = { type: 'string', 'x-group': this.trans.__('Schedule') };
    const properties: Record<string, IProperty> = {
      cron: {
        ...group,
        title: this.trans.__('Cron expression'),
        description: this.trans.__('Minute, hour, day of the month, month, day of the week; empty: it runs now, once.'),
        examples: ['30 6 * * mon-fri']
      },
      zone: { ...group, title: this.trans.__('Time zone'), description: '', default: zone() },
      name: {
        ...group,
        title: this.trans.__('Name of the schedule'),
        description: this.trans.__('Jobs start as long as "workbench scheduler" runs.'),
        default: this.stem
      }
    };
    return stepOf('schedule', { description: '', properties, required: [] });
  }

  private get stem(): string {
    const stem = PathExt.basename(this.form.name, '.ipynb').replace(/[^A-Za-z0-9._-]+/g, '-');
    return stem.replace(/^[^A-Za-z0-9]+/, '').slice(0, 60) || 'notebook';
  }

  /** Show the next times when nothing was typed for a moment. */
  private later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.foresee(), PAUSE);
  }

  private async foresee(): Promise<void> {
    const { cron = '', zone: where = zone() } = this.schedule?.values() ?? {};
    const turn = ++this.turn;
    const asked = { cron, zone: where };
    const found = cron
      ? await post<{ next: string[] }>('schedules/moments', asked).catch(error => error as Error)
      : null;
    if (turn !== this.turn) {
      return;
    }
    this.relabel(cron ? this.trans.__('Schedule') : this.trans.__('Run'));
    // The zone is named where it is what is wrong.
    const wrong = found instanceof Refusal ? found.message : '';
    const isZone = wrong !== '' && where !== zone() && wrong.includes(String(where));
    this.schedule?.tell({ cron: isZone ? '' : wrong, zone: isZone ? wrong : '' });
    const times = found && !(found instanceof Error) ? found.next.map(time => h('li', {}, inFull(time))) : [];
    this.times.replaceChildren(...(times.length ? [this.trans.__('Next, in your time:'), h('ol', {}, ...times)] : []));
  }

  private readonly parameters: StepForm;
  private readonly options: StepForm;
  private readonly schedule: StepForm | null;
  private readonly times = h('div', { class: 'jp-wb-times', role: 'status' });
  private readonly message = h('div', { class: 'jp-wb-message', role: 'alert' });
  private timer = 0;
  private turn = 0;
  private busy = false;
}

function stepOf(verb: string, schema: IStep['schema']): IStep {
  return { verb, title: '', takes: null, gives: '', schema };
}

function given(values: Values) {
  return { values, code: {}, means: {}, errors: {} };
}

/** The errors of one part of the form, by the names of its own fields. */
function without(fields: Record<string, string>, prefix: string): Record<string, string> {
  const own = Object.entries(fields).filter(([name]) => (prefix ? name.startsWith(prefix) : !/^\w+\./.test(name)));
  return Object.fromEntries(own.map(([name, text]) => [name.slice(prefix.length), text]));
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function inFull(iso: string): string {
  return new Date(iso).toLocaleString([], { dateStyle: 'full', timeStyle: 'short' });
}
