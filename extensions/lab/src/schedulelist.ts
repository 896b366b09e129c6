import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { h, set } from './dom';
import { moment, scheduled } from './jobs';
import { inWords, request } from './request';
import type { ISchedule } from './types';

/** The notebooks that become jobs at certain moments, each with its next one. */
export class SchedulesList {
  constructor(private readonly trans: TranslationBundle) {
    this.node.append(this.title, this.list);
    scheduled.connect(() => void this.load());
  }

  readonly node = h('details', { class: 'jp-wb-schedules', hidden: true });

  async load(): Promise<void> {
    const schedules = await request<ISchedule[]>('schedules').catch(() => []);
    set(this.title, this.trans.__('Schedules (%1)', String(schedules.length)));
    this.list.replaceChildren(...schedules.map(schedule => this.item(schedule)));
    this.node.hidden = !schedules.length;
  }

  private item(schedule: ISchedule): HTMLElement {
    const { trans } = this;
    const { name, notebook, cron, zone, next, paused, error } = schedule;
    const remove = h(
      'button',
      { type: 'button', class: 'jp-wb-link', 'aria-label': trans.__('Delete the schedule %1', name) },
      trans.__('Delete…')
    );
    remove.addEventListener('click', () => void this.remove(name));
    const coming = paused ? trans.__('paused') : next.length ? trans.__('next: %1', moment(next[0])) : '';
    return h(
      'li',
      { 'data-schedule': name },
      h('div', { class: 'jp-wb-job' }, h('span', { class: 'jp-wb-job-name' }, name), h('span', {}, remove)),
      h('p', { class: 'jp-wb-help' }, `${PathExt.basename(notebook)} · ${cron} (${zone})`),
      h('p', { class: error ? 'jp-wb-error' : 'jp-wb-help' }, error || coming)
    );
  }

  private async remove(name: string): Promise<void> {
    const { button } = await showDialog({
      title: this.trans.__('Delete the schedule?'),
      body: this.trans.__('No more jobs start by the schedule %1; those that it started stay.', name),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: this.trans.__('Delete') })],
      defaultButton: 0
    });
    if (button.accept) {
      await request(`schedules/${name}`, { method: 'DELETE' }).catch(error =>
        Notification.error(inWords(error, this.trans))
      );
      await this.load();
    }
  }

  private readonly title = h('summary');
  private readonly list = h('ul');
}
