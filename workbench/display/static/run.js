/*
 * What a script adds to the page of a run: the threshold can be moved, costs say where it should be, the leaderboard can
 * be sorted. The page itself comes finished from Python and is readable without this. Texts are only ever set as
 * `textContent`, never as markup.
 */

const Z = 1.6448536269514722; // of 90% intervals

/** Make the view inside `root` playable; a second call does nothing. */
function enhance(root) {
  if (root.dataset.ready) {
    return;
  }
  root.dataset.ready = 'yes';
  root.dataset.lmSuppressShortcuts = 'true'; // a digit in a field must not change the notebook's cell
  addSorting(root);
  for (const cure of root.querySelectorAll('.wb-board .wb-cure')) {
    cure.append(...codeButtons(() => cure.querySelector('pre').textContent));
  }
  const picker = root.querySelector('.wb-picker');
  if (picker) {
    addPicking(picker);
  }
  const slicer = root.querySelector('.wb-slicer');
  if (slicer) {
    addSlicing(slicer);
  }
  const stage = root.querySelector('.wb-decide');
  if (stage) {
    addThreshold(root, stage);
  }
}

/** The page is in English. */
function say(text) {
  return text;
}

/* The leaderboard: a click sorts, the best first; a second one turns it round. */

function addSorting(root) {
  for (const table of root.querySelectorAll('.wb-board')) {
    const heads = [...table.querySelectorAll('th[data-sort]')];
    for (const head of heads) {
      const button = make('button', { type: 'button', textContent: head.textContent });
      button.addEventListener('click', () => sortBy(table, head, heads));
      head.replaceChildren(button);
    }
  }
}

function sortBy(table, head, heads) {
  const rising = head.getAttribute('aria-sort') !== 'ascending';
  heads.forEach(one => one.removeAttribute('aria-sort'));
  head.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
  const at = [...head.parentElement.children].indexOf(head);
  const key = row => row.children[at].dataset.value ?? row.children[at].textContent;
  const compare =
    head.dataset.sort === 'text' ? (a, b) => key(a).localeCompare(key(b)) : (a, b) => unknownLast(key(a), key(b), rising);
  const rows = [...table.tBodies[0].rows].sort((a, b) => (rising ? 1 : -1) * compare(a, b));
  table.tBodies[0].append(...rows);
}

function unknownLast(a, b, rising) {
  const unknown = (a === '') - (b === '');
  return unknown ? (rising ? unknown : -unknown) : a - b;
}

/* Score and cost: a click on a candidate gives the code that keeps it. */

function addPicking(picker) {
  const codes = JSON.parse(picker.dataset.codes);
  const place = picker.querySelector('.wb-pick-code');
  const code = place.querySelector('pre');
  const buttons = Object.keys(codes).map(name => make('button', { type: 'button', textContent: name }));
  const pick = name => {
    code.textContent = codes[name];
    buttons.forEach(button => button.setAttribute('aria-pressed', String(button.textContent === name)));
    picker.querySelectorAll('[data-pick]').forEach(point => point.classList.toggle('wb-picked', point.dataset.pick === name));
  };
  buttons.forEach(button => button.addEventListener('click', () => pick(button.textContent)));
  for (const point of picker.querySelectorAll('[data-pick]')) {
    if (point.dataset.pick in codes) {
      point.addEventListener('click', () => pick(point.dataset.pick));
    }
  }
  picker.classList.add('wb-pickable');
  place.querySelector('p').replaceChildren(say('Keep instead: '), ...buttons);
  place.querySelector('.wb-cure').append(...codeButtons(() => code.textContent));
  pick(buttons[0].textContent);
}

/* Slices: columns that are chosen give the code that parts the hold-out by them. */

function addSlicing(slicer) {
  const literals = JSON.parse(slicer.dataset.columns);
  const code = slicer.querySelector('pre');
  const [by, crossed] = [say('Slice by'), say('crossed with')].map((label, k) => {
    const names = Object.keys(literals);
    const options = names.map(name => make('option', { value: name, textContent: name }));
    const select = make('select', {}, ...(k ? [make('option', { value: '', textContent: say('nothing') })] : []), ...options);
    make('label', {}, `${label} `, select);
    return select;
  });
  const write = () => {
    const chosen = [by.value, crossed.value].filter((name, k) => !k || (name && name !== by.value));
    const told = chosen.map(name => literals[name]).join(', ');
    code.textContent = `run.slices(${chosen.length > 1 ? `[${told}]` : told})`;
  };
  for (const select of [by, crossed]) {
    select.addEventListener('change', write);
  }
  slicer.querySelector('p').replaceChildren(by.parentElement, ' ', crossed.parentElement);
  slicer.querySelector('.wb-cure').append(...codeButtons(() => code.textContent));
}

/* The threshold. Counts are of the hold-out; what costs least is chosen on the validated rows, as the run's own is. */

function addThreshold(root, stage) {
  const { holdout, validated } = JSON.parse(stage.dataset.counts);
  const slider = make('input', { type: 'range', className: 'wb-threshold', min: 0, max: 1, step: 0.001 });
  slider.setAttribute('aria-label', say('Threshold'));
  const costs = [costField(say('a false alarm costs'), 1), costField(say('a missed one costs'), 5)];
  const least = make('button', { type: 'button', textContent: say('Least cost'), title: say('On the validated rows') });
  const total = make('output', {});
  const code = make('pre', { tabIndex: 0 });
  const cure = make('div', { className: 'wb-cure' }, code);
  cure.append(...codeButtons(() => code.textContent));
  const play = make('div', { className: 'wb-play' }, ...costs.map(field => field.parentElement), least, total);
  stage.querySelector('.wb-plane').after(slider);
  stage.querySelector('.wb-stage').append(play, cure);

  const view = { root, stage, holdout, slider, costs, total, code, at: Number(stage.dataset.threshold), rule: null };
  slider.addEventListener('input', () => show(view, Number(slider.value), null));
  for (const field of costs) {
    field.addEventListener('input', () => show(view, view.at, view.rule && costRule(view)));
  }
  least.addEventListener('click', () => show(view, cheapest(validated ?? holdout, ...costOf(view)), costRule(view)));
  show(view, view.at, null);
}

function costField(label, value) {
  const field = make('input', { type: 'number', min: 0, step: 'any', value });
  make('label', {}, label, field);
  return field;
}

function costOf({ costs }) {
  return costs.map(field => Math.max(Number(field.value) || 0, 0));
}

function costRule(view) {
  return `cost ${costOf(view).join(':')}`;
}

/** The threshold with the least cost; of several the highest, as in thresholds.py. */
function cheapest(counts, alarm, missed) {
  const cost = counts.at.map((_, k) => alarm * counts.alarms[k] + missed * (counts.positives - counts.hits[k]));
  const best = cost.lastIndexOf(Math.min(...cost));
  return counts.at[best];
}

/** Draw and write what a threshold answers. */
function show(view, threshold, rule) {
  Object.assign(view, { at: threshold, rule });
  const { stage, holdout, slider } = view;
  const place = holdout.at.findIndex(at => at >= threshold - 1e-9);
  const k = place < 0 ? holdout.at.length - 1 : place;
  const [hits, alarms] = [holdout.hits[k], holdout.alarms[k]];
  const [missed, quiet] = [holdout.positives - hits, holdout.negatives - alarms];
  slider.value = threshold;
  slider.setAttribute('aria-valuetext', shortened(threshold));
  for (const [name, count] of Object.entries({ hits, alarms, missed, quiet })) {
    write(stage, name, Math.round(count).toLocaleString('en')); // of weighted rows, sums of weights
  }
  write(stage, 'threshold', shortened(threshold));
  const rows = hits + alarms + missed + quiet;
  const shares = {
    precision: [hits, hits + alarms],
    recall: [hits, hits + missed],
    false_alarm_rate: [alarms, alarms + quiet],
    answered: [hits + alarms, rows],
    accuracy: [hits + quiet, rows]
  };
  Object.entries(shares).forEach(([name, [part, whole]]) => writeShare(stage, name, part, whole));
  moveMarks(view, threshold, shares);
  const [alarm, miss] = costOf(view);
  view.total.textContent = `costs ${(alarm * alarms + miss * missed).toLocaleString('en', { maximumFractionDigits: 2 })} on the hold-out`;
  view.code.textContent = `run = run.decide("${rule ?? shortened(threshold)}")`;
}

function shortened(threshold) {
  return String(Number(threshold.toPrecision(4)));
}

function write(stage, name, text) {
  stage.querySelector(`[data-show="${name}"]`).textContent = text;
}

function writeShare(stage, name, part, whole) {
  const ends = wilson(part, whole);
  write(stage, name, whole ? percent(part / whole) : '–');
  write(stage, `${name}-ends`, whole ? `${percent(ends[0])} to ${percent(ends[1])}` : '');
}

/** Wilson's interval of a share, at 90%. */
function wilson(part, whole) {
  const share = part / whole;
  const middle = (share + Z ** 2 / (2 * whole)) / (1 + Z ** 2 / whole);
  const half = (Z / (1 + Z ** 2 / whole)) * Math.sqrt((share * (1 - share)) / whole + Z ** 2 / (4 * whole ** 2));
  return [part === 0 ? 0 : Math.max(middle - half, 0), part === whole ? 1 : Math.min(middle + half, 1)];
}

/** As rendering.py has it. */
function percent(share) {
  if (share > 0 && share < 0.001) {
    return '<0.1%';
  }
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;
}

function moveMarks({ root, stage }, threshold, shares) {
  const value = Object.fromEntries(Object.entries(shares).map(([name, [part, whole]]) => [name, whole ? part / whole : 0]));
  const precision = shares.precision[1] ? value.precision : 1;
  const places = { roc: [value.false_alarm_rate, value.recall], pr: [value.recall, precision], gain: [value.answered, value.recall] };
  for (const mark of root.querySelectorAll('[data-mark]')) {
    const [left, right, bottom, top, x0, x1, y0, y1] = mark.dataset.scale.split(' ').map(Number);
    const [x, y] = places[mark.dataset.mark];
    mark.setAttribute('cx', left + ((x - x0) / (x1 - x0)) * (right - left));
    mark.setAttribute('cy', bottom - ((y - y0) / (y1 - y0)) * (bottom - top));
  }
  const cut = stage.querySelector('.wb-cut');
  const [left, right] = cut.dataset.cut.split(' ').map(Number);
  cut.setAttribute('x1', left + threshold * (right - left));
  cut.setAttribute('x2', left + threshold * (right - left));
}
