/*
 * What a script adds to the page of a profile: search, sorting, moving by keys, reading of histograms, copying.
 * The page itself comes finished from Python and is readable without this. One file for the HTML view and the widget:
 * the HTML calls `enhance(root)`, the widget `enhance(root, kernel)`. Texts of the data are only ever set as
 * `textContent`, never as markup.
 * The language is chosen and put in by language.js, from `profile.*.json`.
 */

const WIDTH = 200; // of a histogram's own units, as in profile_drawings.py
const HEIGHT = 80;

/** Make the view inside `root` searchable, sortable and readable by pointer and keys; a second call does nothing. */
function enhance(root, kernel = null) {
  if (root.dataset.ready) {
    return;
  }
  root.dataset.ready = 'yes';
  root.dataset.lmSuppressShortcuts = 'true'; // a key in the search must not delete a cell of the notebook
  const view = { root, kernel, rows: readRows(root) };
  translatePage(view);
  view.count = addTools(view);
  addSorting(view);
  addArrowKeys(view);
  addJumps(view);
  addCures(root);
  addPairSearch(root);
  root.addEventListener('toggle', event => readOpened(view, event.target), true);
}

/* Where the page has labels of its own (language.js). */

const LABELS = [
  '.wb-noun, .wb-head h3, .wb-tile dt, .wb-note, h4, h5, p.wb-sub, .wb-more > summary, caption, thead th:not(.wb-by th)',
  '.wb-state, .wb-chip, .wb-faint, .wb-mini, .wb-facts dt, .wb-facts dd, .wb-near td:nth-child(2), .wb-foot span',
  // And where nothing but numbers are.
  '.wb-num, .wb-num small, .wb-tile:not(:last-child) > dd, .wb-ends span, .wb-tops td, .wb-by td, .wb-near td, .wb-near small',
  '.wb-row[data-kind=number] .wb-range, .wb-row[data-kind=integer] .wb-range'
].join();

function translatePage({ root, rows }) {
  translate(root, LABELS);
  for (const row of LANGUAGE ? rows : []) {
    row.text += ` ${row.element.querySelector('th').textContent.toLowerCase()}`; // the words of both languages find it
  }
}

/* Rows, in the table's order, each with what it is found and sorted by. */

function readRows(root) {
  return [...root.querySelectorAll('.wb-row')].map((element, order) => ({
    element,
    detail: element.nextElementSibling,
    order,
    summary: element.querySelector('summary'),
    name: element.querySelector('.wb-name').textContent,
    text: element.querySelector('th').textContent.toLowerCase(),
    kind: element.dataset.kind,
    found: Number(element.dataset.found),
    missing: Number(element.dataset.missing),
    distinct: Number(element.dataset.distinct),
    target: 'target' in element.dataset ? Number(element.dataset.target) : NaN
  }));
}

/* The line of tools: search, kind, findings only, and the number of columns that are left. */

function addTools(view) {
  const search = make('input', { type: 'search', placeholder: say('Name, kind or meaning') });
  search.setAttribute('aria-label', say('Search columns'));
  const kind = make('select', {});
  kind.setAttribute('aria-label', say('Kind'));
  const kinds = [...new Set(view.rows.map(row => row.kind))].sort();
  kind.append(...['', ...kinds].map(value => make('option', { value, textContent: say(value || 'All kinds') })));
  const found = make('input', { type: 'checkbox' });
  const label = make('label', {}, found, say('With findings'));
  const count = make('output', {});
  count.setAttribute('aria-live', 'polite');
  const show = () => filter(view, search.value, kind.value, found.checked, count);
  for (const control of [search, kind, found]) {
    control.addEventListener('input', show);
  }
  const tools = make('div', { className: 'wb-tools' }, search, kind, label, ...kernelTools(view), count);
  tools.setAttribute('role', 'search');
  tools.setAttribute('aria-label', say('Columns'));
  view.root.querySelector('.wb-scroll').before(tools);
  show();
  return count;
}

function filter(view, text, kind, found, count) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of view.rows) {
    const fits = words.every(word => row.text.includes(word)) && (!kind || row.kind === kind) && (!found || row.found > 0);
    row.element.hidden = !fits;
    shown += fits;
  }
  const all = view.rows.length;
  count.textContent = shown === all ? say('#1 columns', all) : say('#1 of #2 columns', shown, all);
}

/* With a kernel: the choice of the target. */

function kernelTools(view) {
  if (!view.kernel || !view.kernel.columns.length) {
    return [];
  }
  const choice = make('select', {});
  choice.append(make('option', { value: '', textContent: say('None') }));
  choice.append(...view.kernel.columns.map(name => make('option', { value: name, textContent: name })));
  choice.value = view.kernel.target;
  choice.addEventListener('change', () => view.kernel.chooseTarget(choice.value));
  return [make('label', {}, say('Target'), choice)];
}

/* Sorting: a click turns the order, and the third one brings the table's own back. */

const COMPARE = {
  order: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  missing: (a, b) => b.missing - a.missing,
  distinct: (a, b) => b.distinct - a.distinct,
  target: (a, b) => (Number.isNaN(a.target) - Number.isNaN(b.target)) || b.target - a.target
};

function addSorting(view) {
  const heads = [...view.root.querySelectorAll('th[data-sort]')];
  for (const head of heads) {
    const button = make('button', { type: 'button', textContent: head.textContent });
    button.addEventListener('click', () => turn(view, head, heads));
    head.replaceChildren(button);
  }
}

function turn(view, head, heads) {
  const first = head.dataset.sort === 'order' ? 'ascending' : 'descending';
  const second = first === 'ascending' ? 'descending' : 'ascending';
  const next = { [first]: second, [second]: null }[head.getAttribute('aria-sort')];
  const order = next === undefined ? first : next;
  heads.forEach(one => one.removeAttribute('aria-sort'));
  if (order) {
    head.setAttribute('aria-sort', order);
  }
  const compare = order ? COMPARE[head.dataset.sort] : (a, b) => a.order - b.order;
  const sorted = [...view.rows].sort((a, b) => (order === second ? -1 : 1) * compare(a, b) || a.order - b.order);
  if (order === second) {
    sorted.sort((a, b) => Number.isNaN(a[head.dataset.sort]) - Number.isNaN(b[head.dataset.sort])); // unknown stays last
  }
  view.root.querySelector('.wb-cols > tbody').append(...sorted.flatMap(row => [row.element, row.detail]));
}

/* Up, down, home and end go from column to column; Enter and Space open, as the browser has it. */

function addArrowKeys(view) {
  view.root.querySelector('.wb-cols').addEventListener('keydown', event => {
    if (!event.target.matches('.wb-open > summary')) {
      return;
    }
    const shown = [...view.root.querySelectorAll('.wb-row:not([hidden]) > th > .wb-open > summary')];
    const at = shown.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to !== undefined && shown[to]) {
      event.preventDefault();
      shown[to].focus();
    }
  });
}

/* From a finding to its column. */

function addJumps(view) {
  for (const item of view.root.querySelectorAll('.wb-findings > li[data-at]')) {
    const name = item.querySelector('.wb-name');
    const button = make('button', { type: 'button', className: 'wb-jump wb-name', textContent: name.textContent });
    button.addEventListener('click', () => open(view.rows[Number(item.dataset.at)]));
    name.replaceWith(button);
  }
}

function open(row) {
  row.element.hidden = false;
  row.summary.parentElement.open = true;
  row.summary.focus({ preventScroll: true });
  row.element.scrollIntoView({ block: 'nearest' });
}

/* A cure goes to the clipboard, or into a cell where somebody listens who can write one. */

function addCures(root) {
  for (const cure of root.querySelectorAll('.wb-cure')) {
    cure.append(...codeButtons(() => cure.querySelector('pre').textContent, cure.dataset.looks ? 'Look' : 'Accept'));
  }
}

/* A long list of pairs has a search of its own. */

function addPairSearch(root) {
  for (const pairs of root.querySelectorAll('.wb-pairs')) {
    const rows = [...pairs.querySelectorAll('tbody > tr')];
    if (rows.length < 12) {
      continue;
    }
    const search = make('input', { type: 'search', placeholder: say('Column') });
    search.setAttribute('aria-label', say('Search this list'));
    const count = make('output', { textContent: String(rows.length) });
    count.setAttribute('aria-live', 'polite');
    search.addEventListener('input', () => {
      const word = search.value.toLowerCase();
      rows.forEach(row => (row.hidden = !row.textContent.toLowerCase().includes(word)));
      count.textContent = say('#1 of #2', rows.filter(row => !row.hidden).length, rows.length);
    });
    pairs.prepend(make('div', { className: 'wb-tools' }, search, count));
  }
}

/* Reading a histogram: pointer and arrow keys say a bin; a drag, or Shift with the arrows, marks a range. */

function readOpened(view, details) {
  const row = view.rows.find(one => one.summary.parentElement === details);
  const plot = row && row.detail.querySelector('.wb-plot:not([data-ready])');
  if (plot) {
    plot.dataset.ready = 'yes';
    readPlot(view, plot);
  }
}

function readPlot(view, plot) {
  const counts = plot.dataset.counts.split(' ').map(Number);
  const edges = spread(plot.dataset.edges.split(' ').map(Number), counts.length);
  const svg = plot.querySelector('svg');
  const mark = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  mark.setAttribute('class', 'wb-at');
  mark.setAttribute('height', HEIGHT);
  svg.append(mark);
  const said = make('output', {});
  const code = make('div', { className: 'wb-cure', hidden: true }, make('pre', { tabIndex: 0 }));
  code.append(...codeButtons(() => code.querySelector('pre').textContent));
  plot.append(said, code);
  const state = { plot, svg, mark, said, code, counts, edges, view, from: null, to: 0, kind: plot.dataset.kind };
  asSlider(state);
  byPointer(state);
  byKeys(state);
}

function spread(edges, bins) {
  const [low, high] = edges;
  return edges.length > 2 ? edges : Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins);
}

function asSlider({ svg, counts }) {
  const set = { role: 'slider', tabindex: 0, 'aria-valuemin': 1, 'aria-valuemax': counts.length, 'aria-valuenow': 1 };
  Object.entries(set).forEach(([name, value]) => svg.setAttribute(name, value));
  svg.setAttribute('aria-valuetext', say('arrow keys read the bins; with Shift they mark a range'));
}

function byPointer(state) {
  const { svg } = state;
  const bin = event => {
    const box = svg.getBoundingClientRect();
    return at(state, (event.clientX - box.left) / box.width);
  };
  svg.addEventListener('pointermove', event => read(state, bin(event), event.buttons === 1));
  svg.addEventListener('pointerdown', event => {
    svg.setPointerCapture(event.pointerId);
    read(state, bin(event), false);
    state.from = state.to;
  });
  svg.addEventListener('pointerup', event => {
    read(state, bin(event), true);
    chosen(state);
  });
}

function at({ edges, counts }, share) {
  const value = edges[0] + share * (edges[edges.length - 1] - edges[0]);
  const found = edges.findIndex(edge => edge > value) - 1;
  return found < 0 ? (share < 0.5 ? 0 : counts.length - 1) : found;
}

function byKeys(state) {
  state.svg.addEventListener('keydown', event => {
    const last = state.counts.length - 1;
    const to = { ArrowRight: state.to + 1, ArrowLeft: state.to - 1, Home: 0, End: last, Enter: state.to }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    read(state, Math.min(Math.max(to, 0), last), event.shiftKey || event.key === 'Enter');
    if (event.shiftKey || event.key === 'Enter') {
      chosen(state);
    }
  });
  state.svg.addEventListener('focus', () => read(state, state.to, false));
}

/** Say the bin `to`, or the range from the bin where marking began. */
function read(state, to, marking) {
  state.from = marking ? state.from ?? state.to : null;
  state.to = to;
  const [first, last] = range(state);
  const { edges, counts, kind } = state;
  const rows = counts.slice(first, last + 1).reduce((a, b) => a + b, 0);
  const share = rows / (counts.reduce((a, b) => a + b, 0) || 1);
  const ends = [told(edges[first], kind), told(edges[last + 1], kind)];
  const text = say('%1 to %2: #3 rows, #4', ...ends, told(Math.round(rows), ''), `${localNumber((100 * share).toFixed(1))}%`);
  state.said.textContent = text;
  state.svg.setAttribute('aria-valuenow', to + 1);
  state.svg.setAttribute('aria-valuetext', text);
  const scale = WIDTH / (edges[edges.length - 1] - edges[0] || 1);
  state.mark.setAttribute('x', (edges[first] - edges[0]) * scale);
  state.mark.setAttribute('width', (edges[last + 1] - edges[first]) * scale);
}

function range({ from, to }) {
  return from === null ? [to, to] : [Math.min(from, to), Math.max(from, to)];
}

/** A range is marked: it becomes a filter as code and, with a kernel, the other columns show these rows alone. */
function chosen(state) {
  const [first, last] = range(state);
  const ends = [state.edges[first], state.edges[last + 1]];
  const column = state.plot.dataset.column;
  const values = ends.map(end => (state.kind === 'datetime' ? JSON.stringify(new Date(end * 1000).toISOString().slice(0, 19)) : String(end)));
  const name = JSON.stringify(column);
  state.code.querySelector('pre').textContent = `data = data.take(data.table[${name}].between(${values.join(', ')}))`;
  state.code.hidden = false;
  state.view.kernel?.brush(column, ends[0], ends[1]);
}

function told(value, kind) {
  if (kind === 'datetime') {
    const date = new Date(value * 1000);
    return Number.isNaN(date.getTime()) ? String(value) : date.toISOString().slice(0, 10);
  }
  const digits = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
  return value.toLocaleString(LANGUAGE ?? 'en', { useGrouping: Math.abs(value) >= 10000, ...digits }).replace('-', '−');
}

/* The rows of a marked range, drawn over the small histograms; `parts` has one list of counts a column, or null. */

function overlay(root, parts, text) {
  root.querySelectorAll('.wb-part').forEach(path => path.remove());
  const rows = readRows(root);
  rows.sort((a, b) => Number(a.element.dataset.at) - Number(b.element.dataset.at));
  rows.forEach(({ element }, i) => {
    const svg = element.querySelector('.wb-dist');
    svg?.classList.toggle('wb-under', Boolean(parts[i]));
    if (svg && parts[i]) {
      svg.append(outline(parts[i]));
    }
  });
  const said = root.querySelector('.wb-brushed');
  said.textContent = translated(text ?? '');
}

function outline(counts) {
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  const top = Math.max(...counts) || 1;
  const step = WIDTH / counts.length;
  path.setAttribute('class', 'wb-part');
  path.setAttribute('d', counts.map((n, i) => `M${i * step} ${HEIGHT}v${(-HEIGHT * n) / top}h${step * 0.55}V${HEIGHT}`).join(''));
  return path;
}

/* The widget: the page comes as a trait, and what a person does goes to Python. */

function render({ model, el }) {
  const draw = () => {
    el.innerHTML = model.get('html'); // from the templates, which escape every text of the data
    const said = make('p', { className: 'wb-sub wb-brushed' });
    said.setAttribute('role', 'status');
    el.querySelector('.wb-tiles').after(said);
    enhance(el.firstElementChild, {
      columns: model.get('columns'),
      target: model.get('target'),
      chooseTarget: name => {
        el.setAttribute('aria-busy', 'true');
        said.textContent = say('Profiling anew …');
        model.send({ target: name });
      },
      brush: (column, low, high) => model.send({ column, low, high })
    });
    el.removeAttribute('aria-busy');
  };
  draw();
  model.on('change:html', draw);
  model.on('msg:custom', message => {
    overlay(el, message.parts ?? [], message.text);
    el.removeAttribute('aria-busy');
  });
}
