import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONValue } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';

import { h } from './dom';
import type { IPlace, IProperty, IStep, Values } from './types';

/** What is always seen, besides what is required, filled in or wrong; the rest lies behind "More options". */
const SHOWN = 2;

/** How many tables are shown before one is chosen. */
const OFFERED = 6;

type Given = Pick<IPlace, 'values' | 'code' | 'means' | 'errors'>;

/** A bound that is there only so that a number is none too large to be kept says nothing to a person. */
const ENDLESS = 1e9;

interface IField {
  readonly name: string;
  readonly node: HTMLElement;
  /** Where the focus goes. */
  readonly control: HTMLElement;
  value(): JSONValue;
}

let forms = 0;

/** A form for the values of a step, made from its JSON Schema. */
export class StepForm {
  constructor(
    private readonly step: IStep,
    private readonly given: Given,
    private readonly trans: TranslationBundle,
    shownAtFirst = SHOWN
  ) {
    this.prefix = `jp-wb-${step.verb}-${++forms}`;
    this.code = { ...given.code };
    this.tables = h('datalist', { id: `${this.prefix}-tables` });
    this.columns = h('datalist', { id: `${this.prefix}-columns` });
    this.fields = Object.entries(step.schema.properties).map(([name, property]) => this.field(name, property));
    const shown = this.fields.filter((field, index) => index < shownAtFirst || this.isRequired(field.name));
    const more = this.fields.filter(field => !shown.includes(field));
    this.node = h('form', { class: 'jp-wb-form', novalidate: true }, this.tables, this.columns);
    this.node.append(...shown.map(field => field.node));
    this.node.append(...this.folded(more));
    this.node.addEventListener('change', event => this.validate((event.target as HTMLInputElement).name));
    // Told when somebody leaves a field, taken back while they type: what lies below must not move under a click.
    this.node.addEventListener('input', event => {
      const { name } = event.target as HTMLInputElement;
      if (this.fields.some(field => field.name === name && field.node.classList.contains('jp-mod-wrong'))) {
        this.validate(name);
      }
    });
    this.taken = this.nameOfTable();
    this.node.addEventListener('change', event => this.nameAfter((event.target as HTMLInputElement).name));
    this.tell(given.errors);
  }

  readonly node: HTMLFormElement;

  /** What was filled in; what equals the default is left out. */
  values(): Values {
    const values: Values = {};
    for (const { name, value } of this.fields) {
      const usual = this.step.schema.properties[name].default ?? null;
      const now = name in this.code ? null : value();
      if (now !== null && !JSONExt.deepEqual(now, usual)) {
        values[name] = now;
      }
    }
    return values;
  }

  /** Parameters that stay expressions, and a table that is a variable. */
  expressions(): Record<string, string> {
    const table = tableIn(this.step);
    const chosen = table && this.values()[table];
    const isFrame = table && typeof chosen === 'string' && this.frames.includes(chosen);
    return isFrame ? { ...this.code, [table]: chosen } : { ...this.code };
  }

  /** Whether all values fit; the first that does not gets the focus. */
  isComplete(): boolean {
    const wrong = this.fields.filter(({ name }) => !this.validate(name));
    if (wrong.length) {
      wrong[0].control.focus();
    }
    return !wrong.length;
  }

  /** Say what is wrong beside the fields; false where no field is meant. */
  tell(errors: Record<string, string>): boolean {
    const meant = this.fields.filter(({ name }) => name in errors);
    for (const field of meant) {
      this.mark(field, errors[field.name]);
    }
    return meant.length > 0;
  }

  /** Offer tables: paths, and variables of the kernel. */
  offerTables(paths: string[], frames: string[]): void {
    this.frames = frames.filter(name => !paths.includes(name));
    this.propose(paths);
    const variables = this.frames.map(value =>
      h('option', { value, label: this.trans.__('%1, in the kernel', value) })
    );
    this.tables.replaceChildren(...paths.map(value => h('option', { value })), ...variables);
  }

  /** Where no table is chosen yet, show those that lie near: a click takes one. */
  private propose(paths: string[]): void {
    const field = this.fields.find(({ name }) => name === tableIn(this.step));
    const input = field?.control as HTMLInputElement | undefined;
    this.near.remove();
    if (!field || !(input instanceof HTMLInputElement) || input.value || field.name in this.code) {
      return;
    }
    const offers = paths.slice(0, OFFERED).map(path => {
      const offer = h('button', { type: 'button', class: 'jp-wb-link' }, path);
      offer.addEventListener('click', () => {
        input.value = path;
        this.near.remove();
        input.dispatchEvent(new Event('change', { bubbles: true }));
        input.focus();
      });
      return offer;
    });
    if (offers.length) {
      this.near.replaceChildren(this.trans.__('Here are:'), ...offers);
      input.after(this.near);
    }
  }

  /** Offer the columns of the table. */
  offerColumns(names: string[]): void {
    this.known = names;
    this.columns.replaceChildren(...names.map(value => h('option', { value })));
    for (const { name } of this.fields) {
      if (this.step.schema.properties[name]['x-column']) {
        this.validate(name);
      }
    }
  }

  /** What is called after a file takes its name, until somebody gives another one. */
  private nameAfter(changed: string): void {
    const taken = this.taken;
    for (const { name, control } of changed === tableIn(this.step) ? this.fields : []) {
      const follows = this.step.schema.properties[name]['x-named-after'] === changed;
      if (follows && control instanceof HTMLInputElement && ['', taken].includes(control.value)) {
        control.value = this.nameOfTable();
        this.validate(name);
      }
    }
    this.taken = changed === tableIn(this.step) ? this.nameOfTable() : taken;
  }

  private nameOfTable(): string {
    const table = this.values()[tableIn(this.step) ?? ''];
    return typeof table === 'string' ? nameFrom(table) : '';
  }

  /** Fields behind a line each group of them has; open where any is filled in or wrong. */
  private folded(fields: IField[]): HTMLElement[] {
    const { values, code, errors } = this.given;
    const groupOf = ({ name }: IField) => this.step.schema.properties[name]['x-group'] ?? '';
    return [...new Set(fields.map(groupOf))].map(group => {
      const own = fields.filter(field => groupOf(field) === group);
      const open = own.some(({ name }) => name in values || name in code || name in errors);
      const title = group ? this.trans.__(group) : this.trans.__('More options');
      return h('details', { open }, h('summary', {}, title), ...own.map(field => field.node));
    });
  }

  private field(name: string, property: IProperty): IField {
    if (name in this.code) {
      return this.expression(name, property);
    }
    if (property.items?.enum) {
      return this.checkboxes(name, property, property.items.enum.map(String));
    }
    if (kindsOf(property).includes('array')) {
      return this.several(name, property);
    }
    if (kindsOf(property).includes('boolean')) {
      return this.choice(name, property, property.default === null ? [null, true, false] : [true, false]);
    }
    return property.enum ? this.choice(name, property, property.enum) : this.input(name, property);
  }

  private start(name: string, property: IProperty): JSONValue {
    return this.given.values[name] ?? property.default ?? null;
  }

  /** A parameter that is code: shown, and left alone until somebody wants a value instead. */
  private expression(name: string, property: IProperty): IField {
    const means = this.given.means[name];
    const text = means === undefined ? this.code[name] : `${this.code[name]} = ${JSON.stringify(means)}`;
    const control = h('button', { type: 'button', class: 'jp-wb-link' }, this.trans.__('Use a value'));
    const shown = h('span', { class: 'jp-wb-code' }, h('code', {}, text), control);
    const node = this.labelled(name, property, shown, control);
    const field = { name, node, control, value: () => null };
    control.addEventListener('click', () => {
      delete this.code[name];
      const other = this.field(name, property);
      this.fields[this.fields.indexOf(field)] = other;
      node.replaceWith(other.node);
      other.control.focus();
    });
    return field;
  }

  private checkboxes(name: string, property: IProperty, choices: string[]): IField {
    const start = this.start(name, property);
    const boxes = choices.map(choice =>
      h('input', { type: 'checkbox', name, value: choice, checked: Array.isArray(start) && start.includes(choice) })
    );
    const labels = boxes.map(box => h('label', { class: 'jp-wb-check' }, box, box.value));
    const node = h(
      'fieldset',
      { class: 'jp-wb-field', 'aria-describedby': `${this.id(name)}-help` },
      h('legend', {}, ...this.label(name, property)),
      ...labels,
      ...this.help(name, property)
    );
    return { node, name, control: boxes[0], value: () => boxes.filter(box => box.checked).map(box => box.value) };
  }

  private choice(name: string, property: IProperty, choices: JSONValue[]): IField {
    const start = this.start(name, property);
    const words = (item: JSONValue): string =>
      item === null
        ? this.trans.__('automatic')
        : item === true
          ? this.trans.__('yes')
          : item === false
            ? this.trans.__('no')
            : String(item);
    const sorted = [...choices].sort((a, b) => Number(a !== null) - Number(b !== null));
    const options = sorted.map((item, at) => h('option', { value: String(at), selected: item === start }, words(item)));
    const select = h('select', this.named(name), ...options);
    const value = (): JSONValue => sorted[Number(select.value)] ?? null;
    return { node: this.labelled(name, property, select, select), name, control: select, value };
  }

  /** Several names, each a chip that can be taken away. */
  private several(name: string, property: IProperty): IField {
    const start = this.start(name, property);
    const chosen = Array.isArray(start) ? start.map(String) : [];
    const chips = h('ul', { class: 'jp-wb-chips', 'aria-label': property.title ?? name });
    const input = h('input', {
      ...this.named(name),
      ...this.plain(property),
      placeholder: this.trans.__('Add…')
    });
    const show = (): void =>
      chips.replaceChildren(
        ...chosen.map(item =>
          this.chip(item, () => {
            chosen.splice(chosen.indexOf(item), 1);
            show();
            input.focus();
            input.dispatchEvent(new Event('change', { bubbles: true }));
          })
        )
      );
    const add = (): void => {
      const item = input.value.trim();
      if (item && !chosen.includes(item)) {
        chosen.push(item);
        show();
      }
      input.value = '';
    };
    input.addEventListener('change', add);
    input.addEventListener('input', event => {
      if (!(event instanceof InputEvent) || event.inputType === 'insertReplacementText') {
        add();
      }
    });
    input.addEventListener('keydown', event => {
      if (event.key === 'Enter' && input.value.trim()) {
        event.preventDefault();
        add();
        this.validate(name);
      }
    });
    show();
    const node = this.labelled(name, property, h('div', { class: 'jp-wb-several' }, chips, input), input);
    const value = (): JSONValue => [...chosen, ...(input.value.trim() ? [input.value.trim()] : [])];
    return { node, name, control: input, value };
  }

  private chip(item: string, remove: () => void): HTMLElement {
    const button = h('button', { type: 'button', 'aria-label': this.trans.__('Remove %1', item) }, '×');
    button.addEventListener('click', remove);
    return h('li', {}, h('span', {}, item), button);
  }

  private input(name: string, property: IProperty): IField {
    const kinds = kindsOf(property);
    const numeric = kinds.includes('integer') || kinds.includes('number');
    const start = this.start(name, property);
    const input = h('input', {
      ...this.named(name),
      ...this.plain(property),
      type: numeric ? 'number' : 'text',
      min: property.minimum?.toString(),
      max: property.maximum?.toString(),
      step: kinds.includes('number') ? 'any' : undefined,
      value: start === null ? '' : String(start)
    });
    const unit = property['x-unit'];
    const box = unit ? h('div', { class: 'jp-wb-measured' }, input, h('span', {}, this.trans.__(unit))) : input;
    return { node: this.labelled(name, property, box, input), name, control: input, value: () => read(input, numeric) };
  }

  /** What all inputs for text share. */
  private plain(property: IProperty): Record<string, string | undefined> {
    const list = property['x-table'] ? this.tables.id : property['x-column'] ? this.columns.id : undefined;
    const example = property.examples?.[0];
    const column = property['x-column'] ? this.trans.__('choose a column') : undefined;
    const placeholder = example === undefined ? column : this.trans.__('such as %1', String(example));
    return { list, placeholder, autocomplete: 'off', spellcheck: 'false' };
  }

  private named(name: string): Record<string, string | boolean> {
    const id = this.id(name);
    return { name, id, 'aria-describedby': `${id}-help ${id}-error`, required: this.isRequired(name) };
  }

  private labelled(name: string, property: IProperty, content: HTMLElement, control: HTMLElement): HTMLElement {
    const label = h('label', { for: control.id || undefined }, ...this.label(name, property));
    return h('div', { class: 'jp-wb-field', 'data-name': name }, label, content, ...this.help(name, property));
  }

  private label(name: string, property: IProperty): (Node | string)[] {
    const words = this.trans.__(property.title ?? name);
    return this.isRequired(name) ? [words, h('span', { class: 'jp-wb-required' }, this.trans.__('required'))] : [words];
  }

  /** The line that explains a field, and the one that says what is wrong with it. */
  private help(name: string, property: IProperty): HTMLElement[] {
    const { minimum, maximum } = property;
    const range =
      minimum !== undefined && maximum !== undefined && maximum < ENDLESS
        ? ` ${this.trans.__('%1 to %2.', String(minimum), String(maximum))}`
        : '';
    const text = this.trans.__(property.description ?? '') + range;
    return [
      h('p', { class: 'jp-wb-error', id: `${this.id(name)}-error`, role: 'alert' }),
      h('p', { class: 'jp-wb-help', id: `${this.id(name)}-help` }, text)
    ];
  }

  /** Check one field and say beside it what is wrong. */
  private validate(name: string): boolean {
    const field = this.fields.find(one => one.name === name);
    const told = field ? this.problem(field) : '';
    if (field) {
      this.mark(field, told);
    }
    return !told;
  }

  private problem({ name, value }: IField): string {
    if (name in this.code) {
      return this.given.errors[name] ?? '';
    }
    const property = this.step.schema.properties[name];
    const now = value();
    if (now === null || now === '') {
      return this.isRequired(name) ? this.trans.__('Fill this in.') : '';
    }
    if (typeof now === 'number') {
      return this.range(now, property);
    }
    const unknown =
      property['x-column'] && this.known.length
        ? (Array.isArray(now) ? now : [now]).find(item => !this.known.includes(String(item)))
        : undefined;
    return unknown === undefined ? '' : this.trans.__('The table has no column "%1".', String(unknown));
  }

  private range(now: number, { minimum, maximum, type }: IProperty): string {
    if (Number.isNaN(now) || (!([] as string[]).concat(type ?? []).includes('number') && !Number.isInteger(now))) {
      return this.trans.__('Give a whole number.');
    }
    if (minimum !== undefined && now < minimum) {
      return this.trans.__('Not below %1.', String(minimum));
    }
    return maximum !== undefined && now > maximum ? this.trans.__('Not above %1.', String(maximum)) : '';
  }

  private mark({ name, node, control }: IField, told: string): void {
    control.toggleAttribute('aria-invalid', false);
    if (told) {
      control.setAttribute('aria-invalid', 'true');
    }
    node.classList.toggle('jp-mod-wrong', told !== '');
    const line = node.querySelector(`[id="${this.id(name)}-error"]`);
    if (line && line.textContent !== told) {
      line.textContent = told;
    }
    const folded = node.closest('details');
    if (told && folded) {
      folded.open = true;
    }
  }

  private isRequired(name: string): boolean {
    return this.step.schema.required.includes(name);
  }

  private id(name: string): string {
    return `${this.prefix}-${name}`;
  }

  private readonly near = h('div', { class: 'jp-wb-near' });
  private taken = '';
  private known: string[] = [];
  private frames: string[] = [];
  private readonly prefix: string;
  private readonly code: Record<string, string>;
  private readonly fields: IField[];
  private readonly tables: HTMLDataListElement;
  private readonly columns: HTMLDataListElement;
}

/** The field of a step that holds its table. */
export function tableIn(step: IStep): string | undefined {
  return Object.entries(step.schema.properties).find(([, property]) => property['x-table'])?.[0];
}

/** A name from that of a file: the day, week, month or quarter in it, or all but its endings. */
export function nameFrom(path: string): string {
  const stem = (path.split('/').pop() ?? '').split('.')[0];
  const when = /(?:19|20)\d\d[-_](?:\d\d(?:[-_]\d\d)?|[WQ]\d{1,2})(?!\d)/i.exec(stem)?.[0].replaceAll('_', '-');
  return when ?? stem.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

function kindsOf(property: IProperty): string[] {
  return ([] as string[]).concat(property.type ?? 'string');
}

function read(input: HTMLInputElement, numeric: boolean): JSONValue {
  const text = input.value.trim();
  if (numeric) {
    // A number that the browser can't read is empty to us, and wrong.
    return input.validity.badInput ? NaN : text === '' ? null : Number(text);
  }
  return text === '' ? null : text;
}
