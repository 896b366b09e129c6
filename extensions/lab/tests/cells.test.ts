import type { ICellModel } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { describe, expect, it } from 'vitest';

import { asOneClick, cellOf, readCells, sharedOf, write } from '../src/cells';
import { notebookOf, panelOf } from './support';

const written = { source: 'profile = wb.profile(data)', cell: null, after: null, before: [] };

function sources({ shared }: ReturnType<typeof notebookOf>): string[] {
  return shared.cells.map(cell => cell.getSource());
}

describe('what the server is told of cells', () => {
  it('is source, count, failure, records and mark of each code cell', () => {
    const book = notebookOf();
    const record = { kind: 'profile' };
    book.shared.insertCells(0, [
      { cell_type: 'markdown', source: '# Title' },
      {
        cell_type: 'code',
        source: 'data',
        execution_count: 3,
        metadata: { workbench: { step: 'dataset' } },
        outputs: [{ output_type: 'display_data', data: { 'application/vnd.workbench+json': record }, metadata: {} }]
      },
      { cell_type: 'code', source: '1 / 0', outputs: [{ output_type: 'error', ename: 'E', evalue: '', traceback: [] }] }
    ]);
    const [, data, failed] = book.content.widgets.map(cell => cell.model);
    const ran = new WeakMap([[data as unknown as ICellModel, 'old']]);

    const cells = readCells(book.content as unknown as Notebook, ran, new Set([failed.id]));

    expect(cells).toEqual([
      {
        id: data.id,
        source: 'data',
        ran: 'old',
        count: 3,
        failed: false,
        running: false,
        records: [record],
        mark: 'dataset'
      },
      { id: failed.id, source: '1 / 0', ran: null, count: null, failed: true, running: true, records: [], mark: null }
    ]);
  });

  it('needs a notebook that has loaded', () => {
    expect(() => sharedOf({ model: null } as Notebook)).toThrow('has not loaded');
  });
});

describe('writing a step', () => {
  it('updates its own cell and keeps the others', () => {
    const book = notebookOf('data = 1', 'profile = old');
    const own = book.content.widgets[1].model.id;

    const id = write(panelOf(book), 'profile', { ...written, cell: own });

    expect(id).toBe(own);
    expect(sources(book)).toEqual(['data = 1', written.source]);
    expect(book.content.activeCellIndex).toBe(1);
    expect(book.shared.cells[1].getMetadata('workbench')).toEqual({ step: 'profile' });
  });

  it('fills an empty cell where the new one belongs', () => {
    const book = notebookOf('data = 1', ' ', 'print()');

    write(panelOf(book), 'profile', { ...written, after: book.content.widgets[0].model.id });

    expect(sources(book)).toEqual(['data = 1', written.source, 'print()']);
  });

  it('leaves an empty cell above the place alone', () => {
    const book = notebookOf('', 'data = 1', 'print()');

    const id = write(panelOf(book), 'profile', { ...written, after: book.content.widgets[1].model.id });

    expect(sources(book)).toEqual(['', 'data = 1', written.source, 'print()']);
    expect(cellOf(book.content as unknown as Notebook, id)?.model.sharedModel.getSource()).toBe(written.source);
  });

  it('begins an empty notebook', () => {
    const book = notebookOf();
    book.content.activeCellIndex = -1;

    write(panelOf(book), 'dataset', written);

    expect(sources(book)).toEqual([written.source]);
  });
});

describe('one click', () => {
  it('is one step of undo, however many cells it wrote and however long it took', async () => {
    const book = notebookOf('first');
    const panel = panelOf(book);
    const before = book.shared.undoManager.captureTimeout;
    book.shared.cells[0].setSource('typed');

    await asOneClick(panel, async () => {
      write(panel, 'dataset', { ...written, source: 'one' });
      await new Promise(resolve => setTimeout(resolve, 5));
      write(panel, 'profile', { ...written, source: 'two' });
    });
    expect(sources(book)).toEqual(['typed', 'one', 'two']);

    book.shared.undo();
    expect(sources(book)).toEqual(['typed']);
    book.shared.undo();
    expect(sources(book)).toEqual(['first']);
    expect(book.shared.undoManager.captureTimeout).toBe(before);
  });

  it('gives the usual undo back where it fails', async () => {
    const book = notebookOf('a');
    const panel = panelOf(book);
    const before = book.shared.undoManager.captureTimeout;

    await expect(asOneClick(panel, () => Promise.reject(new Error('no')))).rejects.toThrow('no');

    expect(book.shared.undoManager.captureTimeout).toBe(before);
  });
});
