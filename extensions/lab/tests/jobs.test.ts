import { Notification } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest';

import { part } from '../src/dom';
import type { JobActs } from '../src/jobacts';
import { askForJob } from '../src/jobform';
import { JobsList } from '../src/joblist';
import { duration, failure, inLine, reproduceJob, runJob, SCHEMA, scheduled, started } from '../src/jobs';
import { JobNotices } from '../src/notices';
import type { IJob, IJobForm, IProperty } from '../src/types';
import { serve, trans } from './support';

const update = Notification.update as unknown as Mock;
const NOTHING = { parameters: {}, options: {} };
const ALL = ['stop', 'output', 'log', 'again', 'resume', 'compare', 'reproduce', 'delete'];
let stream: Signal<object, Event.Emission>;

function job(id: string, changes: Partial<IJob> = {}): IJob {
  return { id, notebook: `jobs/${id}.ipynb`, state: 'IN_PROGRESS', cells: 4, cells_done: 1, can: ALL, ...changes };
}

function emit(changed: IJob): void {
  stream.emit({ schema_id: SCHEMA, ...changed } as unknown as Event.Emission);
}

function events(): Event.IManager {
  return { stream } as unknown as Event.IManager;
}

function acts() {
  const names = ['stop', 'output', 'again', 'resume', 'compare', 'reproduce', 'difference', 'remove'] as const;
  const made = Object.fromEntries(names.map(name => [name, vi.fn(async () => undefined)]));
  return { ...made, log: vi.fn(async () => '<b>line</b>') } as unknown as JobActs & Record<string, Mock>;
}

/** The notification as it was last changed. */
function shown(): { message: string; actions: { label: string; callback: () => void }[] } {
  return update.mock.calls[update.mock.calls.length - 1][0];
}

beforeEach(() => {
  vi.useFakeTimers();
  Signal.disconnectSender(started.sender);
  Signal.disconnectSender(scheduled.sender);
  stream = new Signal<object, Event.Emission>({});
  update.mockReset();
  (Notification.emit as unknown as Mock).mockReset().mockReturnValue('notice');
  window.sessionStorage.clear();
});

afterEach(() => vi.useRealTimers());

describe('a job in words', () => {
  it('says the number and the text of the cell that failed', () => {
    const failed = job('a', { failed_cell: 2, error: 'NameError: x' });

    expect(failure({ ...failed, line: 'fit(x)' }, trans)).toBe('Cell 3 (fit(x)): NameError: x');
    expect(failure(failed, trans)).toBe('Cell 3: NameError: x');
    expect(failure({ ...failed, failed_cell: null }, trans)).toBe('NameError: x');
  });

  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
    [-5_000, '0 s']
  ])('says how long it ran: %s', (ran, words) => {
    const started = new Date(0).toISOString();

    expect(duration(job('a', { started, ended: new Date(ran).toISOString() }))).toBe(words);
    expect(duration(job('a', { started }), ran)).toBe(words);
    expect(duration(job('a'))).toBe('');
  });

  it('has its parameters in one line', () => {
    expect(inLine({ month: 7, name: 'a b', on: true, of: [1] })).toBe('month = 7, name = a b, on = true, of = [1]');
  });
});

describe('a job that was started', () => {
  it.each([
    ['COMPLETED', 'success', 'a.ipynb completed', []],
    ['STOPPED', 'info', 'a.ipynb was stopped', []],
    ['FAILED', 'error', 'a.ipynb failed: Cell 2 (training): no data', ['Open output', 'Resume']]
  ])('is followed by its events until it ends: %s', async (state, type, message, labels) => {
    const asked = serve({ jobs: job('a'), schedules: [] });
    new JobNotices(events(), acts(), trans);
    await runJob('a.ipynb', { parameters: { month: 7 }, options: { retries: 1 } });

    expect(asked[0].body).toEqual({ notebook: 'a.ipynb', parameters: { month: 7 }, options: { retries: 1 } });
    emit(job('a', { line: 'training' }));
    expect(update.mock.lastCall?.[0]).toMatchObject({ message: 'a.ipynb: training', progress: 0.25 });
    emit(job('a', { state, error: 'no data', line: 'training', failed_cell: 1 }));
    expect(update.mock.lastCall?.[0]).toMatchObject({ message, type });
    const { actions } = shown();
    expect(actions.map(({ label }) => label)).toEqual(labels);
    const calls = update.mock.calls.length;
    emit(job('a', { line: 'late' }));
    expect(update).toHaveBeenCalledTimes(calls);
  });

  it.each([
    [true, 'success', 'identical: 3 results'],
    [false, 'warning', 'different: 1 result']
  ])('that reproduces another tells whether the same came out: identical is %s', async (identical, type, headline) => {
    const again = job('b', { reproduces: 'a' });
    const asked = serve({ 'jobs/a/reproduce': again, 'jobs/compare': { identical, headline, html: '' } });
    const can = acts();
    new JobNotices(events(), can, trans);
    await reproduceJob('a');

    emit(job('b', { reproduces: 'a', state: 'COMPLETED' }));
    await vi.advanceTimersByTimeAsync(0);

    expect(asked.some(({ path }) => path === 'jobs/compare?a=a&b=b')).toBe(true);
    expect(update.mock.lastCall?.[0]).toMatchObject({ message: `b.ipynb: ${headline}`, type });
    shown().actions[0].callback();
    expect(can.difference).toHaveBeenCalledOnce();
  });

  it('that reproduces another and fails tells of the failure', async () => {
    const asked = serve({ 'jobs/a/reproduce': job('b', { reproduces: 'a' }) });
    new JobNotices(events(), acts(), trans);
    await reproduceJob('a');

    emit(job('b', { reproduces: 'a', state: 'FAILED', error: 'no' }));

    expect(asked.filter(({ path }) => path.startsWith('jobs/compare'))).toEqual([]);
    expect(update.mock.lastCall?.[0]).toMatchObject({ message: 'b.ipynb failed: no', type: 'error' });
  });

  it('is asked for, ever more seldom, where no events come', async () => {
    const asked = serve({ jobs: job('a'), 'jobs/a': job('a') });
    new JobNotices(events(), acts(), trans);
    await runJob('a.ipynb', NOTHING);

    await vi.advanceTimersByTimeAsync(60_000);

    const looks = asked.filter(one => one.path === 'jobs/a').length;
    expect(looks).toBeGreaterThanOrEqual(4);
    expect(looks).toBeLessThanOrEqual(7);
  });

  it('is followed on where the page was loaded again', async () => {
    serve({ jobs: job('a'), 'jobs/a': job('a') });
    new JobNotices(events(), acts(), trans);
    await runJob('a.ipynb', NOTHING);
    stream = new Signal<object, Event.Emission>({});
    new JobNotices(events(), acts(), trans);
    await vi.advanceTimersByTimeAsync(0);

    emit(job('a', { state: 'COMPLETED' }));

    expect(update.mock.lastCall?.[0]).toMatchObject({ message: 'a.ipynb completed' });
    expect(window.sessionStorage.getItem('ml-workbench:jobs')).toBe('[]');
  });
});

describe('a job that somebody else started', () => {
  it('is told where it fails, once, and is silent where it does not', () => {
    serve({});
    new JobNotices(events(), acts(), trans);

    emit(job('b'));
    emit(job('b', { state: 'COMPLETED' }));
    expect(Notification.emit).not.toHaveBeenCalled();
    emit(job('c', { state: 'FAILED', error: 'no' }));
    emit(job('c', { state: 'FAILED', error: 'no' }));
    expect(Notification.emit).toHaveBeenCalledTimes(1);
    // At once with its words: JupyterLab may lose a change that follows at the same moment.
    expect(Notification.emit).toHaveBeenCalledWith('c.ipynb failed: no', 'error', expect.anything());
    expect(update).not.toHaveBeenCalled();
  });

  it('is told until when its kernel is kept, and again where it was resumed and failed again', () => {
    serve({});
    const can = acts();
    new JobNotices(events(), can, trans);
    const parked = job('p', { state: 'PARKED', error: 'no', due: '2026-11-21T12:00:00Z' });

    emit(parked);
    const [message, , { actions }] = (Notification.emit as unknown as Mock).mock.calls[0];
    expect(message).toContain('p.ipynb failed: no. Its kernel is kept until');
    actions[1].callback();
    expect(can.resume).toHaveBeenCalled();
    emit(job('p'));
    expect(Notification.dismiss).toHaveBeenLastCalledWith('notice');
    emit(parked);
    expect(Notification.emit).toHaveBeenCalledTimes(2);
  });
});

describe('the list of jobs', () => {
  const page = (jobs: IJob[], next: string | null = null) => ({
    jobs,
    next,
    counts: Object.fromEntries(jobs.map(({ state }) => [state, 1]))
  });

  async function listOf(jobs: IJob[], can = acts(), next: string | null = null) {
    const asked = serve({ jobs: page(jobs, next), 'jobs/new': job('new', { parameters: { month: 7 } }) });
    const { node } = new JobsList(events(), can, trans, vi.fn());
    await vi.advanceTimersByTimeAsync(0);
    return { node, asked };
  }

  const listed = (node: HTMLElement) => [...node.querySelectorAll('li')].map(item => item.dataset.job);

  it('has the newest first and more where somebody wants more', async () => {
    const { node, asked } = await listOf([job('3'), job('2')], acts(), '2');

    serve({ jobs: page([job('1')]) });
    part(node, ':scope > .jp-wb-link').click();
    await vi.advanceTimersByTimeAsync(0);

    expect(asked[0].path).toBe('jobs?limit=10');
    expect(listed(node)).toEqual(['3', '2', '1']);
    expect(part(node, ':scope > .jp-wb-link').hidden).toBe(true);
  });

  it('is filtered by text and state, which the server does', async () => {
    const { node, asked } = await listOf([job('a'), job('b', { state: 'FAILED' })]);
    const text = part<HTMLInputElement>(node, '[type=search]');
    const state = part<HTMLSelectElement>(node, 'select');

    expect([...state.options].map(option => option.text)).toEqual(['All states', 'running (1)', 'failed (1)']);
    text.value = ' a b ';
    text.dispatchEvent(new window.Event('input'));
    await vi.advanceTimersByTimeAsync(300);
    state.value = 'FAILED';
    state.dispatchEvent(new window.Event('change'));
    await vi.advanceTimersByTimeAsync(0);

    expect(asked.map(one => one.path).filter(path => path.includes('text='))).toEqual([
      'jobs?limit=10&text=a+b',
      'jobs?limit=10&text=a+b&state=FAILED'
    ]);
  });

  it('says where each stands and follows its events', async () => {
    const { node } = await listOf([job('a')]);

    expect(part(node, '.jp-wb-job-state').textContent).toBe('1 of 4 cells');
    expect(part(node, '.jp-wb-stop').hidden).toBe(false);
    emit(job('a', { state: 'FAILED', error: 'no data', failed_cell: 1, line: 'fit()', can: ['output', 'resume'] }));
    expect(part(node, '.jp-wb-job-state').textContent).toBe('failed');
    expect(part(node, '.jp-wb-error').textContent).toBe('Cell 2 (fit()): no data');
    expect(part(node, '.jp-wb-stop').hidden).toBe(true);
    expect(part(node, '.jp-wb-resume').hidden).toBe(false);
    expect(part(node, '.jp-wb-unseen').textContent).toBe('a.ipynb: failed');
  });

  it('takes up a job that somebody else started, with its parameters, and drops one that is deleted', async () => {
    const { node } = await listOf([job('a')]);

    emit(job('new'));
    await vi.advanceTimersByTimeAsync(0);
    expect(listed(node)).toEqual(['new', 'a']);
    expect(part(node, '[data-job=new] .jp-wb-job-values').textContent).toBe('month = 7');
    emit(job('a', { state: 'DELETED' }));
    expect(listed(node)).toEqual(['new']);
  });

  it.each([
    [{ state: 'QUEUED', place: 3 }, 'number 3 in the queue'],
    [{ state: 'QUEUED', due: '2999-01-01T00:00:00Z' }, 'waits until'],
    [{ state: 'PARKED', due: '2026-11-21T12:00:00Z' }, 'failed, kernel kept'],
    [{ state: 'UNKNOWN', error: 'started on another machine' }, 'unknown'],
    [{ state: 'DAMAGED', error: 'can not be read: job.json' }, 'damaged'],
    [{ state: 'COMPLETED', notes: ['5 messages did not arrive.'] }, 'completed']
  ])('has a word for each state: %o', async (changes, words) => {
    const { node } = await listOf([job('a', changes)]);

    expect(part(node, '.jp-wb-job-state').textContent).toContain(words);
    expect(part(node, '.jp-wb-job-notes').textContent).toBe((changes as Partial<IJob>).notes?.join(' ') ?? '');
    expect(part(node, '.jp-wb-error').textContent).toContain((changes as Partial<IJob>).error ?? '');
  });

  it('offers what the server says can be done, and does it with the job as it is then', async () => {
    const can = acts();
    const { node } = await listOf([job('a', { can: ['output', 'again', 'delete'] })], can);
    const shown = [...node.querySelectorAll<HTMLElement>('[data-act]')].filter(button => !button.hidden);

    expect(shown.map(button => button.dataset.act)).toEqual(['output', 'again', 'delete']);
    emit(job('a', { state: 'COMPLETED' }));
    for (const button of shown) {
      button.click();
      await vi.advanceTimersByTimeAsync(0);
    }
    for (const done of [can.output, can.again, can.remove] as Mock[]) {
      expect(done.mock.lastCall?.[0]).toMatchObject({ id: 'a', state: 'COMPLETED' });
    }
  });

  it('shows a log as text', async () => {
    const { node } = await listOf([job('a')]);

    part(node, '.jp-wb-log').click();
    await vi.advanceTimersByTimeAsync(0);

    expect(part(node, 'pre').textContent).toBe('<b>line</b>');
    expect(node.querySelector('pre b')).toBeNull();
  });
});

describe('the form of a job', () => {
  const number: IProperty = { type: 'integer', minimum: 0, 'x-group': 'Retries' };
  const form: IJobForm = {
    name: 'night run.ipynb',
    schema: { description: '', properties: { month: { type: 'integer', default: 7 } }, required: [] },
    options: { description: '', properties: { retries: { ...number, default: 0 } }, required: [] },
    values: {},
    chosen: {},
    problems: [['Cell %1 uses %2, which no cell makes', '2', 'x']]
  };
  const start = vi.fn(async () => job('a'));
  const control = (name: string) => part<HTMLInputElement>(document.body, `[name="${name}"]`);
  const label = () => part(document.body, '.jp-wb-job-run').textContent;

  function fill(name: string, value: string): void {
    control(name).value = value;
    control(name).dispatchEvent(new window.Event('input', { bubbles: true }));
    control(name).dispatchEvent(new window.Event('change', { bubbles: true }));
  }

  it('asks for parameters and options, and says what would go wrong', async () => {
    const asked = askForJob('folder/night run.ipynb', form, trans, start);
    expect(document.body.textContent).toContain('Cell 2 uses x, which no cell makes');
    fill('month', '8');
    fill('retries', '2');
    part(document.body, '.jp-wb-job-run').click();

    expect(await asked).toMatchObject({ id: 'a' });
    expect(start).toHaveBeenLastCalledWith({ parameters: { month: 8 }, options: { retries: 2 } });
  });

  it('begins with the values of the job that it runs again', async () => {
    const again = { ...form, values: { month: 9 }, chosen: { retries: 1 } };
    const asked = askForJob('', again, trans, start);
    part(document.body, '.jp-wb-job-run').click();

    expect(document.querySelector('[name=cron]')).toBeNull();
    await asked;
    expect(start).toHaveBeenLastCalledWith({ parameters: { month: 9 }, options: { retries: 1 } });
  });

  it('stays open until the server takes it, and says what is wrong beside its field', async () => {
    const fields = { month: 'Not that.', 'options.retries': 'Too many.' };
    serve({ jobs: new Response(JSON.stringify({ message: 'no', kind: 'Misfit', fields }), { status: 400 }) });
    const asked = askForJob('a.ipynb', form, trans, given => runJob('a.ipynb', given));
    part(document.body, '.jp-wb-job-run').click();
    await vi.advanceTimersByTimeAsync(0);

    expect(part(document.body, '[data-name=month] .jp-wb-error').textContent).toBe('Not that.');
    expect(part(document.body, '[data-name=retries] .jp-wb-error').textContent).toBe('Too many.');
    expect(document.activeElement).toBe(control('month'));
    part(document.body, 'button:not(.jp-wb-job-run):last-of-type, .jp-wb-run-form + button').click();
    expect(await asked).toBeNull();
  });

  it('shows the next times of a schedule as it is typed, and makes it', async () => {
    const times = ['2026-12-01T06:30:00+01:00', '2026-12-02T06:30:00+01:00'];
    const sent = serve({ 'schedules/moments': { next: times }, schedules: { name: 'night-run' } });
    const asked = askForJob('folder/night run.ipynb', form, trans, start);
    start.mockClear();
    fill('cron', '30 6 * * *');
    await vi.advanceTimersByTimeAsync(300);

    expect(sent[0].body).toMatchObject({ cron: '30 6 * * *' });
    expect(document.querySelectorAll('.jp-wb-times li').length).toBe(2);
    expect(label()).toBe('Schedule');
    part(document.body, '.jp-wb-job-run').click();
    expect(await asked).toBeNull();
    expect(start).not.toHaveBeenCalled();
    expect(sent.at(-1)).toMatchObject({
      path: 'schedules',
      body: { notebook: 'folder/night run.ipynb', name: 'night-run', cron: '30 6 * * *', parameters: {}, options: {} }
    });
  });

  it.each([
    ['x', '', 'cron'],
    ['@daily', 'Mars', 'zone']
  ])('says beside it where an expression or a zone is none: %s %s', async (cron, zone, name) => {
    const message = `Five fields, or a zone that there is: ${zone}.`;
    serve({ 'schedules/moments': () => new Response(JSON.stringify({ message, kind: 'Misfit' }), { status: 400 }) });
    void askForJob('a.ipynb', form, trans, start);
    fill('cron', cron);
    fill('zone', zone);
    await vi.advanceTimersByTimeAsync(300);

    expect(part(document.body, `[data-name=${name}] .jp-wb-error`).textContent).toBe(message);
    const told = [...document.querySelectorAll('[data-name] .jp-wb-error')].filter(line => line.textContent);
    expect(told.length).toBe(1);
    expect(document.querySelectorAll('.jp-wb-times li').length).toBe(0);
  });
});
