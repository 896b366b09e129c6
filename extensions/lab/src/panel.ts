import type { TranslationBundle } from '@jupyterlab/translation';
import { caretRightIcon, checkIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { h } from './dom';
import { StepForm } from './form';
import { workbenchIcon } from './icon';
import type { WorkbenchModel } from './model';
import { checkServer, inWords } from './request';
import { CommandIDs } from './tokens';
import type { IStep } from './tokens';

/** The rail of steps; the open one shows its form. */
export class WorkbenchPanel extends Widget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super({ node: h('section', { role: 'region', 'aria-label': trans.__('Workbench') }) });
    this.id = 'ml-workbench';
    this.addClass('jp-wb-panel');
    this.title.icon = workbenchIcon;
    this.title.caption = trans.__('Workbench');
    this.node.append(
      h('header', {}, h('h2', {}, trans.__('Workbench')), this.place),
      this.rail, this.message
    );
    model.changed.connect(this.refresh, this);
    void this.load();
  }

  /** Ask for the steps; where there is no server extension, or an older one, say so. */
  async load(): Promise<void> {
    this.tell('');
    try {
      await checkServer(this.trans);
      await this.model.load();
      this.rail.replaceChildren(...this.model.steps.map((step, index) => this.item(step, index + 1)));
      this.open(this.opened || this.model.steps[0].verb);
    } catch (error) {
      this.tell(inWords(error, this.trans));
      const again = h('button', { type: 'button', class: 'jp-mod-styled jp-wb-again' }, this.trans.__('Try again'));
      again.addEventListener('click', () => void this.load());
      this.message.append(again);
    }
  }

  private item(step: IStep, number: number): HTMLElement {
    const body = h('div', { class: 'jp-wb-body', id: `jp-wb-body-${step.verb}`, hidden: true });
    const mark = h('span', { class: 'jp-wb-mark', 'aria-hidden': 'true' }, String(number));
    const state = h('span', { class: 'jp-wb-state' });
    const caret = h('span', { class: 'jp-wb-caret', 'aria-hidden': 'true' });
    caretRightIcon.element({ container: caret, tag: 'span' });
    const button = h(
      'button',
      { type: 'button', class: 'jp-wb-step', 'aria-expanded': 'false', 'aria-controls': body.id },
      mark, h('span', { class: 'jp-wb-title' }, this.trans.__(step.title)), state, caret
    );
    button.addEventListener('click', () => this.open(this.opened === step.verb ? '' : step.verb));
    return h('li', { 'data-step': step.verb }, button, body);
  }

  /** Show the form of one step and fold the others. */
  open(verb: string): void {
    this.opened = verb;
    for (const step of this.model.steps) {
      const body = this.find(step.verb, '.jp-wb-body');
      const isOpen = step.verb === verb;
      this.find(step.verb, 'button').setAttribute('aria-expanded', String(isOpen));
      body.hidden = !isOpen;
      body.replaceChildren(...(isOpen ? this.form(step) : []));
    }
    this.refresh();
  }

  private form(step: IStep): HTMLElement[] {
    const form = new StepForm(step, this.model.values(step.verb), this.trans);
    const button = h('button', { type: 'submit', class: 'jp-mod-styled jp-mod-accept jp-wb-run' });
    form.node.append(button);
    form.node.addEventListener('submit', event => {
      event.preventDefault();
      if (form.isComplete()) {
        void this.insert(step, form);
      }
    });
    void this.offer(form);
    form.node.addEventListener('change', event => {
      if ((event.target as HTMLInputElement).name === 'source') {
        void this.offer(form);
      }
    });
    return [h('p', { class: 'jp-wb-about' }, this.trans.__(step.schema.description)), form.node];
  }

  /** Offer the tables beside the notebook, and the columns of the table in use. */
  private async offer(form: StepForm): Promise<void> {
    const source = form.values().source ?? this.model.values('dataset').source;
    form.offer('tables', await this.model.tables());
    form.offer('columns', await this.model.columns(typeof source === 'string' ? source : ''));
  }

  private async insert(step: IStep, form: StepForm): Promise<void> {
    this.tell('');
    try {
      await this.commands.execute(CommandIDs.insertStep, { step: step.verb, values: form.values() });
      this.lead(step);
    } catch (error) {
      this.tell(inWords(error, this.trans));
    }
  }

  /** After a step has worked out, show the next one if it is still to come and nobody went elsewhere. */
  private lead(from: IStep): void {
    const next = this.model.steps[this.model.steps.indexOf(from) + 1];
    const done = this.model.state(from.verb) === 'done' && this.opened === from.verb;
    if (next && done && this.model.state(next.verb) === 'waiting') {
      this.open(next.verb);
    }
  }

  /** Show where each step stands, without touching what is being typed. */
  private refresh(): void {
    const notebook = this.model.notebook;
    this.place.textContent = notebook ? notebook.title.label : this.trans.__('No notebook is open');
    if (notebook?.id !== this.seen && this.rail.childElementCount) {
      this.seen = notebook?.id;
      this.open(this.opened);
      return;
    }
    for (const step of this.model.steps) {
      if (this.rail.querySelector(`[data-step="${step.verb}"]`)) {
        this.mark(step);
      }
    }
  }

  private mark(step: IStep): void {
    const state = this.model.state(step.verb);
    const item = this.rail.querySelector<HTMLElement>(`[data-step="${step.verb}"]`)!;
    const circle = this.find(step.verb, '.jp-wb-mark');
    const words = { waiting: '', running: this.trans.__('running'), done: this.trans.__('done'), failed: this.trans.__('failed') };
    if (item.dataset.state !== state) {
      item.dataset.state = state;
      circle.replaceChildren(this.symbol(step, state));
      this.find(step.verb, '.jp-wb-state').textContent = words[state];
    }
    const run = this.rail.querySelector(`[data-step="${step.verb}"] .jp-wb-run`);
    if (run) {
      run.textContent = this.model.isWritten(step.verb) ? this.trans.__('Update and run') : this.trans.__('Insert and run');
      run.toggleAttribute('disabled', state === 'running');
    }
  }

  private symbol(step: IStep, state: string): Node {
    const number = String(this.model.steps.indexOf(step) + 1);
    return state === 'done' ? checkIcon.element({ tag: 'span' }) : document.createTextNode(state === 'failed' ? '!' : number);
  }

  private find(verb: string, selector: string): HTMLElement {
    return this.rail.querySelector<HTMLElement>(`[data-step="${verb}"] ${selector}`)!;
  }

  /** Say what went wrong, below the form that is open. */
  private tell(message: string): void {
    this.message.textContent = message;
    const body = this.rail.querySelector(`[data-step="${this.opened}"] .jp-wb-body`);
    (body || this.node).append(this.message);
  }

  private opened = '';
  private seen: string | undefined;
  private readonly place = h('p', { class: 'jp-wb-place' });
  private readonly rail = h('ol', { class: 'jp-wb-rail' });
  private readonly message = h('div', { class: 'jp-wb-message', role: 'status' });
}
