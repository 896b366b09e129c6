import { Notification } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest';

import { part } from '../src/dom';
import { JobsList, runJob, SCHEMA } from '../src/jobs';
import type { IJob } from '../src/types';
import { serve, trans } from './support';

const update = Notification.update as unknown as Mock;
let stream: Signal<object, Event.Emission>;

function job(id: string, changes: Partial<IJob> = {}): IJob {
  return { id, notebook: `jobs/${id}.ipynb`, state: 'IN_PROGRESS', cells: 4, cells_done: 1, ...changes };
}

function emit(changed: IJob): void {
  stream.emit({ schema_id: SCHEMA, ...changed } as unknown as Event.Emission);
}

function events(): Event.IManager {
  return { stream } as unknown as Event.IManager;
}

beforeEach(() => {
  vi.useFakeTimers();
  stream = new Signal<object, Event.Emission>({});
  update.mockReset();
});

afterEach(() => vi.useRealTimers());

describe('a job that was started', () => {
  it.each([
    ['COMPLETED', 'success', 'a.ipynb completed'],
    ['STOPPED', 'info', 'a.ipynb was stopped'],
    ['FAILED', 'error', 'a.ipynb failed: no data']
  ])('is followed by its events until it ends: %s', async (state, type, message) => {
    const asked = serve({ jobs: job('a') });
    await runJob('a.ipynb', { month: 7 }, events(), trans);

    expect(asked[0].body).toEqual({ notebook: 'a.ipynb', parameters: { month: 7 } });
    emit(job('other', { state: 'FAILED' }));
    expect(update).not.toHaveBeenCalled();
    emit(job('a', { line: 'training' }));
    expect(update.mock.lastCall?.[0]).toMatchObject({ message: 'a.ipynb: training', progress: 0.25 });
    emit(job('a', { state, error: 'no data' }));
    expect(update.mock.lastCall?.[0]).toMatchObject({ message, type });
    emit(job('a', { line: 'late' }));
    expect(update).toHaveBeenCalledTimes(2);
  });

  it('is asked for, ever more seldom, where no events come', async () => {
    const asked = serve({ jobs: job('a'), 'jobs/a': job('a') });
    await runJob('a.ipynb', {}, events(), trans);

    await vi.advanceTimersByTimeAsync(60_000);

    const looks = asked.filter(one => one.path === 'jobs/a').length;
    expect(looks).toBeGreaterThanOrEqual(4);
    expect(looks).toBeLessThanOrEqual(7);
  });
});

describe('the list of jobs', () => {
  async function listOf(jobs: IJob[], open = vi.fn(async () => undefined)): Promise<HTMLElement> {
    serve({ jobs, 'jobs/a/output': { path: 'out.ipynb' } });
    const { node } = new JobsList(events(), trans, open, vi.fn());
    await vi.advanceTimersByTimeAsync(0);
    return node;
  }

  it('has the newest first, five of them until somebody wants all', async () => {
    const ids = ['1', '2', '3', '4', '5', '6', '7'];
    const node = await listOf(ids.map(id => job(id, { state: 'COMPLETED' })));
    const listed = (): (string | undefined)[] => [...node.querySelectorAll('li')].map(item => item.dataset.job);

    expect(listed()).toEqual(['7', '6', '5', '4', '3']);
    part(node, '.jp-wb-jobs > .jp-wb-link, :scope > .jp-wb-link').click();
    expect(listed()).toEqual([...ids].reverse());
  });

  it('says where each stands and follows its events', async () => {
    const node = await listOf([job('a')]);

    expect(part(node, '.jp-wb-job-state').textContent).toBe('1 of 4 cells');
    expect(part(node, '.jp-wb-stop').hidden).toBe(false);
    emit(job('a', { state: 'FAILED', error: 'no data' }));
    expect(part(node, '.jp-wb-job-state').textContent).toBe('failed');
    expect(part(node, '.jp-wb-error').textContent).toBe('no data');
    expect(part(node, '.jp-wb-stop').hidden).toBe(true);
  });

  it('shows what nobody can know and what is damaged, each with its reason', async () => {
    const node = await listOf([
      job('a', { state: 'UNKNOWN', error: 'started on another machine' }),
      job('b', { state: 'DAMAGED', error: 'can not be read: job.json' }),
      job('c', { state: 'COMPLETED', notes: ['5 messages did not arrive.'] })
    ]);
    const told = (id: string, of: string): HTMLElement => part(part(node, `[data-job="${id}"]`), of);

    expect(told('a', '.jp-wb-job-state').textContent).toBe('unknown');
    expect(told('a', '.jp-wb-error').textContent).toBe('started on another machine');
    expect(told('a', '.jp-wb-stop').hidden).toBe(false);
    expect(told('b', '.jp-wb-job-state').textContent).toBe('damaged');
    expect(told('b', '.jp-wb-error').textContent).toContain('job.json');
    expect(told('b', '.jp-wb-output').hidden).toBe(true);
    expect(told('c', '.jp-wb-job-line').textContent).toBe('5 messages did not arrive.');
  });

  it('opens the output, and says why it cannot in words that help', async () => {
    const open = vi.fn(async () => undefined);
    const node = await listOf([job('a')], open);

    part(node, '.jp-wb-output').click();
    await vi.advanceTimersByTimeAsync(0);
    expect(open).toHaveBeenCalledWith('out.ipynb');

    serve({});
    part(node, '.jp-wb-output').click();
    await vi.advanceTimersByTimeAsync(0);
    expect((Notification.error as unknown as Mock).mock.lastCall?.[0]).toContain('is not running');
  });
});
