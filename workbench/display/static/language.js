/*
 * The language of a page. English is in the page and in its scripts. `CATALOGUES` (written above this file by Python,
 * from `PAGE.*.json` and `controls.*.json`) has the sentences of other languages: each is looked up there, where `#1`
 * stands for a word such as a number, `@1` for a word of ours, which is looked up itself, and `%1` for any text.
 *
 * Three things of a page are translated: elements that `data-say` names a sentence of, with its values in `data-with`;
 * those with `data-own`, where a word of ours stands in a place of the data; and the text of what a page's `LABELS` names.
 * Names, values and findings, which are the data's, are in none of these.
 */

const LANGUAGE = language();
const SENTENCES = new Map(Object.entries(CATALOGUES[LANGUAGE] ?? {}));
const PATTERNS = patterns([...SENTENCES.keys()]);
const [, GROUP, , POINT] = new Intl.NumberFormat(LANGUAGE ?? 'en').formatToParts(1000.5).map(part => part.value);
const MARKS = { ',': GROUP, '.': POINT };
// What names an element; a title of a row's head is a name of the data in full.
const NAMED = { 'aria-label': '[aria-label]', title: '[title]:not(tbody th)' };

/** The language of the person, if there is a catalogue: JupyterLab's own; elsewhere the page's, else the browser's. */
function language() {
  const page = document.documentElement.lang;
  // An exported notebook says "en" whatever is in it, so only in JupyterLab English means that somebody wants English.
  const inLab = page && document.getElementById('jupyter-config-data');
  const tags = inLab ? [page] : [page, navigator.language];
  return tags.map(tag => tag.slice(0, 2).toLowerCase()).find(tag => Object.hasOwn(CATALOGUES, tag));
}

/** A sentence of this file, with what stands for its `#1` and `%2`. */
function say(text, ...values) {
  return filled(SENTENCES.get(text) ?? text, values);
}

function filled(text, values) {
  return text.replace(/([#%@])(\d)/g, (_, kind, at) => (kind === '@' ? word(String(values[at - 1])) : values[at - 1]));
}

/** A word of ours, such as a unit; what no catalogue has, as the data's own unit, stays as it is. */
function word(text) {
  return SENTENCES.get(text) ?? matched(text) ?? localNumber(text);
}

/** All of a page, or of a part of it that came later. */
function translate(root, labels) {
  if (!LANGUAGE) {
    return;
  }
  const all = selector => [...(root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];
  root.lang = LANGUAGE;
  for (const label of all(labels)) {
    for (const node of [...label.childNodes].filter(one => one.nodeType === Node.TEXT_NODE)) {
      node.data = translated(node.data);
    }
  }
  all('[data-say]').forEach(saidAgain);
  all('[data-own]').forEach(own => (own.textContent = word(own.textContent)));
  for (const [name, selector] of Object.entries(NAMED)) {
    all(selector).forEach(named => named.setAttribute(name, translated(named.getAttribute(name))));
  }
  all('time').forEach(translateTime);
}

/** A sentence that Python wrote, from what it is made of. */
function saidAgain(element) {
  const values = JSON.parse(element.dataset.with ?? '[]');
  const kinds = new Map([...element.dataset.say.matchAll(/([#%@])(\d)/g)].map(([, kind, at]) => [Number(at), kind]));
  element.textContent = say(element.dataset.say, ...values.map((value, k) => (kinds.get(k + 1) === '#' ? localNumber(value) : value)));
}

function translateTime(time) {
  const date = new Date(time.dateTime);
  if (time.textContent.endsWith('UTC') && !Number.isNaN(date.getTime())) {
    const style = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' };
    time.textContent = `${date.toLocaleString(LANGUAGE, style)} UTC`;
  }
}

/** A text of the page in the person's language; what no catalogue has stays as it is. */
function translated(text) {
  const bare = text.trim();
  return text.replace(bare, () => SENTENCES.get(bare) ?? matched(bare) ?? whole(bare) ?? eachOf(bare));
}

/** What a sentence with values becomes. */
function matched(text) {
  const fitting = PATTERNS.find(({ pattern }) => pattern.test(text));
  return fitting && filled(SENTENCES.get(fitting.sentence), fitting.pattern.exec(text).slice(1).map(localNumber));
}

/** What a sentence becomes that was cut. */
function whole(text) {
  const start = text.length > 9 && text.endsWith('…') ? text.slice(0, -1) : null;
  return start && SENTENCES.get([...SENTENCES.keys()].find(sentence => sentence.startsWith(start)));
}

function eachOf(list) {
  return list.split(', ').map(part => matched(part) ?? localNumber(part)).join(', ');
}

/** Numbers and dates in the person's form; a text that holds more than numbers stays as it is. */
function localNumber(text) {
  if (!LANGUAGE || !/^[\d.,:;%≈±−<>+()…eE\skMB-]+$/.test(text)) {
    return text;
  }
  const numbers = text.replace(/\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+/g, one => one.replace(/[.,]/g, mark => MARKS[mark]));
  const sizes = numbers.replace(/(\d)([kMB])(?!\w)/g, (_, digit, size) => digit + say(size));
  return sizes.replace(/\d{4}-\d\d-\d\d/g, localDay);
}

function localDay(text) {
  const day = new Date(`${text}T00:00:00Z`);
  const style = { day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC' };
  return Number.isNaN(day.getTime()) ? text : day.toLocaleDateString(LANGUAGE, style);
}

/** Patterns for the sentences with values, those with most words of their own first. */
function patterns(sentences) {
  const length = sentence => sentence.replace(/[#%@]\d/g, '').length;
  const withValues = sentences.filter(sentence => /[#%@]\d/.test(sentence)).sort((a, b) => length(b) - length(a));
  return withValues.map(sentence => {
    const escaped = sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const source = escaped.replace(/#\d/g, '(\\S+)').replace(/[%@]\d/g, '(.+)');
    return { sentence, pattern: new RegExp(`^${source}$`, 's') };
  });
}
