import type { INotebookTracker } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest';

import { TABLE, WorkbenchModel } from '../src/model';
import type { IAdvice, IPlace } from '../src/types';
import { kernelOf, notebookOf, panelOf, placeOf, serve, stepOf } from './support';

type Panel = ReturnType<typeof panelOf>;

const runCells = NotebookActions.runCells as unknown as Mock;
const contents = {
  localPath: (path: string) => path.replace(/^\w+:/, ''),
  get: vi.fn(async (folder: string) => ({ content: [{ path: `${folder}/a.csv` }, { path: `${folder}/a.txt` }] }))
};

let tracker: { currentWidget: Panel | null; currentChanged: Signal<object, unknown> };
let model: WorkbenchModel;
let shown: { steps: IPlace[]; next: IAdvice | null };
let asked: ReturnType<typeof serve>;

/** Bring a notebook to the front. */
async function front(panel: Panel | null): Promise<void> {
  tracker.currentWidget = panel;
  tracker.currentChanged.emit(null);
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(async () => {
  vi.useFakeTimers();
  runCells.mockReset().mockResolvedValue(true);
  shown = { steps: [placeOf('profile', { state: 'done' })], next: null };
  asked = serve({
    steps: [stepOf({}, [], 'dataset'), stepOf({}, [], 'profile')],
    notebook: () => shown,
    cell: ({ step }: { step: string }) => ({ source: `${step} = wb.${step}()`, cell: null, after: null, before: [] }),
    columns: ['a', 'b']
  });
  tracker = { currentWidget: null, currentChanged: new Signal<object, unknown>({}) };
  model = new WorkbenchModel(tracker as unknown as INotebookTracker, contents as unknown as Contents.IManager);
  await model.load();
});

afterEach(() => vi.useRealTimers());

describe('where the steps stand', () => {
  it('is nowhere without a notebook, and asks nobody', () => {
    expect(model.state('profile')).toBe('waiting');
    expect(model.next).toBeNull();
    expect(asked.map(one => one.path)).toEqual(['steps']);
  });

  it('is what the server says of the notebook at the front', async () => {
    await front(panelOf(notebookOf('data')));

    expect(model.state('profile')).toBe('done');
    expect(asked.at(-1)?.body.cells).toHaveLength(1);
  });

  it('is looked at once for changes in a row, and at least now and then while somebody types', async () => {
    const book = notebookOf('data');
    await front(panelOf(book));
    await vi.advanceTimersByTimeAsync(1_000);
    const before = asked.length;
    const type = () => book.content.model.contentChanged.emit();

    for (let keys = 0; keys < 3; keys++) {
      type();
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.length).toBe(before + 1);
    for (let keys = 0; keys < 10; keys++) {
      type();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked.length).toBeGreaterThanOrEqual(before + 3);
  });

  it('stays where the server does not answer', async () => {
    const book = notebookOf('data');
    await front(panelOf(book));
    serve({});

    book.content.model.contentChanged.emit();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(model.state('profile')).toBe('done');
  });

  it('is forgotten with the notebook', async () => {
    await front(panelOf(notebookOf('data')));
    model.suggest('dataset', { source: 'a.csv' });
    await front(null);

    expect(model.state('profile')).toBe('waiting');
    expect(model.values('dataset')).toEqual({});
  });

  it('takes what a step may be given over what stands in its cell', async () => {
    shown.steps = [placeOf('dataset', { values: { source: 'old.csv', target: 'y' }, cell: 'x' })];
    await front(panelOf(notebookOf('data')));
    model.suggest('dataset', { source: 'new.csv' });

    expect(model.values('dataset')).toEqual({ source: 'new.csv', target: 'y' });
    expect(model.isWritten('dataset')).toBe(true);
  });
});

describe('taking steps', () => {
  it('writes the cells in order and runs them in order', async () => {
    const book = notebookOf();
    const panel = panelOf(book);
    await front(panel);

    await model.take([
      { verb: 'dataset', values: {}, code: {} },
      { verb: 'profile', values: {}, code: {} }
    ]);

    expect(book.shared.cells.map(cell => cell.getSource())).toEqual([
      'dataset = wb.dataset()',
      'profile = wb.profile()'
    ]);
    expect(runCells.mock.calls.map(([, [cell]]) => cell.model.sharedModel.getSource())).toEqual([
      'dataset = wb.dataset()',
      'profile = wb.profile()'
    ]);
    expect(model.isBusy).toBe(false);
  });

  it('stops at the first cell that fails', async () => {
    await front(panelOf(notebookOf()));
    runCells.mockResolvedValue(false);

    await model.take([
      { verb: 'dataset', values: {}, code: {} },
      { verb: 'profile', values: {}, code: {} }
    ]);

    expect(runCells).toHaveBeenCalledTimes(1);
  });

  it('runs nothing where a person wants only to write', async () => {
    await front(panelOf(notebookOf()));
    model.runs = false;

    await model.insert('dataset', {});

    expect(runCells).not.toHaveBeenCalled();
  });

  it('runs the cells where they were written, whatever comes to the front meanwhile', async () => {
    const panel = panelOf(notebookOf());
    await front(panel);

    const taken = model.insert('dataset', {});
    tracker.currentWidget = panelOf(notebookOf('other'), 'other.ipynb');
    await taken;

    expect(runCells).toHaveBeenCalledTimes(1);
    expect(runCells.mock.calls[0][0]).toBe(panel.content);
  });

  it('needs a notebook', async () => {
    await expect(model.insert('dataset', {})).rejects.toThrow('Open a notebook first.');
  });

  it('brings what is out of date up to date by the cells that the server names', async () => {
    const book = notebookOf('one', 'two', 'three');
    const ids = book.content.widgets.map(cell => cell.model.id);
    shown.steps = [placeOf('profile', { state: 'stale', refresh: [ids[2], ids[0]] })];
    shown.next = { verb: 'profile', reason: [], button: [], acts: [], refresh: true, job: false };
    await front(panelOf(book));

    await model.advance();

    expect(runCells.mock.calls.map(([, [cell]]) => cell.model.id)).toEqual([ids[0], ids[2]]);
  });
});

describe('what runs', () => {
  const scheduled = NotebookActions.executionScheduled as unknown as Signal<object, unknown>;
  const executed = NotebookActions.executed as unknown as Signal<object, unknown>;

  it('is told to the server, with what stood in the cell when it ran', async () => {
    const book = notebookOf('data = 1');
    await front(
      panelOf(
        book,
        'a.ipynb',
        kernelOf(() => [['data'], ['data']])
      )
    );
    const [cell] = book.content.widgets;

    scheduled.emit({ cell });
    book.shared.cells[0].setSource('data = 2');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.at(-1)?.body.cells).toMatchObject([{ source: 'data = 2', ran: 'data = 1', running: true }]);

    executed.emit({ cell });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.at(-1)?.body).toMatchObject({ cells: [{ running: false }], alive: ['data'] });
    expect(model.frames).toEqual(['data']);
  });

  it('is interrupted until it ends', async () => {
    const book = notebookOf('while True: pass');
    const kernel = kernelOf(() => [[], []], 'busy');
    await front(panelOf(book, 'a.ipynb', kernel));
    scheduled.emit({ cell: book.content.widgets[0] });

    const stopped = model.stop();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(kernel.interrupt).toHaveBeenCalledTimes(2);
    executed.emit({ cell: book.content.widgets[0] });
    await vi.advanceTimersByTimeAsync(500);
    await stopped;
    expect(kernel.interrupt).toHaveBeenCalledTimes(2);
  });

  it('is nothing any more in a kernel that starts anew', async () => {
    const book = notebookOf('data');
    const panel = panelOf(
      book,
      'a.ipynb',
      kernelOf(() => [['data'], ['data']])
    );
    await front(panel);
    scheduled.emit({ cell: book.content.widgets[0] });

    (panel.sessionContext.statusChanged as unknown as Signal<object, unknown>).emit('restarting');
    await vi.advanceTimersByTimeAsync(1_000);

    expect(asked.at(-1)?.body).toMatchObject({ cells: [{ running: false }], alive: [] });
    expect(model.frames).toEqual([]);
  });
});

describe('tables and their columns', () => {
  it('are those beside the notebook and in the folder for data, as paths from the notebook', async () => {
    await front(panelOf(notebookOf(), 'folder/book.ipynb'));
    model.dataFolder = 'data';

    expect(await model.tables()).toEqual(['a.csv', '../data/a.csv']);
  });

  it('are found by the name of the file', () => {
    const tables = ['a.csv', 'A.CSV', 'a.csv.gz', 'a.parquet', 'a.jsonl'];

    expect(tables.every(name => TABLE.test(name))).toBe(true);
    expect(['a.txt', 'csv', 'a.csv.zip', 'a.ipynb'].some(name => TABLE.test(name))).toBe(false);
  });

  it('are asked for by path, or of the kernel by variable; none where they cannot be told', async () => {
    await front(
      panelOf(
        notebookOf(),
        'folder/book.ipynb',
        kernelOf(() => ['x'])
      )
    );

    expect(await model.columns('../a b.csv')).toEqual(['a', 'b']);
    expect(asked.at(-1)?.path).toBe('columns?path=a%20b.csv');
    expect(await model.columns('', 'frame')).toEqual(['x']);
    expect(await model.columns('')).toEqual([]);
  });
});
