import { Notification } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { h, part, set } from './dom';
import type { JobActs } from './jobacts';
import { DELETED, duration, FINAL, failureAndCure, inLine, moment, nameOf, SCHEMA, started } from './jobs';
import { inWords, request } from './request';
import { SchedulesList } from './schedulelist';
import type { IJob, IJobsPage } from './types';

/** What has something to explain beside its state. */
const EXPLAINED = ['FAILED', 'PARKED', 'UNKNOWN', 'DAMAGED'];
const STATES = ['QUEUED', 'IN_PROGRESS', 'PARKED', 'COMPLETED', 'FAILED', 'STOPPED', 'UNKNOWN', 'DAMAGED'];
/** How many jobs come at a time. */
const PAGE = 10;
const LOOK_AGAIN = 15_000;
const TYPING = 250;
const TICK = 1_000;

/** The jobs, newest first: where each stands, and what can be done about it. */
export class JobsList {
  constructor(
    events: Event.IManager,
    private readonly acts: JobActs,
    private readonly trans: TranslationBundle,
    make: () => Promise<unknown>
  ) {
    this.schedules = new SchedulesList(trans);
    const button = h('button', { type: 'button', class: 'jp-mod-styled jp-wb-make' }, trans.__('Run it as a job…'));
    button.addEventListener('click', () => void make());
    this.more.addEventListener('click', () => void this.load(true));
    set(this.more, trans.__('Show more'));
    this.filter.setAttribute('aria-label', trans.__('Filter the jobs'));
    this.text.placeholder = trans.__('Filter by name');
    this.text.setAttribute('aria-label', trans.__('Filter by name'));
    this.state.setAttribute('aria-label', trans.__('Filter by state'));
    this.filter.append(this.text, this.state);
    this.text.addEventListener('input', () => this.later(TYPING));
    this.state.addEventListener('change', () => void this.load());
    this.node = h(
      'section',
      { class: 'jp-wb-jobs', 'aria-label': trans.__('Jobs') },
      h('h3', {}, trans.__('Jobs')),
      this.filter,
      this.list,
      this.none,
      this.more,
      this.schedules.node,
      button,
      this.spoken
    );
    started.connect((_, job) => this.put(job));
    events.stream.connect((_, event) => {
      if (event.schema_id === SCHEMA) {
        void this.hear(event as unknown as IJob);
      }
    });
    void this.load();
    void this.schedules.load();
  }

  readonly node: HTMLElement;

  /** Ask for the first of them that fit the filter, or for those that follow. */
  async load(further = false): Promise<void> {
    const turn = ++this.turn;
    const page = await request<IJobsPage>(`jobs?${this.query(further)}`).catch(() => null);
    if (turn !== this.turn || !page) {
      this.later(LOOK_AGAIN);
      return;
    }
    this.order = [...(further ? this.order : []), ...page.jobs.map(job => job.id)];
    for (const job of page.jobs) {
      this.jobs.set(job.id, { ...this.jobs.get(job.id), ...job });
    }
    this.next = page.next;
    this.offer(page.counts);
    this.show();
  }

  private query(further: boolean): string {
    const asked = new URLSearchParams({ limit: String(further ? PAGE : Math.max(PAGE, this.order.length)) });
    const rest = { text: this.text.value.trim(), state: this.state.value, before: further ? (this.next ?? '') : '' };
    for (const [name, value] of Object.entries(rest)) {
      if (value) {
        asked.set(name, value);
      }
    }
    return asked.toString();
  }

  private get isFiltered(): boolean {
    return this.text.value.trim() !== '' || this.state.value !== '';
  }

  /** The states that jobs are in, each with their number. */
  private offer(counts: Record<string, number>): void {
    const chosen = this.state.value;
    const states = STATES.filter(state => counts[state] || state === chosen);
    const options = states.map(value => {
      const label = `${this.word(value)} (${counts[value] ?? 0})`;
      return h('option', { value, selected: value === chosen }, label);
    });
    this.state.replaceChildren(h('option', { value: '' }, this.trans.__('All states')), ...options);
  }

  private later(pause: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.load(), pause);
  }

  private async hear(told: IJob): Promise<void> {
    if (told.state === DELETED) {
      this.jobs.delete(told.id);
      this.order = this.order.filter(id => id !== told.id);
      this.show();
    } else if (this.jobs.has(told.id)) {
      this.put(told);
    } else if (!this.isFiltered) {
      const job = await request<IJob>(`jobs/${told.id}`).catch(() => null);
      if (job) {
        this.put(job);
      }
    }
  }

  private put(job: IJob): void {
    const before = this.jobs.get(job.id);
    const now = { ...before, ...job };
    this.jobs.set(job.id, now);
    if (!this.order.includes(job.id)) {
      this.order = [job.id, ...this.order].sort((a, b) => (a < b ? 1 : -1));
    }
    if (before && before.state !== now.state && (FINAL.includes(now.state) || now.state === 'PARKED')) {
      set(this.spoken, `${nameOf(now)}: ${this.word(now.state)}`);
    }
    this.show();
  }

  private show(): void {
    const jobs = this.order.map(id => this.jobs.get(id)).filter(job => job !== undefined);
    const items = jobs.map(job => this.items.get(job.id) ?? this.item(job));
    if (items.length !== this.list.children.length || items.some((item, at) => this.list.children[at] !== item)) {
      this.list.replaceChildren(...items);
    }
    jobs.forEach((job, at) => {
      this.fill(items[at], job);
    });
    this.list.hidden = !items.length;
    this.filter.hidden = !items.length && !this.isFiltered;
    set(this.none, !items.length && this.isFiltered ? this.trans.__('No job fits.') : '');
    this.more.hidden = this.next === null;
    window.clearTimeout(this.timer);
    window.clearTimeout(this.tick);
    if (jobs.some(job => !FINAL.includes(job.state))) {
      this.later(LOOK_AGAIN);
      this.tick = window.setTimeout(() => this.show(), TICK);
    }
  }

  private item(job: IJob): HTMLElement {
    const name = nameOf(job);
    const now = (): IJob => this.jobs.get(job.id) ?? job;
    const { trans, acts } = this;
    const told = (label: string, spoken: string, act: string, work: (job: IJob) => Promise<void>) =>
      this.act(act, label, spoken, () => work(now()));
    const item = h(
      'li',
      { 'data-job': job.id },
      h(
        'div',
        { class: 'jp-wb-job' },
        h('span', { class: 'jp-wb-job-name', title: job.id }, name),
        h('span', { class: 'jp-wb-job-state' })
      ),
      h('p', { class: 'jp-wb-job-values' }),
      h('progress', { 'aria-label': trans.__('Cells of %1', name) }),
      h('p', { class: 'jp-wb-job-line' }),
      h('p', { class: 'jp-wb-help jp-wb-job-notes' }),
      h('p', { class: 'jp-wb-error' }),
      h(
        'div',
        { class: 'jp-wb-acts' },
        told(trans.__('Open output'), trans.__('Open the output of %1', name), 'output', one => acts.output(one)),
        told(trans.__('Resume'), trans.__('Resume %1', name), 'resume', one => acts.resume(one)),
        told(trans.__('Stop'), trans.__('Stop %1', name), 'stop', one => acts.stop(one))
      ),
      this.details(name, now)
    );
    this.items.set(job.id, item);
    return item;
  }

  /** What is seldom needed: the rest of what can be done, and the last lines of the log. */
  private details(name: string, now: () => IJob): HTMLElement {
    const { trans, acts } = this;
    const log = h('pre', {
      class: 'jp-wb-log-text',
      tabindex: '0',
      'aria-label': trans.__('Log of %1', name),
      hidden: true
    });
    const read = async (): Promise<void> => {
      set(log, (await acts.log(now())) || trans.__('The log is empty.'));
      log.hidden = false;
      log.scrollTop = log.scrollHeight;
    };
    return h(
      'details',
      { class: 'jp-wb-job-more' },
      h('summary', { 'aria-label': trans.__('More about %1', name) }, trans.__('More')),
      h('p', { class: 'jp-wb-help' }),
      h(
        'div',
        { class: 'jp-wb-acts' },
        this.act('again', trans.__('Run again…'), trans.__('Run %1 again', name), () => acts.again(now())),
        this.act('compare', trans.__('Compare…'), trans.__('Compare %1 with another job', name), () =>
          acts.compare(now())
        ),
        this.act('reproduce', trans.__('Reproduce'), trans.__('Run %1 as it was and compare', name), () =>
          acts.reproduce(now())
        ),
        this.act('log', trans.__('Log'), trans.__('Show the log of %1', name), read),
        this.act('delete', trans.__('Delete…'), trans.__('Delete %1', name), () => acts.remove(now()))
      ),
      log
    );
  }

  private act(name: string, label: string, spoken: string, work: () => Promise<void>): HTMLElement {
    const button = h('button', { type: 'button', class: `jp-wb-link jp-wb-${name}`, 'aria-label': spoken }, label);
    button.dataset.act = name;
    button.addEventListener('click', async () => {
      // Not "disabled": that would take the focus away from who pressed it.
      if (button.getAttribute('aria-disabled') !== 'true') {
        button.setAttribute('aria-disabled', 'true');
        await work().catch(error => Notification.error(inWords(error, this.trans)));
        button.removeAttribute('aria-disabled');
      }
    });
    return button;
  }

  private fill(item: HTMLElement, job: IJob): void {
    const ended = FINAL.includes(job.state);
    item.dataset.state = job.state;
    const when = ended ? moment(job.ended ?? job.created) : '';
    set(part(item, '.jp-wb-job-state'), [this.standing(job), duration(job), when].filter(Boolean).join(' · '));
    const values = part(item, '.jp-wb-job-values');
    const line = inLine(job.parameters);
    set(values, line);
    values.title = line;
    line ? values.setAttribute('tabindex', '0') : values.removeAttribute('tabindex');
    const bar = part<HTMLProgressElement>(item, 'progress');
    [bar.max, bar.value, bar.hidden] = [Math.max(job.cells, 1), job.cells_done, job.state !== 'IN_PROGRESS'];
    const atWork = job.state === 'IN_PROGRESS' || job.state === 'STOPPING';
    set(part(item, '.jp-wb-job-line'), atWork ? (job.line ?? '') : '');
    set(part(item, '.jp-wb-job-notes'), ended ? (job.notes ?? []).join(' ') : '');
    set(part(item, '.jp-wb-error'), EXPLAINED.includes(job.state) ? failureAndCure(job, this.trans) : '');
    set(part(item, '.jp-wb-job-more .jp-wb-help'), this.history(job));
    for (const button of item.querySelectorAll<HTMLElement>('[data-act]')) {
      button.hidden = !job.can?.includes(button.dataset.act ?? '');
    }
  }

  /** Where it comes from, and what became of earlier tries. */
  private history(job: IJob): string {
    const { trans } = this;
    const tries = job.attempts?.length ?? 0;
    return [
      job.created && trans.__('Submitted %1.', moment(job.created)),
      job.schedule && trans.__('By the schedule %1.', job.schedule),
      job.reproduces && trans.__('Reproduces %1.', job.reproduces),
      job.resumes && trans.__('Goes on with %1.', job.resumes),
      tries ? trans._n('%1 earlier try failed.', '%1 earlier tries failed.', tries) : ''
    ]
      .filter(Boolean)
      .join(' ');
  }

  private standing(job: IJob): string {
    if (job.state === 'IN_PROGRESS') {
      return this.trans.__('%1 of %2 cells', job.cells_done, job.cells);
    }
    if (job.state === 'QUEUED' && job.due && Date.parse(job.due) > Date.now()) {
      return this.trans.__('waits until %1', moment(job.due));
    }
    return job.state === 'QUEUED' && job.place
      ? this.trans.__('number %1 in the queue', job.place)
      : this.word(job.state);
  }

  private word(state: string): string {
    return (
      {
        COMPLETED: this.trans.__('completed'),
        FAILED: this.trans.__('failed'),
        PARKED: this.trans.__('failed, kernel kept'),
        STOPPED: this.trans.__('stopped'),
        STOPPING: this.trans.__('stopping'),
        UNKNOWN: this.trans.__('unknown'),
        DAMAGED: this.trans.__('damaged'),
        IN_PROGRESS: this.trans.__('running')
      }[state] ?? this.trans.__('waiting')
    );
  }

  private timer = 0;
  private tick = 0;
  private turn = 0;
  private next: string | null = null;
  private order: string[] = [];
  private readonly jobs = new Map<string, IJob>();
  private readonly items = new Map<string, HTMLElement>();
  private readonly schedules: SchedulesList;
  private readonly filter = h('div', { class: 'jp-wb-filter', role: 'search', hidden: true });
  private readonly text = h('input', { type: 'search' });
  private readonly state = h('select');
  private readonly list = h('ul');
  private readonly none = h('p', { class: 'jp-wb-help', role: 'status' });
  private readonly more = h('button', { type: 'button', class: 'jp-wb-link' });
  private readonly spoken = h('p', { class: 'jp-wb-unseen', role: 'status' });
}
