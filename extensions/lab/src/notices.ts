import { Notification } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { JobActs } from './jobacts';
import { comparison, DELETED, FINAL, failureAndCure, nameOf, SCHEMA, started } from './jobs';
import { request } from './request';
import type { IJob } from './types';

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 15_000;
/** Where the page keeps the jobs that it started, over a reload. */
const KEPT = 'ml-workbench:jobs';

/**
 * Tells of jobs: those that were started from this page as they go, and of all others that they failed.
 *
 * A job is heard of by events, and asked for now and then, ever more seldom, in case none come.
 */
export class JobNotices {
  constructor(
    events: Event.IManager,
    private readonly acts: JobActs,
    private readonly trans: TranslationBundle
  ) {
    started.connect((_, job) => this.follow(job));
    events.stream.connect((_, event) => {
      if (event.schema_id === SCHEMA) {
        this.hear(event as unknown as IJob);
      }
    });
    for (const id of this.kept()) {
      void request<IJob>(`jobs/${id}`).then(
        job => this.follow(job),
        () => this.forget(id)
      );
    }
  }

  private follow(job: IJob): void {
    if (FINAL.includes(job.state) && !this.notices.has(job.id)) {
      this.forget(job.id);
      return;
    }
    this.goesOn(job);
    this.keep(job.id);
    if (!this.notices.has(job.id)) {
      const text = this.trans.__('%1 starts as a job', nameOf(job));
      this.notices.set(job.id, Notification.emit(text, 'in-progress', { autoClose: false, actions: this.stop(job) }));
      this.ask(job.id, FIRST_PAUSE);
    }
    this.show(job);
  }

  /** A failure that was told is no more: somebody goes on with it. */
  private goesOn({ id, resumes }: IJob): void {
    this.ended.delete(id);
    for (const one of [id, resumes ?? '']) {
      const failure = this.failures.get(one);
      if (failure !== undefined) {
        Notification.dismiss(failure);
        this.failures.delete(one);
      }
    }
  }

  private ask(id: string, pause: number): void {
    window.setTimeout(async () => {
      if (this.notices.has(id) && !this.ended.has(id)) {
        const job = await request<IJob>(`jobs/${id}`).catch(() => null);
        if (job) {
          this.show(job);
        }
        this.ask(id, Math.min(pause * 2, LONGEST_PAUSE));
      }
    }, pause);
  }

  private hear(job: IJob): void {
    const failed = job.state === 'FAILED' || job.state === 'PARKED';
    if (!failed && !FINAL.includes(job.state)) {
      this.goesOn(job);
    }
    if (this.notices.has(job.id)) {
      this.show(job);
    } else if (failed && !this.ended.has(job.id)) {
      this.ended.add(job.id);
      this.failures.set(job.id, Notification.emit(this.outcome(job), 'error', this.lasting(job)));
    }
  }

  private show(job: IJob): void {
    const id = this.notices.get(job.id);
    if (id === undefined || this.ended.has(job.id)) {
      return;
    }
    if (FINAL.includes(job.state) || [DELETED, 'PARKED'].includes(job.state)) {
      this.end(id, job);
      return;
    }
    const progress = job.cells ? job.cells_done / job.cells : 0;
    const actions = this.stop(job);
    Notification.update({ id, message: this.atWork(job), type: 'in-progress', progress, actions, autoClose: false });
  }

  private atWork(job: IJob): string {
    const name = nameOf(job);
    if (job.state === 'QUEUED') {
      return job.place
        ? this.trans.__('%1 waits: number %2 in the queue', name, String(job.place))
        : this.trans.__('%1 waits', name);
    }
    return job.line ? `${name}: ${job.line}` : this.trans.__('%1 runs as a job', name);
  }

  private end(id: string, job: IJob): void {
    this.ended.add(job.id);
    this.forget(job.id);
    if (job.state === DELETED) {
      Notification.dismiss(id);
      this.notices.delete(job.id);
      return;
    }
    const type = job.state === 'COMPLETED' ? 'success' : job.state === 'STOPPED' ? 'info' : 'error';
    const more = type === 'error' ? this.lasting(job) : { autoClose: 8_000, actions: [] };
    Notification.update({ id, message: this.outcome(job), type, progress: undefined, ...more });
    this.notices.delete(job.id);
    if (type === 'error') {
      this.failures.set(job.id, id);
    } else if (job.state === 'COMPLETED' && job.reproduces) {
      void this.compare(id, job);
    }
  }

  /** Of a job that reproduces another: whether the same came out. */
  private async compare(id: string, job: IJob): Promise<void> {
    const found = await comparison(job.reproduces ?? '', job.id).catch(() => null);
    if (found) {
      const message = `${nameOf(job)}: ${found.headline}`;
      const show = { label: this.trans.__('Compare'), callback: () => void this.acts.difference(job) };
      const type = found.identical ? 'success' : 'warning';
      Notification.update({ id, message, type, autoClose: false, actions: [show] });
    }
  }

  /** Of a failure: who was not there reads it later. */
  private lasting(job: IJob): { autoClose: false; actions: Notification.IAction[] } {
    return { autoClose: false, actions: job.state === 'DAMAGED' ? [] : this.cures(job) };
  }

  private outcome(job: IJob): string {
    const name = nameOf(job);
    return (
      {
        COMPLETED: this.trans.__('%1 completed', name),
        STOPPED: this.trans.__('%1 was stopped', name)
      }[job.state] ?? this.trans.__('%1 failed: %2', name, failureAndCure(job, this.trans))
    );
  }

  private stop(job: IJob): Notification.IAction[] {
    return [{ label: this.trans.__('Stop'), callback: () => void this.acts.stop(job) }];
  }

  private cures(job: IJob): Notification.IAction[] {
    const output = { label: this.trans.__('Open output'), callback: () => void this.acts.output(job) };
    const resume: Notification.IAction = {
      label: this.trans.__('Resume'),
      callback: () => void this.acts.resume(job),
      displayType: 'accent'
    };
    return job.can?.includes('resume') ? [output, resume] : [output];
  }

  private kept(): string[] {
    try {
      const kept = JSON.parse(window.sessionStorage.getItem(KEPT) ?? '[]') as unknown;
      return Array.isArray(kept) ? kept.map(String) : [];
    } catch {
      return [];
    }
  }

  private keep(id: string): void {
    window.sessionStorage.setItem(KEPT, JSON.stringify([...new Set([...this.kept(), id])]));
  }

  private forget(id: string): void {
    window.sessionStorage.setItem(KEPT, JSON.stringify(this.kept().filter(one => one !== id)));
  }

  /** The notification of each job that is followed. */
  private readonly notices = new Map<string, string>();
  /** The notification of each failure that is told. */
  private readonly failures = new Map<string, string>();
  private readonly ended = new Set<string>();
}
