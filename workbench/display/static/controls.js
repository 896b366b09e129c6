/*
 * What the scripts of all views share: making an element, and code that goes to the clipboard or into a cell. Whoever
 * uses this defines `say(sentence, ...values)`, which gives a sentence in the language of the page.
 */

function codeButtons(code, word = 'Accept') {
  const copy = make('button', { type: 'button', textContent: say('Copy') });
  copy.addEventListener('click', () => copied(copy, code()));
  const insert = make('button', { type: 'button', textContent: say(word), title: say('Write it into the next cell') });
  insert.addEventListener('click', () => {
    if (offer(insert, code())) {
      flash(insert, say('Written below'));
    } else {
      copied(insert, code());
    }
  });
  return [copy, insert];
}

/** Whether a frontend took the code: JupyterLab's extension of Workbench does, and marks the event as dealt with. */
function offer(from, code) {
  const event = new CustomEvent('workbench:insert-code', { bubbles: true, composed: true, cancelable: true, detail: { code } });
  return !from.dispatchEvent(event);
}

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(button, text); // a page opened from a file, or over plain HTTP, has no clipboard
  }
  flash(button, say('Copied'));
}

function copyBySelection(button, text) {
  const area = make('textarea', { value: text, className: 'wb-hidden' });
  button.after(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  button.focus();
}

function flash(button, word) {
  const before = (button.dataset.word = button.dataset.word || button.textContent);
  button.textContent = word;
  button.setAttribute('aria-live', 'polite');
  setTimeout(() => (button.textContent = before), 1600);
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
