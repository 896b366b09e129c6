import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';

import { post, request } from './request';
import type { IJob } from './tokens';

export const SCHEMA = 'https://ml-workbench/events/job';
export const FINAL = ['COMPLETED', 'FAILED', 'STOPPED'];
const LONGEST_PAUSE = 15_000;

/** Start a notebook as a job and follow it in a notification. */
export async function runJob(
  path: string, parameters: JSONObject, events: Event.IManager, trans: TranslationBundle
): Promise<IJob> {
  const job = await post<IJob>('jobs', { notebook: path, parameters });
  new JobNotice(job, events, trans);
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
    }[job.state as 'COMPLETED' | 'STOPPED' | 'FAILED'];
    const type = job.state === 'COMPLETED' ? 'success' : job.state === 'FAILED' ? 'error' : 'info';
    Notification.update({ id: this.notice, message: told, type, progress: undefined, autoClose: 8_000, actions: [] });
  }

  private ended = false;
  private readonly id: string;
  private readonly name: string;
  private readonly notice: string;
}
