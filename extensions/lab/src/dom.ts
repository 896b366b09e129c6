type Child = Node | string;

/** An element with its attributes and children. Text is set as text, never as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children);
  return element;
}

/** What `selector` finds in an element that was made to hold it. */
export function part<T extends Element = HTMLElement>(of: Element, selector: string): T {
  const inner = of.querySelector<T>(selector);
  if (!inner) {
    throw new Error(`There is no ${selector} in this ${of.localName}.`);
  }
  return inner;
}

/** Set a text only where it changes, so that nothing is read out twice. */
export function set(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}
