/*
 * What a kernel adds to the page of a fairness: whose groups are compared, and of which answer the rates are told. The
 * page itself comes finished from Python and is readable without this. Names of columns are only ever set as text.
 */

const MOST_SHOWN = 8; // columns beside each other; the others are folded

const say = sentence => sentence;

function render({ model, el }) {
  const told = make('p', { className: 'wb-sub' });
  told.setAttribute('role', 'status');
  const choices = make('div', { className: 'wb wb-choices' }, make('style', { textContent: model.get('rules') }));
  const page = make('div', {});
  const live = { model, el, told, boxes: [] };
  if (model.get('columns').length) {
    choices.append(...columnsOf(live), ...labelsOf(live), codeOf(live), told);
    el.append(choices);
  }
  el.append(page);
  const draw = () => {
    page.innerHTML = model.get('html'); // from the templates, which escape every text of the data
    told.textContent = '';
    rest(live);
  };
  draw();
  model.on('change:html', draw);
  model.on('msg:custom', message => {
    told.textContent = message.text;
    rest(live);
  });
}

/** What stands in the boxes is what is shown, also after a choice that could not be. */
function rest({ model, el, boxes, answer }) {
  el.removeAttribute('aria-busy');
  for (const box of boxes) {
    box.checked = model.get('by').includes(box.value);
  }
  if (answer) {
    answer.value = model.get('label');
  }
}

function ask(live, change) {
  live.el.setAttribute('aria-busy', 'true');
  live.told.textContent = say('Comparing …');
  live.model.send(change);
}

/** A box for each column, in the order in which they are worth a look. */
function columnsOf(live) {
  const boxes = live.model.get('columns').map(name => {
    const box = make('input', { type: 'checkbox', value: name });
    box.addEventListener('change', () => ask(live, { by: live.boxes.filter(one => one.checked).map(one => one.value) }));
    live.boxes.push(box);
    return make('label', {}, box, ` ${name}`);
  });
  const shown = make('fieldset', {}, make('legend', { textContent: say('Groups of') }), ...boxes.slice(0, MOST_SHOWN));
  const more = boxes.slice(MOST_SHOWN);
  if (more.length) {
    const open = live.boxes.slice(MOST_SHOWN).some(box => live.model.get('by').includes(box.value));
    shown.append(make('details', { open }, make('summary', { textContent: say('More columns') }), ...more));
  }
  return [shown];
}

/** Of which answer the rates are told, where there are several. */
function labelsOf(live) {
  const labels = live.model.get('labels');
  if (!labels.length) {
    return [];
  }
  live.answer = make('select', {}, ...labels.map((text, value) => make('option', { value, textContent: text })));
  live.answer.addEventListener('change', () => ask(live, { label: Number(live.answer.value) }));
  return [make('label', { className: 'wb-sub' }, say('Rates of the answer '), live.answer)];
}

/** The code that makes what is shown, with what costs more time, and keeps it with the run. */
function codeOf({ model }) {
  const code = make('pre', { tabIndex: 0 });
  const show = () => (code.textContent = model.get('code'));
  show();
  model.on('change:code', show);
  return make('div', { className: 'wb-cure' }, code, ...codeButtons(() => model.get('code')));
}
