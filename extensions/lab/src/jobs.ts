import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { h, part, set } from './dom';
import { inWords, post, request } from './request';
import type { IJob } from './types';

export const SCHEMA = 'https://ml-workbench/events/job';
export const FINAL = ['COMPLETED', 'FAILED', 'STOPPED', 'DAMAGED'];
/** What has something to explain beside its state. */
const EXPLAINED = ['FAILED', 'UNKNOWN', 'DAMAGED'];
const LONGEST_PAUSE = 15_000;

/** How many jobs are listed at first. */
const LISTED = 5;

const started = new Signal<object, IJob>({});

/** Start a notebook as a job and follow it in a notification. */
export async function runJob(
  path: string,
  parameters: JSONObject,
  events: Event.IManager,
  trans: TranslationBundle
): Promise<IJob> {
  const job = await post<IJob>('jobs', { notebook: path, parameters });
  new JobNotice(job, events, trans);
  started.emit(job);
  return job;
}

/** Hears of a job by events; asks now and then, ever more seldom, in case none come. */
class JobNotice {
  constructor(
    job: IJob,
    private readonly events: Event.IManager,
    private readonly trans: TranslationBundle
  ) {
    this.id = job.id;
    this.name = PathExt.basename(job.notebook);
    this.notice = Notification.emit(trans.__('%1 starts as a job', this.name), 'in-progress', {
      autoClose: false,
      actions: [{ label: trans.__('Stop'), callback: () => void request(`jobs/${job.id}`, { method: 'DELETE' }) }]
    });
    events.stream.connect(this.hear, this);
    this.ask(2_000);
  }

  private hear(_: unknown, event: Event.Emission): void {
    if (event.schema_id === SCHEMA && (event as unknown as IJob).id === this.id) {
      this.show(event as unknown as IJob);
    }
  }

  private ask(pause: number): void {
    window.setTimeout(async () => {
      if (!this.ended) {
        this.show(await request<IJob>(`jobs/${this.id}`).catch(() => null));
        this.ask(Math.min(pause * 2, LONGEST_PAUSE));
      }
    }, pause);
  }

  private show(job: IJob | null): void {
    if (!job || this.ended) {
      return;
    }
    if (FINAL.includes(job.state)) {
      this.end(job);
      return;
    }
    const message = job.line ? `${this.name}: ${job.line}` : this.trans.__('%1 runs as a job', this.name);
    const progress = job.cells ? job.cells_done / job.cells : 0;
    Notification.update({ id: this.notice, message, progress });
  }

  private end(job: IJob): void {
    this.ended = true;
    this.events.stream.disconnect(this.hear, this);
    const told = {
      COMPLETED: this.trans.__('%1 completed', this.name),
      STOPPED: this.trans.__('%1 was stopped', this.name),
      FAILED: this.trans.__('%1 failed: %2', this.name, job.error ?? '')
    }[(job.state === 'DAMAGED' ? 'FAILED' : job.state) as 'COMPLETED' | 'STOPPED' | 'FAILED'];
    const type = job.state === 'COMPLETED' ? 'success' : job.state === 'STOPPED' ? 'info' : 'error';
    Notification.update({ id: this.notice, message: told, type, progress: undefined, autoClose: 8_000, actions: [] });
  }

  private ended = false;
  private readonly id: string;
  private readonly name: string;
  private readonly notice: string;
}

/** The jobs, newest first: where each stands, and what can be done about it. */
export class JobsList {
  constructor(
    events: Event.IManager,
    private readonly trans: TranslationBundle,
    private readonly open: (path: string) => Promise<unknown>,
    make: () => Promise<unknown>
  ) {
    const button = h('button', { type: 'button', class: 'jp-mod-styled' }, trans.__('Run it as a job…'));
    button.addEventListener('click', () => void make());
    this.more.addEventListener('click', () => {
      this.all = true;
      this.show();
    });
    this.node = h(
      'section',
      { class: 'jp-wb-jobs', 'aria-label': trans.__('Jobs') },
      h('h3', {}, trans.__('Jobs')),
      this.list,
      this.more,
      button
    );
    started.connect((_, job) => this.put(job));
    events.stream.connect((_, event) => {
      if (event.schema_id === SCHEMA) {
        this.put(event as unknown as IJob);
      }
    });
    void this.load();
  }

  readonly node: HTMLElement;

  /** Ask for all of them; and again, seldom, while one is at work, in case its events don't come. */
  async load(): Promise<void> {
    for (const job of (await request<IJob[]>('jobs').catch(() => [])).reverse()) {
      this.jobs.set(job.id, { ...this.jobs.get(job.id), ...job });
    }
    this.show();
  }

  private put(job: IJob): void {
    this.jobs.set(job.id, { ...this.jobs.get(job.id), ...job });
    this.show();
  }

  private show(): void {
    const jobs = [...this.jobs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    const shown = this.all ? jobs : jobs.slice(0, LISTED);
    const items = shown.map(job => this.items.get(job.id) ?? this.item(job));
    if (items.length !== this.list.children.length || items.some((item, at) => this.list.children[at] !== item)) {
      this.list.replaceChildren(...items);
    }
    shown.forEach((job, at) => {
      this.fill(items[at], job);
    });
    this.list.hidden = !items.length;
    this.more.hidden = shown.length === jobs.length;
    set(this.more, this.trans.__('Show all %1', jobs.length));
    window.clearTimeout(this.timer);
    if (jobs.some(job => !FINAL.includes(job.state))) {
      this.timer = window.setTimeout(() => void this.load(), LONGEST_PAUSE);
    }
  }

  private item({ id, notebook }: IJob): HTMLElement {
    const name = PathExt.basename(notebook);
    const stop = this.act('stop', this.trans.__('Stop'), this.trans.__('Stop %1', name), () =>
      request(`jobs/${id}`, { method: 'DELETE' })
    );
    const output = this.act(
      'output',
      this.trans.__('Open output'),
      this.trans.__('Open the output of %1', name),
      async () => this.open((await post<{ path: string }>(`jobs/${id}/output`, {})).path)
    );
    const item = h(
      'li',
      { 'data-job': id },
      h(
        'div',
        { class: 'jp-wb-job' },
        h('span', { class: 'jp-wb-job-name', title: id }, name),
        h('span', { class: 'jp-wb-job-state' })
      ),
      h('progress', { 'aria-label': this.trans.__('Cells of %1', name) }),
      h('p', { class: 'jp-wb-job-line' }),
      h('p', { class: 'jp-wb-error' }),
      h('div', { class: 'jp-wb-acts' }, output, stop)
    );
    this.items.set(id, item);
    return item;
  }

  private act(name: string, label: string, spoken: string, work: () => Promise<unknown>): HTMLElement {
    const button = h('button', { type: 'button', class: `jp-wb-link jp-wb-${name}`, 'aria-label': spoken }, label);
    button.addEventListener('click', async () => {
      button.disabled = true;
      await work().catch(error => Notification.error(inWords(error, this.trans)));
      button.disabled = false;
    });
    return button;
  }

  private fill(item: HTMLElement, job: IJob): void {
    const ended = FINAL.includes(job.state);
    item.dataset.state = job.state;
    set(
      part(item, '.jp-wb-job-state'),
      [this.word(job), ended ? time(job.ended ?? job.created) : ''].filter(Boolean).join(' · ')
    );
    const bar = part<HTMLProgressElement>(item, 'progress');
    [bar.max, bar.value, bar.hidden] = [Math.max(job.cells, 1), job.cells_done, ended];
    set(part(item, '.jp-wb-job-line'), ended ? (job.notes ?? []).join(' ') : (job.line ?? ''));
    set(part(item, '.jp-wb-error'), EXPLAINED.includes(job.state) ? (job.error ?? '') : '');
    part(item, '.jp-wb-stop').hidden = ended;
    part(item, '.jp-wb-output').hidden = (!job.cells_done && !ended) || job.state === 'DAMAGED';
  }

  private word(job: IJob): string {
    return (
      {
        COMPLETED: this.trans.__('completed'),
        FAILED: this.trans.__('failed'),
        STOPPED: this.trans.__('stopped'),
        STOPPING: this.trans.__('stopping'),
        UNKNOWN: this.trans.__('unknown'),
        DAMAGED: this.trans.__('damaged'),
        IN_PROGRESS: this.trans.__('%1 of %2 cells', job.cells_done, job.cells)
      }[job.state] ?? this.trans.__('waiting')
    );
  }

  private all = false;
  private timer = 0;
  private readonly jobs = new Map<string, IJob>();
  private readonly items = new Map<string, HTMLElement>();
  private readonly list = h('ul', { 'aria-live': 'polite' });
  private readonly more = h('button', { type: 'button', class: 'jp-wb-link' });
}

function time(iso: string | null | undefined): string {
  const date = iso ? new Date(iso) : null;
  return date && !Number.isNaN(Number(date)) ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : '';
}
