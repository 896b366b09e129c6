import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, IFrame, MainAreaWidget, Notification, showDialog } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { h } from './dom';
import { workbenchIcon } from './icon';
import { askForJob } from './jobform';
import {
  comparison,
  formAgain,
  formOf,
  moment,
  nameOf,
  reproduceJob,
  resumeJob,
  runAgain,
  runJob,
  stopJob
} from './jobs';
import { inWords, post, request } from './request';
import type { IJob, IJobsPage } from './types';

/** How many jobs of a notebook are offered to compare with. */
const OFFERED = 20;

/** A widget that may show a document. */
type Shown = Widget & { readonly context?: NotebookPanel['context'] };

/** What can be done with a job, from its entry in the list and from its notification. */
export class JobActs {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly trans: TranslationBundle
  ) {}

  /** Ask for the values of a run of a notebook and start it; null where nobody wants it. */
  async ask(path: string): Promise<IJob | null> {
    await this.save(path);
    return askForJob(path, await formOf(path), this.trans, asked => runJob(path, asked));
  }

  stop(job: IJob): Promise<void> {
    return this.attempt(async () => void (await stopJob(job.id)));
  }

  /** Show the executed notebook beside the one that was executed; no kernel starts. */
  output(job: IJob): Promise<void> {
    return this.attempt(async () => {
      const { path } = await post<{ path: string }>(`jobs/${job.id}/output`, {});
      const open = { path, factory: 'Notebook' };
      const panel = (await this.app.commands.execute('docmanager:open', open)) as NotebookPanel | undefined;
      const session = panel?.context.sessionContext;
      if (session && !session.session) {
        session.kernelPreference = { ...session.kernelPreference, shouldStart: false };
      }
    });
  }

  /** Run its notebook once more, with the values that it ran with to begin from. */
  again(job: IJob): Promise<void> {
    return this.attempt(async () => {
      await this.save(this.inRoot(job.notebook));
      await askForJob('', await formAgain(job.id), this.trans, asked => runAgain(job.id, asked));
    });
  }

  /** Go on at the failed cell, with the notebook as it stands in its editor. */
  resume(job: IJob): Promise<void> {
    return this.attempt(async () => {
      await this.save(this.inRoot(job.notebook));
      await resumeJob(job.id);
    });
  }

  /** Delete its record, output and log, if the person means it. */
  remove(job: IJob): Promise<void> {
    return this.attempt(async () => {
      const { button } = await showDialog({
        title: this.trans.__('Delete the job?'),
        body: this.trans.__('The record of %1 of %2, its output and its log are deleted.', nameOf(job), this.when(job)),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: this.trans.__('Delete') })],
        defaultButton: 0
      });
      if (button.accept) {
        await request(`jobs/${job.id}/record`, { method: 'DELETE' });
      }
    });
  }

  /** Show a job beside another: the one before it of the same notebook, or one that is picked. */
  compare(job: IJob): Promise<void> {
    return this.attempt(async () => {
      const others = await this.others(job);
      if (!others.length) {
        throw new Error(this.trans.__('There is no other job of %1 to compare with.', nameOf(job)));
      }
      const other = await this.pick(job, others);
      if (other) {
        this.show(job, (await comparison(other, job.id)).html);
      }
    });
  }

  /** Run it once more as it was; its notification tells whether the same came out. */
  reproduce(job: IJob): Promise<void> {
    return this.attempt(async () => void (await reproduceJob(job.id)));
  }

  /** Show a job that reproduces another beside that. */
  difference(job: IJob): Promise<void> {
    return this.attempt(async () => this.show(job, (await comparison(job.reproduces ?? '', job.id)).html));
  }

  /** The last lines of its log. */
  async log(job: IJob): Promise<string> {
    const { text } = await request<{ text: string }>(`jobs/${job.id}/log?tail=200`);
    return text;
  }

  /** Jobs of the same notebook, those before it first. */
  private async others(job: IJob): Promise<IJob[]> {
    const text = encodeURIComponent(nameOf(job));
    const { jobs } = await request<IJobsPage>(`jobs?limit=${4 * OFFERED}&text=${text}`);
    const fit = jobs.filter(one => one.id !== job.id && one.notebook === job.notebook && one.can?.includes('compare'));
    const before = fit.filter(one => one.id < job.id);
    return [...before, ...fit.filter(one => one.id > job.id)].slice(0, OFFERED);
  }

  private async pick(job: IJob, others: IJob[]): Promise<string | null> {
    const options = others.map(({ id, ...one }) => h('option', { value: id }, `${this.when(one)} · ${one.state}`));
    const select = h('select', { id: 'jp-wb-compare' }, ...options);
    const label = h('label', { for: select.id }, this.trans.__('Compare %1 of %2 with', nameOf(job), this.when(job)));
    const field = h('div', { class: 'jp-wb-field' }, label, select);
    const { button } = await showDialog({
      title: this.trans.__('Compare two jobs'),
      body: new Widget({ node: h('div', { class: 'jp-wb-panel jp-wb-run-form' }, field) }),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: this.trans.__('Compare') })]
    });
    return button.accept ? select.value : null;
  }

  /** A page of the server: it runs no script and reaches nothing. */
  private show(job: IJob, html: string): void {
    const frame = new IFrame({ sandbox: [] });
    frame.node.querySelector('iframe')?.setAttribute('srcdoc', html);
    frame.title.label = this.trans.__('Compare %1', nameOf(job));
    frame.title.icon = workbenchIcon;
    this.app.shell.add(new MainAreaWidget({ content: frame }), 'main');
  }

  private when(job: Pick<IJob, 'started' | 'created'>): string {
    return moment(job.started ?? job.created);
  }

  /** A path from the server's root, of a notebook that an editor may show. */
  private inRoot(notebook: string): string {
    const paths = [...this.app.shell.widgets('main')].map(widget => this.pathOf(widget)).filter(Boolean);
    return paths.find(path => notebook.endsWith(`/${path}`)) ?? '';
  }

  private pathOf(widget: Widget): string {
    const path = (widget as Shown).context?.path;
    return path ? this.app.serviceManager.contents.localPath(path) : '';
  }

  /** What stands in an editor is what runs. */
  private async save(path: string): Promise<void> {
    const open = [...this.app.shell.widgets('main')].find(widget => path && this.pathOf(widget) === path);
    const context = (open as Shown | undefined)?.context;
    if (context?.model.dirty) {
      await context.save();
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    await work().catch(error => Notification.error(inWords(error, this.trans)));
  }
}
