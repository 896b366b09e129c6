import type { TranslationBundle } from '@jupyterlab/translation';
import { caretRightIcon, checkIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { JSONExt } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

import { h, part, set } from './dom';
import { StepForm, tableIn } from './form';
import { workbenchIcon } from './icon';
import type { WorkbenchModel } from './model';
import { checkServer, inWords, Refusal } from './request';
import { CommandIDs } from './tokens';
import type { IPlace, IStep, StepState, Told, Values } from './types';

const NO_PLACE = { values: {}, code: {}, means: {}, errors: {}, kept: {}, edited: false, cell: null };

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
    this.advance.addEventListener('click', () => void this.attempt(() => this.follow()));
    this.next.append(this.reason, this.advance);
    this.node.append(
      h('header', {}, h('h2', {}, trans.__('Workbench')), this.place),
      this.next,
      this.rail,
      this.message
    );
    model.changed.connect(this.refresh, this);
    void this.load();
  }

  /** Ask for the steps; where there is no server extension, or an older one, say so. */
  async load(): Promise<void> {
    this.tell('');
    try {
      const steps = this.model.load();
      steps.catch(() => undefined); // the check says better what is missing
      await checkServer(this.trans);
      await steps;
      this.rail.replaceChildren(...this.model.steps.map((step, index) => this.item(step, index + 1)));
      this.open(this.opened || (this.model.next?.verb ?? this.model.steps[0].verb));
    } catch (error) {
      this.tell(inWords(error, this.trans));
      const again = h('button', { type: 'button', class: 'jp-mod-styled jp-wb-again' }, this.trans.__('Try again'));
      again.addEventListener('click', () => void this.load());
      this.message.append(again);
    }
  }

  /** Show the form of one step and fold the others. */
  open(verb: string): void {
    const held = this.rail.contains(document.activeElement);
    this.opened = verb;
    this.form = null;
    for (const step of this.rail.childElementCount ? this.model.steps : []) {
      const isOpen = step.verb === verb;
      const body = this.find(step.verb, '.jp-wb-body');
      this.find(step.verb, 'button').setAttribute('aria-expanded', String(isOpen));
      body.hidden = !isOpen;
      body.replaceChildren();
    }
    this.refresh();
    if (held && !this.rail.contains(document.activeElement)) {
      this.rail.querySelector<HTMLElement>(`[data-step="${verb}"] button`)?.focus();
    }
  }

  /** Who comes by a key goes on by keys. */
  protected onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      const steps = this.opened ? `[data-step="${this.opened}"] .jp-wb-step` : '.jp-wb-step';
      this.node.querySelector<HTMLElement>(`${steps}, .jp-wb-again`)?.focus();
    }
  }

  /** Add a part below the steps. */
  append(part: HTMLElement): void {
    this.node.append(part);
  }

  private item(step: IStep, number: number): HTMLElement {
    const body = h('div', { class: 'jp-wb-body', id: `jp-wb-body-${step.verb}`, hidden: true });
    const mark = h('span', { class: 'jp-wb-mark', 'aria-hidden': 'true' }, String(number));
    const caret = h('span', { class: 'jp-wb-caret', 'aria-hidden': 'true' });
    caretRightIcon.element({ container: caret, tag: 'span' });
    const words = h(
      'span',
      { class: 'jp-wb-words' },
      h('span', { class: 'jp-wb-title' }, this.trans.__(step.title)),
      h('span', { class: 'jp-wb-headline' })
    );
    const button = h(
      'button',
      { type: 'button', class: 'jp-wb-step', 'aria-expanded': 'false', 'aria-controls': body.id },
      mark,
      words,
      h('span', { class: 'jp-wb-state' }),
      caret
    );
    button.addEventListener('click', () => this.open(this.opened === step.verb ? '' : step.verb));
    return h('li', { 'data-step': step.verb }, button, this.notice(step), body);
  }

  /** The line below a step that is out of date or at work, with what can be done about it. */
  private notice(step: IStep): HTMLElement {
    const act = h('button', { type: 'button', class: 'jp-wb-link' });
    act.addEventListener(
      'click',
      () =>
        void this.attempt(() =>
          this.model.state(step.verb) === 'running' ? this.model.stop() : this.model.refresh(step.verb)
        )
    );
    return h('div', { class: 'jp-wb-notice', hidden: true }, h('span', {}), act);
  }

  /** Do the next sensible step, and show the one after it. */
  private async follow(): Promise<void> {
    if (this.model.isBusy) {
      return;
    }
    const next = this.model.next;
    if (next?.job) {
      await this.commands.execute(CommandIDs.makeJob);
    } else if (next?.acts.length || next?.refresh) {
      await this.model.advance();
      this.lead(next.verb);
    } else if (next) {
      this.open(next.verb);
      this.model.reveal(next.verb);
    } else if (!this.model.notebook) {
      await this.commands.execute(CommandIDs.open);
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.tell('');
    try {
      await work();
    } catch (error) {
      const told = error instanceof Refusal && this.form?.tell(error.fields);
      this.tell(told ? '' : inWords(error, this.trans));
    }
  }

  /** After a step has worked out, show the next one if it is still to come and nobody went elsewhere. */
  private lead(from: string): void {
    const next = this.model.next;
    const done = this.model.state(from) === 'done' && [from, ''].includes(this.opened);
    if (next && done && next.verb !== this.opened && this.model.state(next.verb) === 'waiting') {
      const focus = this.node.contains(document.activeElement) || document.activeElement === document.body;
      this.open(next.verb);
      if (focus) {
        this.find(next.verb, 'button').focus();
      }
    }
  }

  /** Show where each step stands, without touching what is being typed. */
  private refresh(): void {
    const notebook = this.model.notebook;
    set(this.place, notebook ? notebook.title.label : this.trans.__('No notebook is open'));
    if (!this.rail.childElementCount) {
      return;
    }
    this.node.setAttribute('aria-busy', String(this.model.isBusy));
    this.node.querySelector('.jp-wb-make')?.toggleAttribute('disabled', !notebook);
    this.advise();
    this.model.steps.forEach((step, index) => {
      this.mark(step, index + 1);
    });
    const step = this.model.steps.find(one => one.verb === this.opened);
    if (step) {
      this.fill(step);
    }
  }

  private advise(): void {
    const next = this.model.notebook ? this.model.next : null;
    const running = this.model.steps.find(step => this.model.state(step.verb) === 'running');
    // While it works there is no advice. The card stays, so that what lies below does not move, and so does the
    // button where somebody has pressed it.
    const held = this.model.isBusy && this.next.contains(document.activeElement);
    this.next.hidden = this.model.notebook !== null && !next && !running && !held;
    if (!this.model.notebook) {
      set(this.reason, this.trans.__('The steps are written into a notebook'));
      set(this.advance, this.trans.__('New notebook'));
      this.advance.hidden = false;
      this.advance.setAttribute('aria-disabled', 'false');
    } else if (running) {
      set(this.reason, this.trans.__('%1 is running', this.trans.__(running.title)));
      this.advance.hidden = !held;
      this.advance.setAttribute('aria-disabled', 'true');
    } else if (next) {
      set(this.reason, this.say(next.reason));
      set(this.advance, next.button.length ? this.say(next.button) : this.trans.__('Show'));
      this.advance.hidden = !next.button.length && next.verb === this.opened;
      this.advance.setAttribute('aria-disabled', String(this.model.isBusy));
    } else if (held) {
      this.advance.setAttribute('aria-disabled', 'true');
    }
  }

  private mark(step: IStep, number: number): void {
    const state = this.model.state(step.verb);
    const place = this.model.place(step.verb);
    const item = part(this.rail, `[data-step="${step.verb}"]`);
    if (item.dataset.state !== state) {
      item.dataset.state = state;
      this.find(step.verb, '.jp-wb-mark').replaceChildren(symbol(state, number));
    }
    item.toggleAttribute('data-edited', place?.edited ?? false);
    const word = this.find(step.verb, '.jp-wb-state');
    const ran = ['done', 'stale'].includes(state);
    const isLeft = step.optional && state === 'waiting';
    set(word, isLeft ? this.trans.__('optional') : this.word(state));
    word.classList.toggle('jp-wb-unseen', ran);
    const headline = ran ? (place?.headline ?? '') : '';
    set(this.find(step.verb, '.jp-wb-headline'), place?.edited ? this.trans.__('edited by hand') : headline);
    this.remark(step, place);
  }

  private remark(step: IStep, place: IPlace | undefined): void {
    const notice = this.find(step.verb, '.jp-wb-notice');
    const state = place?.state ?? 'waiting';
    notice.hidden = state !== 'running' && (state !== 'stale' || this.model.isBusy);
    if (!notice.hidden) {
      const stale = state === 'stale';
      set(part(notice, 'span'), stale ? this.trans.__('Out of date: %1', this.say(place?.because ?? [])) : '');
      set(part(notice, 'button'), stale ? this.trans.__('Run from here') : this.trans.__('Stop'));
    }
  }

  private word(state: StepState): string {
    return {
      waiting: '',
      running: this.trans.__('running'),
      done: this.trans.__('done'),
      stale: this.trans.__('out of date'),
      failed: this.trans.__('failed')
    }[state];
  }

  /** Fill the open step, anew if what stands in its cell is not what its form says. */
  private fill(step: IStep): void {
    const place = this.model.place(step.verb) ?? NO_PLACE;
    const { code, means, errors, kept, edited, cell } = place;
    const values = this.model.values(step.verb);
    const seen: Seen = JSON.parse(
      JSON.stringify({ of: this.model.notebook?.id, values, code, means, errors, kept, edited, cell })
    );
    const form = this.form;
    const says = form && { values: form.values(), code: form.expressions() };
    const agrees =
      says && JSONExt.deepEqual(says, { values: without(values, code), code }) && edited === this.seen?.edited;
    const typing = form?.node.contains(document.activeElement) && document.activeElement?.matches('input, select');
    if (!form || (!JSONExt.deepEqual(seen, this.seen) && !agrees && !(typing && this.seen?.of === seen.of))) {
      this.build(step, { values: { ...values, ...this.entered(seen) }, code, means, errors }, place);
    }
    this.seen = seen;
    const run = this.find(step.verb, '.jp-wb-run') as HTMLButtonElement;
    set(run, this.model.isWritten(step.verb) ? this.trans.__('Update and run') : this.trans.__('Insert and run'));
    // Not "disabled": that would take the focus away from who pressed it.
    run.setAttribute('aria-disabled', String(this.model.isBusy || this.model.state(step.verb) === 'running'));
    this.find(step.verb, '.jp-wb-show').hidden = !cell;
  }

  /**
   * What a person filled in that stands in no cell yet, but for what a cell says anew.
   *
   * The first look at a notebook may come late: it takes nothing from who was quicker.
   */
  private entered({ of, values, code }: Seen): Values {
    const before = this.seen;
    if (!this.form || !before || ![of, undefined].includes(before.of)) {
      return {};
    }
    const now = this.form.values();
    const names = Object.keys(now).filter(
      name => !(name in code) && differs(now, before.values, name) && !differs(values, before.values, name)
    );
    return Object.fromEntries(names.map(name => [name, now[name]]));
  }

  private build(
    step: IStep,
    given: Pick<IPlace, 'values' | 'code' | 'means' | 'errors'>,
    place: Pick<IPlace, 'kept' | 'edited'>
  ): void {
    const form = new StepForm(step, given, this.trans);
    this.form = form;
    const run = h('button', { type: 'submit', class: 'jp-mod-styled jp-mod-accept jp-wb-run' });
    const show = h('button', { type: 'button', class: 'jp-wb-link jp-wb-show' }, this.trans.__('Show its cell'));
    show.addEventListener('click', () => this.model.reveal(step.verb));
    form.node.append(h('div', { class: 'jp-wb-acts' }, run, show));
    form.node.addEventListener('submit', event => {
      event.preventDefault();
      if (run.ariaDisabled !== 'true' && form.isComplete()) {
        void this.attempt(() => this.insert(step, form));
      }
    });
    form.node.addEventListener('change', event => {
      if ((event.target as HTMLInputElement).name === tableIn(step)) {
        void this.offer(form);
      }
    });
    const about = h('p', { class: 'jp-wb-about' }, this.trans.__(step.schema.description));
    const body = this.find(step.verb, '.jp-wb-body');
    const held = body.contains(document.activeElement);
    const { name = '' } = document.activeElement as HTMLInputElement;
    body.replaceChildren(about, ...this.remarks(place), form.node);
    if (held) {
      (form.node.querySelector<HTMLElement>(`[name="${name}"]`) ?? run).focus({ preventScroll: true });
    }
    void this.offer(form);
  }

  /** What the form can't show of a cell. */
  private remarks({ kept, edited }: Pick<IPlace, 'kept' | 'edited'>): HTMLElement[] {
    const others = Object.entries(kept)
      .map(([name, text]) => `${name}=${text}`)
      .join(', ');
    const told = edited
      ? this.trans.__('This cell was edited by hand. It stays as it is; the button writes a new one below.')
      : others
        ? this.trans.__('Kept as it is written: %1', others)
        : '';
    return told ? [h('p', { class: 'jp-wb-remark' }, told)] : [];
  }

  /** Offer the tables beside the notebook and in the kernel, and the columns of the form's table, or of the dataset. */
  private async offer(form: StepForm): Promise<void> {
    form.offerTables(await this.model.tables(), this.model.frames);
    const own = tableIn(this.step(this.opened));
    const place = this.model.place(own ? this.opened : 'dataset');
    const table = own ?? 'source';
    const code = own ? form.expressions()[own] : place?.code.source;
    const source = own ? form.values()[own] : place?.values.source;
    const means = code === undefined ? undefined : place?.means[table];
    const path = typeof means === 'string' ? means : typeof source === 'string' ? source : '';
    const columns = await this.model.columns(path, typeof means === 'string' ? undefined : code);
    if (form === this.form) {
      const first = this.model.place(this.opened)?.offered ?? [];
      form.offerColumns([...new Set([...first.filter(name => columns.includes(name)), ...columns])]);
    }
  }

  private async insert(step: IStep, form: StepForm): Promise<void> {
    const [values, code] = [form.values(), form.expressions()];
    if (!this.model.notebook) {
      await this.commands.execute(CommandIDs.open);
    }
    await this.model.insert(step.verb, values, code);
    this.lead(step.verb);
  }

  /** A sentence of the server in the person's language. */
  private say([text = '', ...parts]: Told): string {
    return this.trans.__(text, ...parts);
  }

  private step(verb: string): IStep {
    return this.model.steps.find(step => step.verb === verb) ?? this.model.steps[0];
  }

  private find(verb: string, selector: string): HTMLElement {
    return part(this.rail, `[data-step="${verb}"] ${selector}`);
  }

  /** Say what went wrong, below the form that is open. */
  private tell(message: string): void {
    set(this.message, message);
    const body = this.rail.querySelector(`[data-step="${this.opened}"] .jp-wb-body`);
    (body || this.node).append(this.message);
  }

  private opened = '';
  private form: StepForm | null = null;
  private seen: Seen | null = null;
  private readonly place = h('p', { class: 'jp-wb-place' });
  private readonly reason = h('p', { role: 'status' });
  private readonly advance = h('button', { type: 'button', class: 'jp-mod-styled jp-mod-accept' });
  private readonly next = h('div', { class: 'jp-wb-next', hidden: true });
  private readonly rail = h('ol', { class: 'jp-wb-rail' });
  private readonly message = h('div', { class: 'jp-wb-message', role: 'status' });
}

/** What the open form was last compared with. */
type Seen = { of?: string; edited: boolean; values: Values; code: Record<string, string> };

function differs(one: Values, other: Values, name: string): boolean {
  return !JSONExt.deepEqual(one[name] ?? null, other[name] ?? null);
}

function symbol(state: StepState, number: number): Node {
  const text = state === 'failed' ? '!' : state === 'stale' ? '↻' : String(number);
  return state === 'done' ? checkIcon.element({ tag: 'span' }) : document.createTextNode(text);
}

/** Values without those that are expressions. */
function without<T extends object>(values: T, code: object): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !(name in code))) as Partial<T>;
}
