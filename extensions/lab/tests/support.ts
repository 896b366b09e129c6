import type { ISharedCell } from '@jupyter/ydoc';
import { YNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { type Mock, vi } from 'vitest';

import type { IPlace, IProperty, IStep } from '../src/types';

const filled = (text: string, values: unknown[]): string => text.replace(/%(\d)/g, (_, at) => String(values[at - 1]));

/** English, as JupyterLab gives it where no language is chosen. */
export const trans = {
  __: (text: string, ...values: unknown[]) => filled(text, values),
  _n: (one: string, many: string, n: number) => filled(n === 1 ? one : many, [n])
} as unknown as TranslationBundle;

/** A notebook over a true shared document, whose widgets are as much as the panel asks of them. */
export function notebookOf(...sources: string[]) {
  const shared = new YNotebook();
  shared.insertCells(
    0,
    sources.map(source => ({ cell_type: 'code', source }))
  );
  shared.clearUndoHistory();
  const models = new Map<ISharedCell, object>();
  const node = document.createElement('div');
  const content = {
    node,
    activeCellIndex: sources.length ? 0 : -1,
    deselectAll: vi.fn(),
    scrollToItem: vi.fn(async () => undefined),
    activeCellChanged: new Signal<object, unknown>({}),
    model: { sharedModel: shared, contentChanged: new Signal<object, void>({}) },
    get widgets() {
      return shared.cells.map(cell => {
        const known = models.get(cell) ?? widgetOf(cell, node);
        models.set(cell, known);
        return known as ReturnType<typeof widgetOf>;
      });
    },
    get activeCell() {
      return content.widgets[content.activeCellIndex];
    }
  };
  return { content, shared };
}

function widgetOf(cell: ISharedCell, parent: HTMLElement) {
  const node = document.createElement('div');
  parent.append(node);
  const model = {
    id: cell.getId(),
    type: cell.cell_type,
    sharedModel: cell,
    get executionCount() {
      return (cell.toJSON() as { execution_count?: number | null }).execution_count ?? null;
    },
    getMetadata: (name: string) => cell.getMetadata(name)
  };
  return { model, node };
}

/** A kernel that answers expressions of Python with what `answer` gives for them. */
export function kernelOf(answer: (expression: string) => unknown, status = 'idle') {
  return {
    status,
    isDisposed: false,
    info: Promise.resolve({ language_info: { name: 'python' } }),
    interrupt: vi.fn(async () => undefined),
    requestExecute: vi.fn(({ user_expressions }: { user_expressions: { told: string } }) => {
      const value = answer(user_expressions.told);
      const text = `'${btoa(JSON.stringify(value))}'`;
      const told = value === undefined ? { status: 'error' } : { status: 'ok', data: { 'text/plain': text } };
      return { done: Promise.resolve({ content: { user_expressions: { told } } }) };
    })
  };
}

/** A panel around a notebook, as the tracker gives it. */
export function panelOf(
  notebook: ReturnType<typeof notebookOf>,
  path = 'folder/book.ipynb',
  kernel: object | null = null
) {
  const panel = {
    id: path,
    content: notebook.content,
    isDisposed: false,
    title: { label: path.split('/').pop() },
    context: { path, isReady: true, ready: Promise.resolve(), save: vi.fn(async () => undefined) },
    sessionContext: {
      ready: Promise.resolve(),
      session: kernel ? { kernel } : null,
      kernelChanged: new Signal<object, unknown>({}),
      statusChanged: new Signal<object, unknown>({})
    }
  };
  return panel as typeof panel & NotebookPanel;
}

/** Make the server answer: by path, a value, or a function of the body that was sent; an `Error` is a network's. */
export function serve(answers: Record<string, unknown>): { path: string; body: JSONObject }[] {
  const asked: { path: string; body: JSONObject }[] = [];
  (ServerConnection.makeRequest as unknown as Mock).mockImplementation(async (url: string, init: RequestInit) => {
    const path = url.replace('http://lab/workbench/', '');
    const body = init.body ? (JSON.parse(String(init.body)) as JSONObject) : {};
    asked.push({ path, body });
    const answer = answers[path.split('?')[0]];
    if (answer === undefined) {
      return new Response('no JSON', { status: 404, statusText: 'Not Found' });
    }
    const data: unknown = typeof answer === 'function' ? answer(body) : answer;
    if (data instanceof Error) {
      throw data;
    }
    return data instanceof Response ? data : new Response(JSON.stringify({ data }));
  });
  return asked;
}

export function stepOf(properties: Record<string, IProperty>, required: string[] = [], verb = 'train'): IStep {
  return {
    verb,
    title: verb,
    takes: null,
    gives: verb,
    schema: { description: 'What it does.', properties, required }
  };
}

export function placeOf(verb: string, changes: Partial<IPlace> = {}): IPlace {
  return {
    verb,
    state: 'waiting',
    cell: null,
    edited: false,
    values: {},
    code: {},
    means: {},
    errors: {},
    kept: {},
    offered: [],
    gives: null,
    headline: null,
    because: [],
    refresh: [],
    ...changes
  };
}
