import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt } from '@lumino/coreutils';
import type { JSONValue } from '@lumino/coreutils';

import { h } from './dom';
import type { IProperty, IStep, Values } from './tokens';

/** What is always seen; the rest lies behind "More options". */
const SHOWN = 2;

interface IField {
  readonly node: HTMLElement;
  readonly name: string;
  value(): JSONValue;
}

/** A form for the values of a step, made from its JSON Schema. */
export class StepForm {
  constructor(
    private readonly step: IStep,
    private readonly given: Values,
    private readonly trans: TranslationBundle
  ) {
    const properties = Object.entries(step.schema.properties);
    this.fields = properties.map(([name, property]) => this.field(name, property));
    const [shown, more] = [this.fields.slice(0, SHOWN), this.fields.slice(SHOWN)];
    this.node = h('form', { class: 'jp-wb-form', novalidate: true }, this.tables, this.columns);
    this.node.append(...shown.map(field => field.node));
    if (more.length) {
      const open = more.some(field => field.name in given);
      const nodes = more.map(field => field.node);
      this.node.append(h('details', { open }, h('summary', {}, trans.__('More options')), ...nodes));
    }
  }

  readonly node: HTMLFormElement;

  /** What was filled in; what equals the default is left out. */
  values(): Values {
    const values: Values = {};
    for (const field of this.fields) {
      const value = field.value();
      const usual = this.step.schema.properties[field.name].default ?? null;
      if (value !== null && !JSONExt.deepEqual(value, usual)) {
        values[field.name] = value;
      }
    }
    return values;
  }

  /** The first field that is required and empty gets the focus; false then. */
  isComplete(): boolean {
    const empty = this.step.schema.required.find(name => !(name in this.values()));
    for (const input of this.node.querySelectorAll('input, select')) {
      input.toggleAttribute('aria-invalid', false);
    }
    const input = empty && this.node.querySelector<HTMLElement>(`[name="${empty}"]`);
    if (input) {
      input.setAttribute('aria-invalid', 'true');
      input.focus();
    }
    return !empty;
  }

  /** Offer names to choose from while typing. */
  offer(list: 'tables' | 'columns', names: string[]): void {
    this[list].replaceChildren(...names.map(name => h('option', { value: name })));
  }

  private field(name: string, property: IProperty): IField {
    if (property.items?.enum) {
      return this.checkboxes(name, property, property.items.enum.map(String));
    }
    return property.enum ? this.choice(name, property) : this.input(name, property);
  }

  private start(name: string, property: IProperty): JSONValue {
    return this.given[name] ?? property.default ?? null;
  }

  private checkboxes(name: string, property: IProperty, choices: string[]): IField {
    const start = this.start(name, property);
    const boxes = choices.map(choice =>
      h('input', { type: 'checkbox', name, value: choice, checked: Array.isArray(start) && start.includes(choice) })
    );
    const labels = boxes.map(box => h('label', { class: 'jp-wb-check' }, box, box.value));
    const node = h('fieldset', {}, h('legend', {}, this.label(name)), ...labels, this.help(name, property));
    return { node, name, value: () => boxes.filter(box => box.checked).map(box => box.value) };
  }

  private choice(name: string, property: IProperty): IField {
    const start = this.start(name, property);
    const options = (property.enum ?? []).map(item =>
      h('option', { value: item === null ? '' : String(item), selected: item === start },
        item === null ? this.trans.__('automatic') : String(item))
    );
    options.sort((a, b) => Number(a.value !== '') - Number(b.value !== ''));
    const select = h('select', this.named(name), ...options);
    return { node: this.labelled(name, property, select), name, value: () => select.value || null };
  }

  private input(name: string, property: IProperty): IField {
    const kinds = ([] as string[]).concat(property.type ?? 'string');
    const numeric = kinds.includes('integer') || kinds.includes('number');
    const start = this.start(name, property);
    const input = h('input', {
      ...this.named(name),
      type: numeric ? 'number' : 'text',
      min: property.minimum?.toString(),
      max: property.maximum?.toString(),
      step: kinds.includes('number') ? 'any' : undefined,
      list: this.listOf(name, property, kinds),
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: kinds.includes('array') ? this.trans.__('one, another, …') : undefined,
      value: Array.isArray(start) ? start.join(', ') : start === null ? '' : String(start)
    });
    return { node: this.labelled(name, property, input), name, value: () => read(input, numeric, kinds) };
  }

  private listOf(name: string, property: IProperty, kinds: string[]): string | undefined {
    if (name === 'source') {
      return this.tables.id;
    }
    return property['x-column'] && !kinds.includes('array') ? this.columns.id : undefined;
  }

  private named(name: string): Record<string, string | boolean> {
    return { name, id: this.id(name), 'aria-describedby': this.id(name) + '-help', required: this.isRequired(name) };
  }

  private labelled(name: string, property: IProperty, control: HTMLElement): HTMLElement {
    const label = h('label', { for: this.id(name) }, this.label(name));
    if (this.isRequired(name)) {
      label.append(h('span', { class: 'jp-wb-required' }, this.trans.__('required')));
    }
    return h('div', { class: 'jp-wb-field' }, label, control, this.help(name, property));
  }

  private help(name: string, property: IProperty): HTMLElement {
    return h('p', { class: 'jp-wb-help', id: this.id(name) + '-help' }, this.trans.__(property.description ?? ''));
  }

  private label(name: string): string {
    const unit = this.step.schema.properties[name]['x-unit'];
    const words = name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, ' ');
    return unit && unit !== name ? `${words} (${unit})` : words;
  }

  private isRequired(name: string): boolean {
    return this.step.schema.required.includes(name);
  }

  private id(name: string): string {
    return `jp-wb-${this.step.verb}-${name}`;
  }

  private readonly fields: IField[];
  private readonly tables = h('datalist', { id: 'jp-wb-tables' });
  private readonly columns = h('datalist', { id: 'jp-wb-columns' });
}

function read(input: HTMLInputElement, numeric: boolean, kinds: string[]): JSONValue {
  const text = input.value.trim();
  if (kinds.includes('array')) {
    return text.split(',').map(part => part.trim()).filter(Boolean);
  }
  if (text === '') {
    return null;
  }
  return numeric ? Number(text) : text;
}
