import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Contents, Event } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { acceptCode } from '../src/accept';
import { h, part, set } from '../src/dom';
import { makeJob } from '../src/jobnotebook';
import { SCHEMA } from '../src/jobs';
import { WorkbenchModel } from '../src/model';
import { newNotebook } from '../src/notebooks';
import { WorkbenchPanel } from '../src/panel';
import { Settings } from '../src/settings';
import { StatusItem } from '../src/statusbar';
import type { IPlace } from '../src/types';
import { VERSION } from '../src/version';
import { notebookOf, panelOf, placeOf, serve, stepOf, trans } from './support';

type Panel = ReturnType<typeof panelOf>;

const commands = { execute: vi.fn() };
const contents = { localPath: String, get: async () => ({ content: [] }) };
const tracker = { currentWidget: null as Panel | null, currentChanged: new Signal<object, unknown>({}) };
let steps: IPlace[];
let current: Panel | null;
let model: WorkbenchModel;

async function start(): Promise<WorkbenchPanel> {
  tracker.currentWidget = current;
  model = new WorkbenchModel(tracker as unknown as INotebookTracker, contents as unknown as Contents.IManager);
  const panel = new WorkbenchPanel(model, commands as unknown as CommandRegistry, trans);
  document.body.replaceChildren(panel.node);
  await vi.waitFor(() => expect(panel.node.querySelector('[data-step], .jp-wb-again')).not.toBeNull());
  return panel;
}

function item(panel: WorkbenchPanel, verb: string): HTMLElement {
  return part(panel.node, `[data-step="${verb}"]`);
}

beforeEach(() => {
  commands.execute.mockReset();
  steps = [];
  current = panelOf(notebookOf('data'));
  serve({
    version: { version: VERSION },
    steps: [
      stepOf({ source: { type: 'string', 'x-table': true }, target: { type: 'string' } }, ['source'], 'dataset'),
      stepOf({}, [], 'profile')
    ],
    notebook: () => ({ steps, next: null })
  });
});

describe('the panel', () => {
  it('shows the first step with its form, and folds it where another is opened', async () => {
    const panel = await start();

    expect(item(panel, 'dataset').querySelector('form')).not.toBeNull();
    panel.open('profile');
    expect(item(panel, 'dataset').querySelector('form')).toBeNull();
    expect(item(panel, 'profile').querySelector('form')).not.toBeNull();
    expect(part(item(panel, 'profile'), 'button').getAttribute('aria-expanded')).toBe('true');
  });

  it('says why a step is out of date and what it is called', async () => {
    steps = [
      placeOf('dataset', { state: 'done', headline: '800 rows' }),
      placeOf('profile', { state: 'stale', because: ['%1 ran again', 'dataset'] })
    ];
    const panel = await start();

    expect(part(item(panel, 'dataset'), '.jp-wb-headline').textContent).toBe('800 rows');
    expect(part(item(panel, 'profile'), '.jp-wb-state').textContent).toBe('out of date');
    expect(part(item(panel, 'profile'), '.jp-wb-notice').textContent).toBe(
      'Out of date: dataset ran againRun from here'
    );
  });

  it('says that a cell was edited by hand and keeps it', async () => {
    steps = [placeOf('dataset', { edited: true, cell: 'x' })];
    const panel = await start();

    expect(part(item(panel, 'dataset'), '.jp-wb-remark').textContent).toContain('It stays as it is');
    expect(part(item(panel, 'dataset'), '.jp-wb-run').textContent).toBe('Insert and run');
  });

  it('says which step is optional until it has been taken', async () => {
    serve({
      version: { version: VERSION },
      steps: [stepOf({}, [], 'explain'), { ...stepOf({}, [], 'fairness'), optional: true }],
      notebook: () => ({ steps, next: null })
    });
    const panel = await start();

    expect(part(item(panel, 'explain'), '.jp-wb-state').textContent).toBe('');
    expect(part(item(panel, 'fairness'), '.jp-wb-state').textContent).toBe('optional');
    steps = [placeOf('fairness', { state: 'done', headline: '9 groups' })];
    await model.refresh('fairness');
    expect(part(item(panel, 'fairness'), '.jp-wb-state').textContent).toBe('done');
  });

  it('offers the columns that a step begins with before all others', async () => {
    steps = [placeOf('dataset', { values: { source: 'a.csv' } }), placeOf('fairness', { offered: ['sex', 'gone'] })];
    serve({
      version: { version: VERSION },
      steps: [stepOf({ by: { type: 'array', items: { type: 'string' }, 'x-column': true } }, [], 'fairness')],
      notebook: () => ({ steps, next: null }),
      columns: ['age', 'city', 'sex']
    });
    const panel = await start();
    const offered = () =>
      [...panel.node.querySelectorAll('datalist option')].map(one => (one as HTMLOptionElement).value);

    await vi.waitFor(() => expect(offered()).toEqual(['sex', 'age', 'city']));
  });

  it('offers the columns of the table that a step has itself', async () => {
    const asked = serve({
      version: { version: VERSION },
      steps: [
        stepOf(
          { labels: { type: 'string', 'x-table': true }, label: { type: 'string', 'x-column': true } },
          [],
          'feedback'
        )
      ],
      notebook: () => ({ steps, next: null }),
      columns: ['id', 'Churn']
    });
    steps = [placeOf('dataset', { values: { source: 'a.csv' } }), placeOf('feedback', { values: { labels: 'b.csv' } })];
    await start();

    await vi.waitFor(() => expect(asked.map(one => one.path)).toContain('columns?path=folder%2Fb.csv'));
    expect(asked.map(one => one.path)).not.toContain('columns?path=folder%2Fa.csv');
  });

  it('keeps what is being typed when the notebook changes', async () => {
    const panel = await start();
    const input = part<HTMLInputElement>(item(panel, 'dataset'), 'input');
    input.focus();
    input.value = 'typ';

    steps = [placeOf('profile', { state: 'running' })];
    await model.refresh('profile');

    expect(part<HTMLInputElement>(item(panel, 'dataset'), 'input')).toBe(input);
    expect(input.value).toBe('typ');
  });

  it('keeps what was filled in while the first look at a notebook took its time', async () => {
    current = null;
    const panel = await start();
    const input = part<HTMLInputElement>(item(panel, 'dataset'), 'input');
    input.value = 'churn.csv';
    input.focus();

    steps = [placeOf('dataset', { values: { target: 'Churn' } })];
    tracker.currentWidget = panelOf(notebookOf('data'));
    tracker.currentChanged.emit(null);
    const target = () => part<HTMLInputElement>(item(panel, 'dataset'), '[name="target"]').value;
    await vi.waitFor(() => expect(target()).toBe('Churn'));

    const now = part<HTMLInputElement>(item(panel, 'dataset'), 'input');
    expect(now.value).toBe('churn.csv');
    expect(document.activeElement).toBe(now);
  });

  it('lets a cell overrule what was filled in, and another notebook start anew', async () => {
    steps = [placeOf('dataset', { values: { source: 'old.csv', target: 'a' }, cell: 'x' })];
    const panel = await start();
    const field = (name: string) => part<HTMLInputElement>(item(panel, 'dataset'), `[name="${name}"]`);
    await vi.waitFor(() => expect(field('source').value).toBe('old.csv'));
    field('source').value = 'mine.csv';
    field('target').value = 'mine';

    steps = [placeOf('dataset', { values: { source: 'new.csv', target: 'a' }, cell: 'x' })];
    await model.refresh('dataset');
    expect([field('source').value, field('target').value]).toEqual(['new.csv', 'mine']);

    steps = [];
    tracker.currentWidget = panelOf(notebookOf('data'), 'folder/other.ipynb');
    tracker.currentChanged.emit(null);
    await vi.waitFor(() => expect([field('source').value, field('target').value]).toEqual(['', '']));
  });

  it('offers a notebook where none is open', async () => {
    current = null;
    const panel = await start();

    expect(part(panel.node, '.jp-wb-next').textContent).toBe('The steps are written into a notebookNew notebook');
    part(panel.node, '.jp-wb-next button').click();
    expect(commands.execute).toHaveBeenCalledWith('workbench:open');
  });

  it('says what to do without its server, and tries again', async () => {
    serve({});
    const panel = await start();

    expect(part(panel.node, '.jp-wb-message').textContent).toContain(
      'jupyter server extension enable workbench.server'
    );
    serve({ version: { version: VERSION }, steps: [stepOf({}, [], 'dataset')], notebook: { steps: [], next: null } });
    part(panel.node, '.jp-wb-again').click();
    await vi.waitFor(() => expect(item(panel, 'dataset')).toBeDefined());
  });
});

describe('the status bar', () => {
  const bar = (): [StatusItem, Signal<object, Event.Emission>] => {
    const stream = new Signal<object, Event.Emission>({});
    return [new StatusItem(model, { stream } as unknown as Event.IManager, trans, vi.fn()), stream];
  };

  it.each<[string, Partial<IPlace>[], string]>([
    ['at work', [{ state: 'running' }, { state: 'failed' }], 'dataset is running'],
    ['failed', [{ state: 'failed' }, { state: 'stale' }], 'dataset failed'],
    ['out of date', [{ state: 'stale' }, { state: 'done' }], '1 step is out of date'],
    ['more out of date', [{ state: 'stale' }, { state: 'stale' }], '2 steps are out of date'],
    ['done', [{ state: 'done' }, { state: 'waiting' }], '1 of 2 steps done']
  ])('says what asks for attention first: %s', async (_, [dataset, profile], words) => {
    steps = [placeOf('dataset', dataset), placeOf('profile', profile)];
    await start();

    expect(bar()[0].node.textContent).toBe(words);
  });

  it.each<[IPlace['state'], string]>([
    ['waiting', '0 of 1 steps done'],
    ['done', '1 of 2 steps done']
  ])('counts an optional step once somebody has begun with it: %s', async (state, words) => {
    steps = [placeOf('fairness', { state })];
    serve({
      version: { version: VERSION },
      steps: [stepOf({}, [], 'explain'), { ...stepOf({}, [], 'fairness'), optional: true }],
      notebook: () => ({ steps, next: null })
    });
    await start();

    expect(bar()[0].node.textContent).toBe(words);
  });

  it('tells of the jobs at work until they end, and of findings', async () => {
    steps = [placeOf('profile', { state: 'done', headline: '3 findings' })];
    await start();
    const [item, stream] = bar();
    const emit = (id: string, state: string) =>
      stream.emit({ schema_id: SCHEMA, id, state, cells: 4, cells_done: 1 } as unknown as Event.Emission);

    emit('a', 'IN_PROGRESS');
    expect(item.node.textContent).toBe('1 of 2 steps done · 3 findings · job: 1 of 4 cells');
    emit('b', 'QUEUED');
    expect(item.node.textContent).toContain('2 jobs');
    emit('a', 'FAILED');
    emit('b', 'COMPLETED');
    expect(item.node.textContent).toBe('1 of 2 steps done · 3 findings');
  });
});

describe('settings', () => {
  it('reach the model, and their titles are translated', async () => {
    await start();
    const composite = { run: false, notebookName: 'study', dataFolder: 'data', showFindings: false };
    const registry = {
      transform: vi.fn(),
      load: async () => ({ composite, changed: new Signal<object, void>({}) })
    };
    const german = { ...trans, __: (text: string) => `[${text}]` } as typeof trans;
    const settings = new Settings('id', model, german, registry as never);
    await vi.waitFor(() => expect(settings.stem).toBe('study'));

    expect([model.runs, model.dataFolder, model.showsFindings]).toEqual([false, 'data', false]);
    const schema = {
      title: 'A',
      'jupyter.lab.menus': { title: 'B' },
      properties: { run: { title: 'C', type: 'boolean' } }
    };
    const [, { fetch }] = registry.transform.mock.calls[0];
    expect(fetch({ schema }).schema).toEqual({
      title: '[A]',
      'jupyter.lab.menus': { title: 'B' },
      properties: { run: { title: '[C]', type: 'boolean' } }
    });
  });
});

describe('code that an output offers', () => {
  it('goes into a cell below that output, once somebody has one', () => {
    const book = notebookOf('data', 'profile');
    const panel = panelOf(book);
    acceptCode({ find: (fits: (one: Panel) => boolean) => [panel].find(fits) } as unknown as INotebookTracker);
    document.body.replaceChildren(book.content.node);
    const offer = (from: Element, code: unknown): boolean =>
      !from.dispatchEvent(
        new CustomEvent('workbench:insert-code', { bubbles: true, cancelable: true, detail: { code } })
      );

    expect(offer(book.content.widgets[0].node, 'data = data.without("a")')).toBe(true);
    expect(offer(book.content.widgets[0].node, ' ')).toBe(false);
    expect(offer(book.content.widgets[0].node, 7)).toBe(false);
    expect(offer(document.body, 'x')).toBe(false);

    expect(book.shared.cells.map(cell => cell.getSource())).toEqual(['data', 'data = data.without("a")', 'profile']);
  });
});

describe('a notebook that becomes a job', () => {
  const conversion = { cell: null, source: 'month = 7', changes: {}, problems: [], schema: stepOf({}).schema };

  it('gets a cell of parameters before its code in one step of undo, and is saved', async () => {
    const book = notebookOf('# first', 'train(7)');
    current = panelOf(book);
    await start();
    const schema = stepOf({ month: { type: 'integer', default: 7 } }).schema;
    serve({
      'job-notebook': { ...conversion, changes: { [book.content.widgets[1].model.id]: 'train(month)' }, schema }
    });

    await makeJob(model, true, trans);
    expect(book.shared.cells.map(cell => cell.getSource())).toEqual(['month = 7', '# first', 'train(month)']);
    expect(book.shared.cells[0].getMetadata('tags')).toEqual(['parameters']);
    expect(current.context.save).toHaveBeenCalled();
    book.shared.undo();
    expect(book.shared.cells.map(cell => cell.getSource())).toEqual(['# first', 'train(7)']);
  });

  it('keeps the tags of its cell of parameters', async () => {
    const book = notebookOf('month = 6');
    book.shared.cells[0].setMetadata('tags', ['mine']);
    current = panelOf(book);
    await start();
    serve({ 'job-notebook': { ...conversion, cell: book.content.widgets[0].model.id } });

    await makeJob(model, true, trans);
    expect(book.shared.cells.map(cell => cell.getSource())).toEqual(['month = 7']);
    expect(book.shared.cells[0].getMetadata('tags')).toEqual(['mine', 'parameters']);
  });
});

describe('a new notebook', () => {
  it('takes a name that is free and the kernel that is usual', async () => {
    const save = vi.fn();
    const files = ['workbench.ipynb', 'workbench-2.ipynb'].map(name => ({ name }));
    const app = {
      serviceManager: {
        kernelspecs: {
          ready: Promise.resolve(),
          specs: { default: 'py', kernelspecs: { py: { display_name: 'Python' } } }
        },
        contents: { save, get: async () => ({ content: files }) }
      },
      commands: { execute: vi.fn(async () => ({ context: { ready: Promise.resolve() } })) }
    };

    await newNotebook(app as never, 'folder', 'workbench');

    expect(save.mock.calls[0][0]).toBe('folder/workbench-3.ipynb');
    expect(save.mock.calls[0][1].content.metadata.kernelspec).toEqual({
      name: 'py',
      display_name: 'Python',
      language: 'python'
    });
  });
});

describe('elements', () => {
  it('hold text as text, and only the attributes that apply', () => {
    const made = h('p', { title: 'x', hidden: true, lang: undefined, draggable: false }, '<b>', h('i'));

    expect(made.outerHTML).toBe('<p title="x" hidden="">&lt;b&gt;<i></i></p>');
  });

  it('are written only where a text changes, and asked for by name', () => {
    const made = h('p', {}, 'old');
    const [text] = made.childNodes;

    set(made, 'old');
    expect(made.firstChild).toBe(text);
    set(made, 'new');
    expect(made.textContent).toBe('new');
    expect(() => part(made, '.none')).toThrow('There is no .none in this p.');
  });
});
