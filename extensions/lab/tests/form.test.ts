import { describe, expect, it } from 'vitest';

import { nameFrom, StepForm } from '../src/form';
import type { IProperty, Values } from '../src/types';
import { stepOf, trans } from './support';

const NOTHING = { values: {}, code: {}, means: {}, errors: {} };

function formOf(properties: Record<string, IProperty>, given: object = {}, required: string[] = []): StepForm {
  const form = new StepForm(stepOf(properties, required), { ...NOTHING, ...given }, trans, 9);
  document.body.replaceChildren(form.node);
  return form;
}

function control(form: StepForm, name: string): HTMLInputElement {
  return form.node.querySelector(`[name="${name}"]`) as HTMLInputElement;
}

function fill(form: StepForm, name: string, value: string): void {
  control(form, name).value = value;
  control(form, name).dispatchEvent(new Event('change', { bubbles: true }));
}

function problem(form: StepForm, name: string): string {
  return form.node.querySelector(`[data-name="${name}"] .jp-wb-error`)?.textContent ?? '';
}

describe('the values of a form', () => {
  it.each<[string, IProperty, Values[string]]>([
    ['text', { type: 'string' }, 'churn'],
    ['number', { type: 'number' }, 0.5],
    ['whole', { type: ['integer', 'null'], default: null }, 7],
    ['flag', { type: 'boolean', default: false }, true],
    ['some of', { type: 'array', items: { enum: ['linear', 'boosting'] }, default: [] }, ['boosting']],
    ['several', { type: 'array', default: [] }, ['a', 'b']]
  ])('come back as they stand in the cell: %s', (name, property, value) => {
    expect(formOf({ [name]: property }, { values: { [name]: value } }).values()).toEqual({ [name]: value });
  });

  it.each<[IProperty, Values[string], string]>([
    [{ type: ['boolean', 'null'], default: null }, false, 'no'],
    [{ type: ['boolean', 'null'], default: null }, null, 'automatic'],
    [{ enum: ['auto', 'random', null], default: null }, 'random', 'random']
  ])('are chosen in a list as they stand in the cell: %o %s', (property, value, words) => {
    const chosen = formOf({ a: property }, { values: { a: value } }).node.querySelectorAll('option[selected]');

    expect([...chosen].map(option => option.textContent)).toEqual([words]);
  });

  it('lie behind a line each group has, which is open where one is filled in or wrong', () => {
    const properties: Record<string, IProperty> = {
      a: { type: 'string', default: '' },
      b: { type: 'string', default: '' },
      c: { type: 'string', default: '', 'x-group': 'Reading' },
      d: { type: 'string', default: '', 'x-group': 'Reading' }
    };
    const form = new StepForm(stepOf(properties), { ...NOTHING, values: { d: 'x' } }, trans, 1);
    const groups = [...form.node.querySelectorAll('details')];

    expect(groups.map(group => group.querySelector('summary')?.textContent)).toEqual(['More options', 'Reading']);
    expect(groups.map(group => group.open)).toEqual([false, true]);
    expect(groups.map(group => group.querySelectorAll('input').length)).toEqual([1, 2]);

    form.tell({ b: 'Not so.' });

    expect(groups.map(group => group.open)).toEqual([true, true]);
  });

  it('leave out what equals the default and what is empty', () => {
    const form = formOf({
      a: { type: 'integer', default: 5 },
      b: { type: 'string' },
      c: { type: 'array', default: [] }
    });

    expect(form.values()).toEqual({});
  });

  it('may be the opposite of a default that is true', () => {
    const form = formOf({ flag: { type: 'boolean', default: true } });

    fill(form, 'flag', '1');

    expect(form.values()).toEqual({ flag: false });
  });

  it('hold names that were typed, once each, and not those that were taken away', () => {
    const form = formOf({ drop: { type: 'array', default: [] } }, { values: { drop: ['a'] } });

    for (const name of ['b', ' b ', 'c']) {
      fill(form, 'drop', name);
    }
    form.node.querySelector<HTMLElement>('[aria-label="Remove a"]')?.click();

    expect(form.values()).toEqual({ drop: ['b', 'c'] });
  });

  it('show a text of the data as text', () => {
    const form = formOf({ drop: { type: 'array', default: [] } }, { values: { drop: ['<img src=x>'] } });

    expect(form.node.querySelector('img')).toBeNull();
    expect(form.node.querySelector('.jp-wb-chips')?.textContent).toContain('<img src=x>');
  });
});

describe('expressions', () => {
  it('stay as they are written, with what they mean', () => {
    const form = formOf({ target: { type: 'string' } }, { code: { target: 'TARGET' }, means: { target: 'Churn' } });

    expect(form.node.querySelector('code')?.textContent).toBe('TARGET = "Churn"');
    expect(form.values()).toEqual({});
    expect(form.expressions()).toEqual({ target: 'TARGET' });
  });

  it('give way to a value where somebody wants one', () => {
    const form = formOf({ target: { type: 'string' } }, { code: { target: 'TARGET' } });

    form.node.querySelector<HTMLElement>('.jp-wb-code button')?.click();
    fill(form, 'target', 'Churn');

    expect(form.expressions()).toEqual({});
    expect(form.values()).toEqual({ target: 'Churn' });
  });

  it('are a table that is a variable of the kernel', () => {
    const form = formOf({ source: { type: 'string', 'x-table': true } });
    form.offerTables(['table.csv', 'both'], ['frame', 'both']);

    fill(form, 'source', 'frame');
    expect(form.expressions()).toEqual({ source: 'frame' });
    fill(form, 'source', 'both');
    expect(form.expressions()).toEqual({});
  });
});

describe('what is wrong with a value', () => {
  it.each([
    ['', 'Fill this in.'],
    ['1.5', 'Give a whole number.'],
    ['0', 'Not below 1.'],
    ['11', 'Not above 10.'],
    ['10', '']
  ])('is said beside it: %s', (value, words) => {
    const form = formOf({ folds: { type: 'integer', minimum: 1, maximum: 10 } }, {}, ['folds']);

    fill(form, 'folds', value);

    expect(problem(form, 'folds')).toBe(words);
    expect(form.isComplete()).toBe(words === '');
    expect(control(form, 'folds').hasAttribute('aria-invalid')).toBe(words !== '');
  });

  it('is a column that the table does not have, as soon as its columns are known', () => {
    const form = formOf({ target: { type: 'string', 'x-column': true } }, { values: { target: 'churn' } });

    expect(form.isComplete()).toBe(true);
    form.offerColumns(['Churn', 'tenure']);
    expect(problem(form, 'target')).toBe('The table has no column "churn".');
    fill(form, 'target', 'Churn');
    expect(form.isComplete()).toBe(true);
  });

  it('gets the focus, the first first, and opens what is folded', () => {
    const properties = {
      a: { type: 'string' },
      b: { type: 'integer', minimum: 1 },
      c: { type: 'integer', minimum: 1 }
    };
    const form = new StepForm(stepOf(properties), { ...NOTHING, values: { a: 'x', b: 0, c: 0 } }, trans, 1);
    document.body.replaceChildren(form.node);
    const more = form.node.querySelector('details') as HTMLDetailsElement;
    more.open = false;

    expect(form.isComplete()).toBe(false);
    expect(document.activeElement).toBe(control(form, 'b'));
    expect(more.open).toBe(true);
  });

  it('may come from the server; what no field means is left to the panel', () => {
    const form = formOf({ a: { type: 'string' } });

    expect(form.tell({ elsewhere: 'odd' })).toBe(false);
    expect(form.tell({ a: 'No such thing.' })).toBe(true);
    expect(problem(form, 'a')).toBe('No such thing.');
  });
});

describe('tables that lie near', () => {
  it('are offered until one is taken by a click', () => {
    const form = formOf({ source: { type: 'string', 'x-table': true } });
    form.offerTables(['a.csv', 'b.csv'], []);
    const offers = [...form.node.querySelectorAll<HTMLElement>('.jp-wb-near button')];

    expect(offers.map(offer => offer.textContent)).toEqual(['a.csv', 'b.csv']);
    offers[1].click();

    expect(form.values()).toEqual({ source: 'b.csv' });
    expect(form.node.querySelector('.jp-wb-near')).toBeNull();
  });
});

describe('a name that follows a file', () => {
  const properties: Record<string, IProperty> = {
    labels: { type: 'string', 'x-table': true },
    window: { type: 'string', 'x-named-after': 'labels' }
  };

  it.each([
    ['july.csv', 'july'],
    ['data/sales 2026_07.csv.gz', '2026-07'],
    ['2026-W07-all.parquet', '2026-W07'],
    ['in-2026-11-30.csv', '2026-11-30'],
    ['Köln (neu).csv', 'K-ln-neu'],
    ['parts/*.parquet', ''],
    ['20260700.csv', '20260700']
  ])('is what tells it from others: %s', (path, name) => {
    expect(nameFrom(path)).toBe(name);
  });

  it('is taken anew with each file, until somebody gives another one', () => {
    const form = formOf(properties, { values: { labels: 'july.csv', window: 'july' } });

    fill(form, 'labels', 'august.csv');
    expect(form.values().window).toBe('august');
    fill(form, 'window', 'summer');
    fill(form, 'labels', 'september.csv');
    expect(form.values()).toEqual({ labels: 'september.csv', window: 'summer' });
  });

  it('comes with a variable of the kernel, which stays an expression', () => {
    const form = formOf(properties);
    form.offerTables([], ['frame']);

    fill(form, 'labels', 'frame');

    expect([form.expressions(), form.values().window]).toEqual([{ labels: 'frame' }, 'frame']);
  });
});
