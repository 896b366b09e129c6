/*
 * The page of an explanation with a kernel behind it: every row, values that can be turned, and panels that Python
 * draws. Functions of `explanation.js` stand above this one in the widget's module.
 */

function render({ model, el }) {
  const live = { model, el };
  const draw = () => {
    el.innerHTML = model.get('html'); // from the templates, which escape every text of the data
    Object.assign(live, { view: null, fields: null, panels: null, panel: null, said: null, asked: 0, waiting: null });
    live.view = enhance(el.firstElementChild, liveKernel(live));
    addLabels(live);
    addTurning(live);
    addPanels(live);
    live.view.kernel.chosen(live.view.current);
  };
  draw();
  model.on('change:html', draw);
  model.on('msg:custom', message => heard(live, message));
}

/** Of several classes each can be shown. */
function addLabels({ model, el, view }) {
  const labels = model.get('labels');
  if (labels.length < 2) {
    return;
  }
  const choice = make('select', {}, ...labels.map((label, value) => make('option', { value, textContent: label })));
  choice.value = model.get('label');
  choice.addEventListener('change', () => {
    el.setAttribute('aria-busy', 'true');
    model.send({ kind: 'label', label: Number(choice.value) });
  });
  view.root.querySelector('.wb-head').append(make('label', { className: 'wb-sub' }, `${say('Class')} `, choice));
}

/** What the page asks of Python. */
function liveKernel(live) {
  const { model } = live;
  const ask = (kind, asked) => {
    live.el.setAttribute('aria-busy', 'true');
    model.send({ kind, ...asked });
  };
  return {
    ask,
    cell: (column, x, y, what) => ask('cell', { column, x, y, what }),
    find: text => ask('find', { text }),
    row: at => ask('row', { at }),
    chosen: row => row && turnTo(live, row),
    column: () => {
      if (live.view) {
        besideChosen(live);
        refresh(live, 'column');
      }
    }
  };
}

function heard(live, message) {
  live.el.removeAttribute('aria-busy');
  const { view } = live;
  const rows = (message.rows ?? []).map(packed => unpacked(packed, { ...view.data, texts: message.texts }));
  rows.forEach(row => view.known.set(row.row, row));
  const answers = {
    cell: () => list(view, null, rows, say('#1 rows: %2', count(rows.length), message.what)),
    found: () => message.what === view.sought && showFound(view, rows, message.what, view.data.total),
    progress: () => showProgress(live, message),
    row: () => {
      view.note.textContent = '';
      chooseRow(view, rows[0]);
    },
    error: () => ((live.said ?? view.note).textContent = message.text),
    turned: () => turned(live, message),
    panel: () => showPanel(live, message),
    changes: () => showChanges(live, message)
  };
  answers[message.kind]?.();
}

/* Values that can be turned: each change goes to the model's tables, and the steps follow. */

function addTurning(live) {
  const controls = live.model.get('controls');
  if (!controls.length) {
    return;
  }
  live.changes = {};
  live.fields = new Map(controls.map(control => [control.column, turnField(live, control)]));
  const [first, more] = [controls.slice(0, 12), controls.slice(12)].map(some => some.map(one => live.fields.get(one.column).label));
  const back = make('button', { type: 'button', textContent: say('Back to the row') });
  back.addEventListener('click', () => turnTo(live, live.view.current));
  live.back = back;
  live.said = make('p', { className: 'wb-sub wb-turned' });
  live.said.setAttribute('role', 'status');
  const find = make('button', { type: 'button', textContent: say('Find the smallest changes') });
  find.addEventListener('click', () => findChanges(live));
  live.found = make('ul', { className: 'wb-changes' });
  live.found.setAttribute('aria-label', say('Changes that turn the answer'));
  const turns = make('div', { className: 'wb-turns' }, ...first);
  const further = more.length ? [make('details', {}, make('summary', { textContent: say('#1 more columns', more.length) }), make('div', { className: 'wb-turns' }, ...more))] : [];
  const head = make('h4', {}, say('What if'), ' ', make('span', { className: 'wb-faint', textContent: say('this row were another: the steps above follow; a mark keeps a column when changes are looked for') }));
  const tools = make('div', { className: 'wb-picks' }, back, find);
  live.panel = make('div', { className: 'wb-live' }, head, turns, ...further, tools, live.found);
  live.view.root.querySelector('.wb-one').after(live.panel);
  live.view.root.querySelector('.wb-said').after(live.said);
}

function turnField(live, control) {
  const shown = make('output', {});
  const field = make('span', { className: 'wb-turn-field' });
  const name = make('span', { className: 'wb-name', textContent: control.column, title: control.column });
  const keep = make('input', { type: 'checkbox', title: say('Keep it when changes are looked for') });
  keep.setAttribute('aria-label', say('Keep %1', control.column));
  const label = make('div', { className: 'wb-turn' }, name, field, shown, keep);
  const input = { range: rangeInput, choice: choiceInput, 'yes or no': choiceInput, date: dateInput, text: textInput }[control.kind](control);
  field.append(input.element);
  input.element.setAttribute('aria-label', control.column);
  input.element.addEventListener('input', () => {
    live.changes[control.column] = input.value();
    shown.textContent = control.kind === 'range' ? plainNumber(input.value()) : '';
    label.classList.add('wb-changed');
    turn(live);
  });
  return { label, shown, input, control, keep };
}

function rangeInput({ minimum, maximum, step }) {
  const element = make('input', { type: 'range', min: minimum, max: maximum, step: step ?? 'any' });
  return {
    element,
    value: () => Number(element.value),
    show: value => {
      // What lies outside the usual range keeps its place, and a step must not move it.
      const [low, high] = [Math.min(minimum, value ?? minimum), Math.max(maximum, value ?? maximum)];
      Object.assign(element, { min: low, max: high, step: 'any', value: value ?? minimum });
      element.step = value !== null && Math.abs((value - low) / (step || 1) - Math.round((value - low) / (step || 1))) > 1e-9 ? 'any' : step ?? 'any';
    }
  };
}

function choiceInput({ kind, choices, missing_allowed: missing }) {
  const values = kind === 'choice' ? choices : [true, false];
  const options = [...values, ...(missing ? [null] : [])];
  const option = value => make('option', { value: JSON.stringify(value), textContent: value === null ? say('missing') : kind === 'choice' ? value : say(String(value)) });
  const element = make('select', {}, ...options.map(option));
  return {
    element,
    value: () => JSON.parse(element.value),
    show: value => {
      const key = JSON.stringify(value);
      if (![...element.options].some(one => one.value === key)) {
        element.append(option(value));
      }
      element.value = key;
    }
  };
}

function dateInput() {
  const element = make('input', { type: 'datetime-local' });
  return { element, value: () => element.value || null, show: value => (element.value = value ? value.slice(0, 16) : '') };
}

function textInput() {
  const element = make('input', { type: 'text' });
  return { element, value: () => element.value || null, show: value => (element.value = value ?? '') };
}

function plainNumber(value) {
  const style = { maximumSignificantDigits: 6, useGrouping: Math.abs(value) >= 10000 };
  return value === null ? say('missing') : value.toLocaleString(LANGUAGE ?? 'en', style).replace('-', '−');
}

/** Another row is shown: nothing is turned yet. */
function turnTo(live, row) {
  live.model.send({ kind: 'start', row: row.row });
  refresh(live, 'row');
  if (!live.fields) {
    return;
  }
  live.changes = {};
  live.found.replaceChildren();
  live.said.textContent = '';
  drawSteps(live.view, live.view.root.querySelector('.wb-fall'), row);
}

/** Ask for the answer; while one is under way only the newest change waits. */
function turn(live) {
  if (live.waiting !== null) {
    live.again = true;
    return;
  }
  live.waiting = ++live.asked;
  live.model.send({ kind: 'turn', row: live.view.current.row, changes: live.changes, asked: live.asked });
}

function turned(live, message) {
  live.waiting = null;
  live.view.tell(message.sentences);
  if (message.start) {
    for (const { control, label, shown, input } of live.fields?.values() ?? []) {
      const value = message.start[control.column] ?? null;
      input.show(value);
      shown.textContent = control.kind === 'range' ? plainNumber(value) : '';
      label.classList.remove('wb-changed');
    }
    return;
  }
  if (live.again) {
    live.again = false;
    turn(live);
  }
  const { view } = live;
  const kinds = view.data.kinds;
  const told = (column, given) => (given === null ? say('missing') : kinds[column] === 'c' ? given : kinds[column] === 'f' ? say(given) : localNumber(given));
  const steps = message.steps.map(([column, added, given]) => ({ column, added, given: told(column, given) }));
  if (steps.length) {
    const data = { ...view.data, base: message.base, unit: message.unit };
    drawSteps({ data }, view.root.querySelector('.wb-fall'), { steps, output: message.output, others: 0, rest: 0 });
  }
  live.said.textContent = answered(message.told);
}

/** The new answer beside that of the row as it is. */
function answered({ label, prediction, answered: decided, unit, before, flags }) {
  const shown = value => (label === null ? number(value) : percent(value));
  const instead = before === null ? '' : say(' instead of #1', shown(before));
  const what = label === null ? say('Predicted #1 @2', shown(prediction), unit) : say('Predicted #1 %2', shown(prediction), label);
  const then = label === null ? '' : say('; answered %1', decided);
  const unusual = flags.length ? ` ${say('Unusual: %1.', flags.map(([kind, name]) => `${word(kind)}: ${name}`).join(', '))}` : '';
  return `${what}${instead}${then}.${unusual}`;
}

/* The smallest changes that turn the answer. */

function findChanges(live) {
  live.found.replaceChildren(make('li', { className: 'wb-waits', textContent: say('Looking …') }));
  const kept = [...live.fields].filter(([, { keep }]) => keep.checked).map(([column]) => column);
  live.model.send({ kind: 'changes', row: live.view.current.row, immutable: kept });
}

function showChanges(live, { found, wanted, nearest }) {
  const lines = found.map(way => {
    const [told, { changes }] = [wayTold(way), way];
    const take = make('button', { type: 'button', textContent: say('Show') });
    take.setAttribute('aria-label', say('Show: %1', told));
    take.addEventListener('click', () => takeChanges(live, changes));
    return make('li', {}, take, ' ', told);
  });
  live.found.replaceChildren(...lines);
  const none = [say('No way to @1 with so few changes.', wanted), nearest ? say('The nearest: %1.', wayTold(nearest)) : ''].join(' ');
  live.said.textContent = found.length ? say('#1 ways to @2, the smallest first.', found.length, wanted) : none;
}

/** What changes, and what is answered then. */
function wayTold({ steps, answered: answer, probability }) {
  const told = value => (typeof value === 'number' || value === null ? plainNumber(value) : typeof value === 'boolean' ? say(String(value)) : value);
  const sure = probability === null ? '' : ` (${percent(probability)})`;
  return `${steps.map(([column, before, after]) => `${column} ${told(before)} → ${told(after)}`).join(', ')}: ${told(answer)}${sure}`;
}

function takeChanges(live, changes) {
  live.changes = { ...changes };
  for (const [column, value] of Object.entries(changes)) {
    const field = live.fields.get(column);
    field?.input.show(value);
    if (field) {
      field.shown.textContent = field.control.kind === 'range' ? plainNumber(value) : '';
      field.label.classList.add('wb-changed');
    }
  }
  turn(live);
}

/* Panels that Python draws when they are opened, and anew when another row or column is chosen. */

function addPanels(live) {
  live.panels = live.model.get('panels').map(([name, title, about]) => {
    const place = make('div', { className: 'wb-panel' });
    const details = make('details', { className: 'wb-more' }, make('summary', { textContent: say(title) }), place);
    const panel = { name, about, details, place };
    if (name === 'joint') {
      addBeside(live, panel);
    }
    details.addEventListener('toggle', () => details.open && askPanel(live, panel));
    return panel;
  });
  const of = about => live.panels.filter(panel => panel.about === about).map(panel => panel.details);
  live.view.root.querySelector('.wb-acts')?.after(...of('column'), ...of('all'));
  (live.panel ?? live.view.root.querySelector('.wb-one'))?.after(...of('row'));
}

/** The second column of a heat map: that which colours the first one's cells, or one that is chosen. */
function addBeside(live, panel) {
  const { features } = live.view.data;
  panel.choice = make('select', {}, ...features.map((name, value) => make('option', { value, textContent: name })));
  panel.choice.setAttribute('aria-label', say('The other column'));
  panel.choice.addEventListener('change', () => askPanel(live, panel));
  panel.place.before(make('label', { className: 'wb-sub' }, `${say('With')} `, panel.choice));
  live.joint = panel;
  besideChosen(live);
}

function besideChosen(live) {
  const { data, clouds, column } = live.view;
  const by = data.features.indexOf(clouds.get(column)?.by);
  const other = data.drawn.find(at => at !== column) ?? data.features.findIndex((_, at) => at !== column);
  if (live.joint) {
    live.joint.choice.value = by < 0 ? other : by;
    [...live.joint.choice.options].forEach((option, at) => (option.disabled = at === column));
  }
}

function refresh(live, about) {
  (live.panels ?? []).filter(panel => panel.about === about && panel.details.open).forEach(panel => askPanel(live, panel));
}

function askPanel(live, { name, place, choice }) {
  if (!place.hasChildNodes()) {
    place.textContent = say('Asking the model …');
  }
  const beside = choice ? Number(choice.value) : null;
  live.view.kernel.ask('panel', { name, row: live.view.current?.row ?? null, column: live.view.column, beside });
}

/** How far something long has come, and a button that calls it off. */
function showProgress(live, { name, done }) {
  const place = name === 'changes' ? live.found : live.panels.find(panel => panel.name === name).place;
  let bar = place.querySelector('progress');
  if (!bar) {
    bar = make('progress', { max: 1 });
    bar.setAttribute('aria-label', say('How far it has come'));
    const stop = make('button', { type: 'button', textContent: say('Cancel') });
    stop.addEventListener('click', () => {
      live.model.send({ kind: 'cancel', name });
      place.replaceChildren(...(name === 'changes' ? [] : [say('Called off. Choose again to ask anew.')]));
    });
    place.replaceChildren(make(name === 'changes' ? 'li' : 'p', { className: 'wb-waits' }, `${say('Asking the model …')} `, bar, ' ', stop));
  }
  if (done !== null) {
    bar.value = Math.max(done, bar.value || 0);
  }
}

function showPanel(live, { name, html }) {
  const { place } = live.panels.find(panel => panel.name === name);
  place.innerHTML = html; // from the templates, as the page is
  translate(place, LABELS);
  place.querySelectorAll('.wb-findings').forEach(found => (found.lang = 'en'));
  place.querySelectorAll('.wb-heatmap').forEach(addHeatReading);
  for (const head of place.querySelectorAll('[data-go]')) {
    const go = make('button', { type: 'button', className: 'wb-link', textContent: head.textContent });
    go.addEventListener('click', () => goTo(live.view, Number(head.dataset.go)));
    head.replaceChildren(go);
  }
}

/* A heat map is read by pointer and arrow keys. */

function addHeatReading(svg) {
  const [left, top, wide, tall] = svg.dataset.plane.split(' ').map(Number);
  const [names, kinds, grids, values, counts] = ['columns', 'kinds', 'grids', 'values', 'counts'].map(name => JSON.parse(svg.dataset[name]));
  const given = (axis, at) => (kinds[axis] === 'category' ? grids[axis][at] : word(grids[axis][at]));
  const last = [grids[0].length - 1, grids[1].length - 1];
  const mark = svgElement('rect', { class: 'wb-at', width: wide, height: tall });
  const said = make('output', { textContent: say('The arrow keys read the cells.') });
  said.setAttribute('aria-live', 'polite');
  svg.after(said);
  svg.append(mark);
  mark.style.display = 'none';
  Object.entries({ tabindex: 0, role: 'application', 'aria-roledescription': say('chart') }).forEach(([name, value]) => svg.setAttribute(name, value));
  let here = [0, 0];
  const read = (down, across) => {
    here = [Math.min(Math.max(down, 0), last[0]), Math.min(Math.max(across, 0), last[1])];
    mark.style.display = '';
    mark.setAttribute('x', left + here[1] * wide);
    mark.setAttribute('y', top + here[0] * tall);
    const value = localNumber(values[here[0]][here[1]]);
    said.textContent = say('%1 %2, %3 %4: #5, #6 rows', names[0], given(0, here[0]), names[1], given(1, here[1]), value, count(counts[here[0]][here[1]]));
  };
  svg.addEventListener('pointermove', event => {
    const [x, y] = inPlane(svg, event);
    read(Math.floor((y - top) / tall), Math.floor((x - left) / wide));
  });
  svg.addEventListener('focus', () => svg.matches(':focus-visible') && read(...here));
  svg.addEventListener('keydown', event => {
    const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (way) {
      event.preventDefault();
      read(here[0] + way[0], here[1] + way[1]);
    }
  });
}
