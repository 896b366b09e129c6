/*
 * What a kernel adds to the page of a monitoring report. The page comes finished from Python, in which every choice is a
 * link or a form: here each goes to the kernel, which writes the page anew, instead of to a server. Below it a slider
 * tries other false-alarm rates. Functions of `controls.js` and `language.js` stand above.
 */

function render({ model, el }) {
  const page = make('div', { className: 'wb-page' });
  const told = make('p', { className: 'wb wb-told' });
  told.setAttribute('role', 'status');
  const rates = make('div', { className: 'wb-rates' }, make('style', { textContent: model.get('rules') }));
  const live = { model, el, page, told, rates };
  el.append(told, page);
  page.addEventListener('click', event => followed(live, event));
  page.addEventListener('submit', event => sent(live, event));
  const draw = () => {
    const held = position(page);
    page.innerHTML = model.get('html'); // from the templates, which escape every text of the data
    place(live);
    el.removeAttribute('aria-busy');
    told.textContent = '';
    restore(page, held);
    led(live);
  };
  draw();
  addRates(live);
  model.on('change:html', draw);
  model.on('msg:custom', message => heard(live, message));
  if (LANGUAGE) {
    model.send({ kind: 'language', language: LANGUAGE });
  }
}

/** What is tried stands before what the words mean, below all that was seen. */
function place({ page, rates }) {
  const glossary = page.querySelector('.wb-glossary');
  if (glossary) {
    glossary.before(rates);
  } else {
    page.append(rates);
  }
}

function ask(live, asked) {
  live.el.setAttribute('aria-busy', 'true');
  live.model.send(asked);
}

function heard(live, message) {
  live.el.removeAttribute('aria-busy');
  if (message.kind === 'rates') {
    showRates(live, message);
  } else {
    live.told.textContent = message.text ?? '';
  }
}

/** A link to the same page with other choices, or to a part of it: neither leaves the notebook. */
function followed(live, event) {
  const link = event.target.closest?.('a[href^="?"], a[href^="#"]');
  if (!link) {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  const [query, part] = link.getAttribute('href').split('#');
  live.part = part;
  if (query) {
    ask(live, { kind: 'look', query: query.slice(1) });
  } else {
    led(live);
  }
}

/** A form of the page: choices, or what is done about an incident. */
function sent(live, event) {
  event.preventDefault();
  const form = event.target;
  const fields = new FormData(form, event.submitter);
  const texts = Object.fromEntries([...fields].filter(([, value]) => typeof value === 'string'));
  if (form.method === 'post') {
    ask(live, { kind: 'act', fields: texts });
  } else {
    ask(live, { kind: 'look', query: new URLSearchParams(texts).toString() });
  }
}

/** Where somebody is: what has the focus, and what is unfolded. */
function position(page) {
  const words = element =>
    [element.closest('[id]')?.id, element.tagName, element.name, element.textContent.trim().slice(0, 60)].join(' ');
  const active = page.contains(document.activeElement) ? document.activeElement : null;
  const open = [...page.querySelectorAll('details[open] > summary')].map(words);
  return { words, open, active: active && words(active) };
}

function restore(page, { words, open, active }) {
  for (const summary of page.querySelectorAll('summary')) {
    summary.parentElement.open ||= open.includes(words(summary));
  }
  if (active) {
    const same = [...page.querySelectorAll('a, button, summary, select, input')].find(one => words(one) === active);
    same?.focus({ preventScroll: true });
  }
}

/** The part of the page that a link leads to, once: another notebook may show a page with the same parts. */
function led(live) {
  const place = live.part && live.page.querySelector(`[id="${CSS.escape(live.part)}"]`);
  live.part = '';
  const folded = place && place.closest('details');
  if (folded) {
    folded.open = true;
  }
  place?.scrollIntoView?.({ block: 'start' });
}

/* Other rates: how many alarms there would have been. */

function addRates(live) {
  const box = make('details', {}, make('summary', { textContent: say('What if: other false-alarm rates') }));
  live.turn = make('div', { className: 'wb-turn' }, say('Counting …'));
  box.append(live.turn);
  box.addEventListener('toggle', () => {
    if (box.open && !live.asked) {
      live.asked = true;
      ask(live, { kind: 'rates' });
    }
  });
  live.rates.append(box);
}

function showRates(live, { points, own, windows, bad }) {
  const columns = make('div', { className: 'wb-columns' }, ...points.map(() => make('i', {})));
  columns.setAttribute('aria-hidden', 'true');
  const slider = make('input', { type: 'range', min: 0, max: points.length - 1, step: 1, value: own });
  const [alarm, missed] = [1, 0].map(value => make('input', { type: 'number', min: 0, step: 'any', value }));
  const output = make('output', {});
  output.setAttribute('aria-live', 'polite');
  const code = make('pre', { tabIndex: 0 });
  const show = () => {
    const cost = one => one.alarms * amount(alarm) + one.missed * amount(missed);
    const best = points.reduce((least, one) => (cost(one) < cost(least) ? one : least));
    const one = points[slider.value];
    slider.setAttribute('aria-valuetext', decimals(one.rate));
    output.replaceChildren(...sentences(one, { windows, bad, cost: cost(one), best, least: cost(best), own: points[own] }));
    code.textContent = one.code;
    draw(columns, points, Number(slider.value));
  };
  [slider, alarm, missed].forEach(input => input.addEventListener('input', show));
  live.turn.replaceChildren(
    make('label', { className: 'wb-slide' }, say('False-alarm rate'), slider),
    make('label', {}, say('An alarm costs'), alarm),
    make('label', {}, say('a missed bad window'), missed),
    columns,
    make(
      'div',
      { className: 'wb-key wb-sub' },
      make('span', { textContent: say('alarms at each rate, the smallest rate first') }),
      make('span', { className: 'wb-of-missed', textContent: say('bad windows in no alarm') })
    ),
    output,
    make('div', { className: 'wb-cure' }, code, ...codeButtons(() => code.textContent))
  );
  show();
}

function amount({ value }) {
  return Math.max(Number(value) || 0, 0);
}

function sentences(one, { windows, bad, cost, best, least, own }) {
  const [alarms, warnings, missed] = [one.alarms, one.warnings, one.missed].map(String);
  const lines = [
    say('#1 alarms and #2 warnings in #3 windows', alarms, warnings, count(windows)),
    bad ? say('#1 of #2 bad windows in no alarm', missed, count(bad)) : say('no window is known to be bad'),
    say('cost #1', decimals(cost))
  ];
  const rate = make('strong', { textContent: say('At a rate of #1', decimals(one.rate)) });
  const mark = one === own ? ` (${say('the rate of this report')})` : '';
  const cheapest =
    cost === least
      ? say('No other rate is cheaper.')
      : say('The cheapest rate is #1: cost #2.', decimals(best.rate), decimals(least));
  return [rate, `${mark}: ${lines.join('; ')}. ${cheapest}`];
}

function draw(columns, points, chosen) {
  const most = Math.max(1, ...points.map(one => one.alarms + one.missed));
  points.forEach((one, at) => {
    columns.children[at].style.setProperty('--alarms', one.alarms / most);
    columns.children[at].style.setProperty('--missed', one.missed / most);
    columns.children[at].className = at === chosen ? 'wb-chosen' : '';
  });
}

function decimals(value) {
  return value.toLocaleString(LANGUAGE ?? 'en', { maximumSignificantDigits: 6 });
}

function count(value) {
  return value.toLocaleString(LANGUAGE ?? 'en');
}
