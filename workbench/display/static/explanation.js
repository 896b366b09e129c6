/*
 * What a script adds to the page of an explanation: a column leads to how it acts, a cell to its rows, a row to its
 * steps. The page itself comes finished from Python and is readable without this. One file for the HTML view and the
 * widget: the HTML calls `enhance(root)`, the widget `enhance(root, kernel)`. Texts of the data are only ever set as
 * `textContent`, never as markup.
 */

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_'; // as in explanation_drawings.py
const MOST_STEPS = 12; // as in explanation_rows.py
const CHANCES = [0.5, 0.1, 0.9, 0.01, 0.99, 0.001, 0.999, 0.2, 0.8, 0.02, 0.98, 0.05, 0.95, 0.3, 0.7, 0.4, 0.6, 0.005, 0.995];
const APART = 15;
const LISTS = { errors: say('Worst errors'), threshold: say('Nearest to the threshold'), range: say('From low to high') };
const MOST_LISTED = 200;
// Where the page has labels of its own, and where nothing but numbers are (language.js).
const LABELS = [
  '.wb-noun, .wb-tile dt, .wb-tile dd, .wb-note, h4, h4 > .wb-faint, p.wb-sub, p.wb-faint, summary, .wb-state, .wb-hidden',
  '.wb-view thead th:not(.wb-pairs th):not(.wb-named):not(.wb-panel th), .wb-keys span, .wb-said, .wb-right, .wb-wrong',
  '.wb-num:not(.wb-panel th), .wb-sure, .wb-way, .wb-ticks span, .wb-pairs td, .wb-plane text:not(.wb-axis):not(.wb-category), svg title',
  'figcaption, figcaption .wb-faint'
].join();

/** Make the view inside `root` playable; a second call does nothing. */
function enhance(root, kernel = null) {
  if (root.dataset.ready) {
    return null;
  }
  root.dataset.ready = 'yes';
  root.dataset.lmSuppressShortcuts = 'true'; // a key in a field must not change the notebook's cell
  const data = JSON.parse(root.querySelector('.wb-view').dataset.view);
  const view = { root, kernel, data, rows: data.rows.map(row => unpacked(row, data)), current: null, column: null };
  translate(root, LABELS);
  root.querySelectorAll('.wb-findings').forEach(found => (found.lang = 'en'));
  view.known = new Map(view.rows.map(row => [row.row, row]));
  addClouds(view);
  addDrivers(view);
  addMatrix(view);
  addSentences(view);
  addRows(view);
  return view;
}

/** A row as Python packs it (`Packed.row` of explanation_rows.py). */
function unpacked([row, at, truth, right, prediction, error, output, carried, [others, rest], cells, name, en, de], { texts, sampled, kinds }) {
  const width = sampled ? 4 : 3;
  const steps = [];
  for (let k = 0; k < carried.length; k += width) {
    const given = texts[carried[k + 2]];
    const kind = kinds[carried[k]];
    const told = given === undefined ? say('missing') : kind === 'c' ? given : kind === 'f' ? say(given) : localNumber(given);
    steps.push({ column: carried[k], added: carried[k + 1], given: told, half: sampled ? carried[k + 3] : undefined });
  }
  return { row, at, name, truth: texts[truth] ?? '', right: [false, true][right] ?? null, prediction, error, output, steps, others, rest, cells, sentences: en ? { en, de } : null };
}

/* Numbers as rendering.py writes them, in the form of the person's language. */

function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return '–';
  }
  const size = Math.abs(value);
  const digits = size < 10 ? 3 : size < 1000 ? 1 : 0;
  const text = localNumber(size > 0 && size < 0.001 ? tiny(size) : grouped(size, digits));
  return value < 0 ? `−${text}` : text;
}

function grouped(size, digits) {
  return size.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function tiny(size) {
  const text = String(Number(size.toPrecision(2)));
  return text.replace(/e-(\d)$/, 'e-0$1');
}

function signed(value) {
  return (value < 0 ? '−' : '+') + number(Math.abs(value));
}

function percent(share) {
  if (share > 0 && share < 0.001) {
    return localNumber('<0.1%');
  }
  return localNumber(`${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`);
}

/** A whole number, such as of rows. */
function count(value) {
  return localNumber(value.toLocaleString('en'));
}

/** Two to six round numbers between the ends, and how many decimals they need: as charts.py has it. */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(times => times * power).find(one => one >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step);
}

function marked(low, high) {
  const places = ticks(low, high);
  const largest = Math.max(0, ...places.map(Math.abs));
  const [unit, sign] = [[1e9, 'B'], [1e6, 'M'], [1e3, 'k']].find(([size]) => largest >= 10 * size) ?? [1, ''];
  const step = (places.length > 1 ? places[1] - places[0] : largest) / unit || 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return places.map(value => [value, localNumber(`${(value / unit).toFixed(digits)}${value ? sign : ''}`.replace('-', '−'))]);
}

/* The columns: a click or Enter shows how one acts; up, down, home and end go from one to the next. */

function addDrivers(view) {
  const table = view.root.querySelector('.wb-drivers');
  if (!table) {
    return;
  }
  table.classList.add('wb-playable');
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) {
    const head = row.querySelector('th');
    const button = make('button', { type: 'button', className: 'wb-link', textContent: head.textContent });
    button.title = say('%1: show how it acts', head.textContent);
    head.replaceChildren(button);
    row.addEventListener('click', () => chooseColumn(view, Number(row.dataset.at)));
  }
  byArrows(rows.map(row => row.querySelector('button')));
  if (rows.length) {
    chooseColumn(view, Number(rows[0].dataset.at));
  }
}

/** Up and down go from one button of a list to the next; only one of them is in the order of the Tab key. */
function byArrows(buttons, chosen = null) {
  buttons.forEach((button, at) => {
    button.tabIndex = at ? -1 : 0;
    button.addEventListener('keydown', event => {
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to !== undefined && buttons[to]) {
        event.preventDefault();
        focusOne(buttons, buttons[to]);
        chosen?.(buttons[to]);
      }
    });
  });
}

function focusOne(buttons, button) {
  buttons.forEach(one => (one.tabIndex = one === button ? 0 : -1));
  button.focus();
}

function chooseColumn(view, at, by = null) {
  view.column = at;
  for (const row of view.root.querySelectorAll('.wb-drivers tbody tr')) {
    row.toggleAttribute('aria-current', false);
    if (Number(row.dataset.at) === at) {
      row.setAttribute('aria-current', 'true');
    }
  }
  for (const cloud of view.clouds.values()) {
    cloud.figure.hidden = cloud.at !== at;
  }
  const cloud = view.clouds.get(at);
  if (cloud) {
    colourBy(cloud, by ?? Object.keys(cloud.levels)[0]);
  }
  markPair(view, cloud);
  markRow(view);
  view.kernel?.column?.(at); // which asks for what is about the column, and the one beside it
}

/* How a column acts: cells that are coloured by another column, and that lead to their rows. */

function addClouds(view) {
  view.clouds = new Map([...view.root.querySelectorAll('.wb-cloud')].map(figure => [Number(figure.dataset.at), readCloud(view, figure)]));
  const further = view.root.querySelector('.wb-further');
  if (further) {
    further.before(...further.querySelectorAll('.wb-cloud'));
    further.remove();
  }
}

function readCloud(view, figure) {
  const group = figure.querySelector('.wb-cells');
  const [left, bottom, wide, tall] = group.dataset.plane.split(' ').map(Number);
  const cells = group.dataset.cells.match(/.../g).map(([x, y, size]) => ({ x: LETTERS.indexOf(x), y: LETTERS.indexOf(y), size: Number(size) }));
  const numbers = name => figure.dataset[name].split(' ').map(Number);
  const cloud = {
    view, figure, group, cells, left, bottom, wide, tall,
    at: Number(figure.dataset.at),
    order: view.data.drawn.indexOf(Number(figure.dataset.at)),
    kind: figure.dataset.kind,
    missing: Number(figure.dataset.missing),
    values: numbers('values'),
    effects: numbers('effects'),
    shape: numbers('shape'),
    levels: JSON.parse(group.dataset.levels),
    svg: figure.querySelector('svg'),
    here: 0
  };
  addPartner(cloud);
  addReading(cloud);
  return cloud;
}

/** The column that colours can be chosen. */
function addPartner(cloud) {
  const name = cloud.figure.querySelector('.wb-partner');
  if (!name) {
    return;
  }
  const names = Object.keys(cloud.levels);
  const select = make('select', {}, ...names.map(one => make('option', { value: one, textContent: one })));
  select.setAttribute('aria-label', say('Coloured by'));
  select.addEventListener('change', () => {
    colourBy(cloud, select.value);
    markPair(cloud.view, cloud);
    cloud.view.kernel?.column?.(cloud.at);
  });
  cloud.select = select;
  const note = document.createTextNode(` ${say(': low')} `);
  name.nextSibling.replaceWith(note);
  name.replaceWith(select);
}

function colourBy(cloud, name) {
  if (name === undefined || cloud.by === name) {
    return;
  }
  cloud.by = name;
  if (cloud.select) {
    cloud.select.value = name;
  }
  const paths = new Map();
  cloud.cells.forEach((cell, k) => {
    const key = `wb-v${cloud.levels[name][k]} wb-s${cell.size}`;
    const [x, y] = centre(cloud, cell);
    paths.set(key, `${paths.get(key) ?? ''}M${x.toFixed(1)} ${y.toFixed(1)}h0`);
  });
  cloud.group.replaceChildren(...[...paths].sort().map(([key, d]) => svgElement('path', { class: key, d })));
}

function centre({ left, bottom, wide, tall }, { x, y }) {
  return [left + (x + 0.5) * wide, bottom - (y + 0.5) * tall];
}

function svgElement(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  return element;
}

/** Pointer and arrow keys read a cell; a click or Enter lists its rows. */
function addReading(cloud) {
  const { svg } = cloud;
  cloud.mark = svgElement('circle', { class: 'wb-at', r: 4 });
  cloud.mark.style.display = 'none';
  cloud.me = svgElement('circle', { class: 'wb-me', r: 2.6 });
  cloud.me.style.display = 'none';
  svg.append(cloud.me, cloud.mark);
  cloud.said = make('output', { textContent: say('A click on a dot, or the arrow keys and Enter, shows its rows.') });
  cloud.said.setAttribute('aria-live', 'polite');
  svg.after(cloud.said);
  svg.setAttribute('tabindex', '0');
  svg.setAttribute('role', 'application');
  svg.setAttribute('aria-roledescription', say('chart'));
  svg.style.cursor = 'pointer';
  svg.addEventListener('pointermove', event => readCell(cloud, nearest(cloud, ...inPlane(svg, event))));
  svg.addEventListener('pointerleave', () => (cloud.mark.style.display = 'none'));
  svg.addEventListener('click', event => {
    readCell(cloud, nearest(cloud, ...inPlane(svg, event)));
    listCell(cloud);
  });
  svg.addEventListener('focus', () => svg.matches(':focus-visible') && readCell(cloud, cloud.here));
  svg.addEventListener('keydown', event => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (way) {
      readCell(cloud, beside(cloud, ...way));
    } else if (event.key === 'Enter' || event.key === ' ') {
      listCell(cloud);
    } else {
      return;
    }
    event.preventDefault();
  });
}

/** Where a pointer is, in the units of the picture. */
function inPlane(svg, event) {
  const box = svg.getBoundingClientRect();
  const { width, height } = svg.viewBox.baseVal;
  return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
}

function nearest(cloud, x, y) {
  let [best, least] = [0, Infinity];
  cloud.cells.forEach((cell, k) => {
    const [cx, cy] = centre(cloud, cell);
    const away = (cx - x) ** 2 + (cy - y) ** 2;
    if (away < least) {
      [best, least] = [k, away];
    }
  });
  return best;
}

/** The next cell in a direction: near along it, and hardly off it. */
function beside(cloud, dx, dy) {
  const from = cloud.cells[cloud.here];
  let [best, least] = [cloud.here, Infinity];
  cloud.cells.forEach((cell, k) => {
    const along = (cell.x - from.x) * dx + (cell.y - from.y) * dy;
    const off = Math.abs((cell.x - from.x) * dy) + Math.abs((cell.y - from.y) * dx);
    if (along > 0 && along + 3 * off < least) {
      [best, least] = [k, along + 3 * off];
    }
  });
  return best;
}

function readCell(cloud, k) {
  cloud.here = k;
  const cell = cloud.cells[k];
  if (!cell) {
    return;
  }
  const [x, y] = centre(cloud, cell);
  cloud.mark.style.display = '';
  cloud.mark.setAttribute('cx', x);
  cloud.mark.setAttribute('cy', y);
  cloud.said.textContent = told(cloud, cell);
}

/** What a cell holds, in words. */
function told(cloud, { x, y }) {
  const [across, up] = cloud.shape;
  const between = ([low, high], at, count) => [low + (at / count) * (high - low), low + ((at + 1) / count) * (high - low)];
  if (cloud.svg.querySelector('.wb-category')) {
    const ends = between(cloud.effects, x, across);
    return say('%1: #2 to #3', cloud.svg.querySelectorAll('.wb-category')[y].textContent, ...ends.map(signed));
  }
  const effects = between(cloud.effects, y, up).map(signed);
  const name = cloud.view.data.features[cloud.at];
  if (x < cloud.missing) {
    return say('%1 missing: #2 to #3', name, ...effects);
  }
  const values = between(cloud.values, x - cloud.missing, across - cloud.missing);
  const text = value => (cloud.kind === 'moment' ? localNumber(new Date(value * 1000).toISOString().slice(0, 10)) : number(value));
  return say('%1 of #2 to #3: #4 to #5', name, ...values.map(text), ...effects);
}

function listCell(cloud) {
  const { view, order } = cloud;
  const { x, y } = cloud.cells[cloud.here];
  const letters = LETTERS[x] + LETTERS[y];
  const what = told(cloud, cloud.cells[cloud.here]);
  if (view.kernel) {
    view.kernel.cell(cloud.at, x, y, what);
    return;
  }
  const rows = view.rows.filter(row => row.cells.slice(2 * order, 2 * order + 2) === letters);
  list(view, null, rows, rows.length ? what : say('None of the #1 rows that this page carries lies there.', count(view.rows.length)));
}

/* Which columns interact: a cell shows how one acts, coloured by the other. */

function addMatrix(view) {
  const table = view.root.querySelector('.wb-pairs');
  if (!table) {
    return;
  }
  table.classList.add('wb-playable');
  table.setAttribute('role', 'grid');
  const rows = [...table.tBodies[0].rows];
  rows.forEach((row, down) =>
    [...row.cells].slice(1).forEach((cell, across) => {
      cell.tabIndex = down === 0 && across === 1 ? 0 : -1;
      cell.setAttribute('role', 'gridcell');
      if (cell.dataset.by === undefined) {
        return;
      }
      const name = view.data.features[Number(row.dataset.at)];
      cell.setAttribute('aria-label', say('%1 with %2: #3', name, cell.dataset.by, cell.textContent));
      cell.addEventListener('click', () => choosePair(view, row, cell));
    })
  );
  table.addEventListener('keydown', event => moveInMatrix(view, rows, event));
}

function moveInMatrix(view, rows, event) {
  const cell = event.target.closest('td');
  if (!cell) {
    return;
  }
  const [down, across] = [rows.indexOf(cell.parentElement), [...cell.parentElement.cells].indexOf(cell)];
  const [dy, dx] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
  const next = rows[down + dy]?.cells[across + dx];
  if (event.key === 'Enter' || event.key === ' ') {
    cell.click();
  } else if ((dy || dx) && next?.matches('td')) {
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  } else {
    return;
  }
  event.preventDefault();
}

function choosePair(view, row, cell) {
  chooseColumn(view, Number(row.dataset.at), cell.dataset.by);
}

function markPair(view, cloud) {
  for (const cell of view.root.querySelectorAll('.wb-pairs td')) {
    const chosen = cloud && Number(cell.parentElement.dataset.at) === cloud.at && cell.dataset.by === cloud.by;
    cell.setAttribute('aria-selected', String(Boolean(chosen)));
  }
}

/* Rows: lists to choose from, a number to go to, and the steps of the one that is chosen. */

function addRows(view) {
  const picks = view.root.querySelector('.wb-picks');
  if (!picks) {
    return;
  }
  const names = Object.keys(LISTS).filter(name => view.data.lists[name]?.length);
  view.picks = names.map(name => make('button', { type: 'button', textContent: LISTS[name] }));
  view.picks.forEach((button, k) => {
    button.dataset.list = names[k];
    button.addEventListener('click', () => showList(view, names[k]));
  });
  view.field = make('input', { type: 'number', min: 0, step: 1 });
  view.field.addEventListener('change', () => goTo(view, Number(view.field.value)));
  view.note = make('p', { className: 'wb-sub wb-note-of-list' });
  view.note.setAttribute('role', 'status');
  picks.replaceChildren(...view.picks, make('label', {}, say('Row'), view.field), ...nameSearch(view));
  picks.after(view.note);
  view.root.querySelector('.wb-rows').classList.add('wb-playable');
  if (names.length) {
    showList(view, names[0], false);
  }
  chooseRow(view, view.rows[0], false);
}

/* A row by what names it, such as its id: typed in part or in whole. */

function nameSearch(view) {
  const { named } = view.data;
  if (named === null) {
    return [];
  }
  const search = make('input', { type: 'search', placeholder: say('find …'), autocomplete: 'off', spellcheck: false });
  search.setAttribute('aria-label', say('Find a row by %1', named));
  search.addEventListener('input', () => findByName(view, search.value.trim()));
  search.addEventListener('keydown', event => {
    const first = view.root.querySelector('.wb-rows tbody button');
    if (event.key === 'ArrowDown' && first) {
      event.preventDefault();
      first.focus();
    }
  });
  return [make('label', {}, named, search)];
}

function findByName(view, text) {
  view.sought = text;
  if (!text) {
    showList(view, view.picks[0].dataset.list, false);
  } else if (view.kernel) {
    view.kernel.find(text);
  } else {
    showFound(view, byName(view.rows, text), text, view.rows.length);
  }
}

/** Rows that are called so first, then as they begin, then any. */
function byName(rows, text) {
  const wanted = text.toLowerCase();
  const far = ({ name }) => [name === wanted, name.startsWith(wanted), true].indexOf(true);
  const found = rows.map(row => ({ row, name: row.name.toLowerCase() })).filter(({ name }) => name.includes(wanted));
  return found.sort((a, b) => far(a) - far(b)).map(({ row }) => row);
}

function showFound(view, rows, text, among) {
  const { total } = view.data;
  const none = among === total ? say('No row has %1.', text) : say('None of the #1 rows of #2 that this page carries has %3.', count(among), count(total), text);
  const many = rows.length >= MOST_LISTED ? say('The first #1 rows with %2', count(MOST_LISTED), text) : say('#1 rows with %2', count(rows.length), text);
  list(view, null, rows, !rows.length ? none : rows.length === 1 ? '' : many, rows.length > 0);
}

function showList(view, name, first = true) {
  const rows = view.data.lists[name].map(at => view.rows[at]);
  const all = view.rows.length === view.data.total;
  const carried = say('This page carries #1 of #2 rows.', count(view.rows.length), count(view.data.total));
  list(view, name, rows, all || view.kernel ? '' : carried, first);
}

/** Rows to choose from; the first one is shown. */
function list(view, name, rows, note, first = true) {
  view.picks.forEach(button => button.setAttribute('aria-pressed', String(button.dataset.list === name)));
  view.note.textContent = note;
  const table = view.root.querySelector('.wb-rows');
  const shown = rows.slice(0, MOST_LISTED);
  const known = view.rows.some(row => row.truth);
  const lines = shown.map(row => line(view, row, known));
  table.tBodies[0].replaceChildren(...lines);
  view.listed = shown;
  byArrows(lines.map(one => one.querySelector('button')), button => button.click());
  if (first && rows.length) {
    chooseRow(view, rows[0]);
  } else {
    markLine(view);
  }
}

function line(view, row, known) {
  const button = make('button', { type: 'button', className: 'wb-link', textContent: count(row.at) });
  button.setAttribute('aria-label', [say('Row #1', count(row.at)), row.name].filter(Boolean).join(', '));
  const head = make('th', { scope: 'row', className: 'wb-num' }, button);
  const name = view.data.named === null ? [] : [make('td', { className: 'wb-named', textContent: row.name, title: row.name })];
  const element = make('tr', {}, head, ...name, make('td', { textContent: shortAnswer(view, row) }));
  element.dataset.row = row.row;
  if (known) {
    element.append(make('td', {}, row.truth, ...verdict(row)));
  }
  element.addEventListener('click', () => chooseRow(view, row));
  return element;
}

function verdict({ right }) {
  return right === null ? [] : [' ', make('span', { className: right ? 'wb-right' : 'wb-wrong', textContent: right ? say('right') : say('wrong') })];
}

function goTo(view, at) {
  const row = [...view.known.values()].find(one => one.at === at);
  if (row) {
    view.note.textContent = '';
    chooseRow(view, row);
  } else if (view.kernel) {
    view.kernel.row(at);
  } else {
    view.note.textContent = say('Row #1 is not among the #2 rows that this page carries.', count(at), count(view.rows.length));
  }
}

function shortAnswer({ data }, { prediction, output }) {
  if (prediction === null) {
    return number(output);
  }
  return data.label === null ? number(prediction) : `${percent(prediction)} ${data.label}`;
}

function answer({ data }, row) {
  if (row.prediction === null || data.label === null) {
    return `${number(row.prediction ?? row.output)} ${word(data.unit)}`;
  }
  const told = `${percent(row.prediction)} ${data.label}`;
  return data.unit === 'probability' ? told : `${told} (${number(row.output)} ${word(data.unit)})`;
}

function chooseRow(view, row, told = true) {
  if (!row) {
    return;
  }
  view.current = row;
  view.field.value = row.at;
  const show = name => view.root.querySelector(`[data-show="${name}"]`);
  show('row').textContent = say('Row #1', count(row.at));
  show('name').textContent = row.name;
  show('answer').textContent = answer(view, row);
  show('came').textContent = row.truth ? say(', in truth %1', row.truth) : '';
  show('right').textContent = row.right === null ? '' : row.right ? say('right') : say('wrong');
  show('right').className = row.right === null ? '' : row.right ? 'wb-right' : 'wb-wrong';
  view.tell(row.sentences);
  drawSteps(view, view.root.querySelector('.wb-fall'), row);
  markLine(view);
  markRow(view);
  if (told) {
    view.kernel?.chosen?.(row);
  }
}

/* What a customer could be told: in one language, and a button for the other. */

function addSentences(view) {
  const place = view.root.querySelector('.wb-told-so');
  if (!place) {
    return;
  }
  const said = make('p', {});
  const other = make('button', { type: 'button' });
  const copy = make('button', { type: 'button', textContent: say('Copy') });
  view.language = LANGUAGE === 'de' ? 'de' : 'en';
  view.tell = sentences => {
    place.hidden = !sentences;
    [said.lang, said.textContent] = [view.language, sentences?.[view.language] ?? ''];
    [other.textContent, other.lang] = view.language === 'de' ? ['English', 'en'] : ['Deutsch', 'de'];
    view.sentences = sentences;
  };
  other.addEventListener('click', () => {
    view.language = other.lang;
    view.tell(view.sentences);
  });
  copy.addEventListener('click', () => copied(copy, said.textContent));
  place.replaceChildren(said, other, copy);
}

function markLine(view) {
  for (const one of view.root.querySelectorAll('.wb-rows tbody tr')) {
    const chosen = Number(one.dataset.row) === view.current?.row;
    one.toggleAttribute('aria-current', false);
    if (chosen) {
      one.setAttribute('aria-current', 'true');
    }
  }
}

/** The chosen row in every strip and in the cloud. */
function markRow(view) {
  view.root.querySelectorAll('.wb-strip .wb-me').forEach(mark => mark.remove());
  const row = view.current;
  if (!row) {
    return;
  }
  const [low, high] = view.data.axis;
  const added = new Map(row.steps.map(step => [step.column, step.added]));
  for (const strip of view.root.querySelectorAll('.wb-drivers tbody tr')) {
    const value = added.get(Number(strip.dataset.at));
    if (value !== undefined) {
      const svg = strip.querySelector('.wb-strip');
      const box = svg.viewBox.baseVal;
      const x = Math.min(Math.max((value - low) / (high - low || 1), 0), 1) * (box.width - 1);
      svg.append(svgElement('path', { class: 'wb-me', d: `M${x.toFixed(1)} ${box.y}V${-box.y}` }));
    }
  }
  const cloud = view.clouds.get(view.column);
  const letters = cloud && row.cells.slice(2 * cloud.order, 2 * cloud.order + 2);
  if (cloud) {
    cloud.me.style.display = letters ? '' : 'none';
    if (letters) {
      const [x, y] = centre(cloud, { x: LETTERS.indexOf(letters[0]), y: LETTERS.indexOf(letters[1]) });
      cloud.me.setAttribute('cx', x);
      cloud.me.setAttribute('cy', y);
    }
  }
}

/* The steps of a row, as explanation_rows.py places them. */

function drawSteps({ data }, stage, row) {
  const shown = row.steps.length + row.others - MOST_STEPS < 2 ? row.steps : row.steps.slice(0, MOST_STEPS);
  const steps = shown.map(step => ({ ...step, name: data.features[step.column] }));
  if (shown.length < row.steps.length || row.others) {
    const left = row.steps.slice(shown.length);
    const added = left.reduce((sum, step) => sum + step.added, 0) + row.rest;
    steps.push({ name: say('#1 other columns', left.length + row.others), given: '', added });
  }
  const places = [data.base];
  steps.forEach(step => places.push(places[places.length - 1] + step.added));
  const at = axis(data, [...places, row.output]);
  stage.style.setProperty('--base', `${at(data.base)}%`);
  stage.style.setProperty('--out', `${at(row.output)}%`);
  stage.style.setProperty('--cut', at.cut === null ? '-9px' : `${at(at.cut)}%`);
  const legend = stage.parentElement.querySelector('[data-show="cut"]');
  if (legend) {
    legend.hidden = at.cut === null;
  }
  const old = [...stage.querySelectorAll('.wb-step')];
  const lines = steps.map((step, k) => drawStep(old[k], step, at(places[k]), at(places[k + 1])));
  stage.querySelector('.wb-steps').replaceChildren(...lines);
  drawTicks(stage.querySelector('.wb-below .wb-ticks'), marked(at.low, at.high).map(([value, text]) => [at(value), text]));
  drawTicks(stage.querySelector('.wb-above .wb-ticks'), data.linked ? chances(at) : []);
}

/** From a value to percent of the axis, which holds base, output, all steps and, if it is near, the threshold. */
function axis(data, values) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high - low || 1;
  const cut = cutOf(data);
  const near = cut !== null && cut > low - 0.3 * room && cut < high + 0.3 * room;
  [low, high] = near ? [Math.min(low, cut), Math.max(high, cut)] : [low, high];
  const [from, to] = [low - 0.05 * room, high + 0.05 * room];
  return Object.assign(value => ((value - from) / (to - from)) * 100, { low: from, high: to, cut: near ? cut : null });
}

function cutOf({ threshold, linked, unit }) {
  if (threshold === null || threshold <= 0 || threshold >= 1) {
    return null;
  }
  return linked ? Math.log(threshold / (1 - threshold)) : unit === 'probability' ? threshold : null;
}

function drawStep(element, { name, given, added, half }, from, to) {
  const drawn = element ?? make('div', {}, ...['wb-name', 'wb-given', 'wb-lane', 'wb-num'].map(kind => make('span', { className: kind })));
  drawn.className = `wb-step ${added >= 0 ? 'wb-raises' : 'wb-lowers'}`;
  drawn.setAttribute('role', 'row');
  const [title, value, lane, sum] = drawn.children;
  [title.textContent, value.textContent, sum.textContent] = [name, given, signed(added)];
  title.title = name;
  value.title = given;
  title.setAttribute('role', 'rowheader');
  [value, sum].forEach(cell => cell.setAttribute('role', 'cell'));
  if (half !== undefined) {
    sum.append(' ', make('small', { textContent: `± ${number(half)}` }));
  }
  if (!lane.firstChild) {
    lane.setAttribute('aria-hidden', 'true');
    lane.append(make('i', {}));
  }
  drawn.style.setProperty('--a', `${Math.min(from, to)}%`);
  drawn.style.setProperty('--b', `${Math.max(from, to)}%`);
  return drawn;
}

function drawTicks(place, marks) {
  place.replaceChildren(
    ...marks.map(([at, text]) => {
      const mark = make('span', { textContent: text });
      mark.style.left = `${at}%`;
      return mark;
    })
  );
}

function chances(at) {
  const taken = [];
  for (const chance of CHANCES) {
    const place = at(Math.log(chance / (1 - chance)));
    if (place >= 0 && place <= 100 && taken.every(([other]) => Math.abs(other - place) >= APART)) {
      taken.push([place, localNumber(`${Number((100 * chance).toPrecision(6))}%`)]);
    }
  }
  return taken;
}
