import { vi } from 'vitest';

export const Notification = {
  dismiss: vi.fn(),
  emit: vi.fn(() => 'notice'),
  error: vi.fn(),
  update: vi.fn()
};

interface IOptions {
  body: { node: HTMLElement };
  buttons: { label?: string; className?: string }[];
}

/** A dialog that lies in the page, whose last button is the one of Enter. */
export class Dialog {
  static cancelButton = (of = {}): object => ({ label: 'Cancel', ...of });
  static okButton = (of = {}): object => ({ label: 'Ok', ...of });
  static warnButton = (of = {}): object => ({ label: 'Ok', ...of });
  readonly node = document.createElement('div');

  constructor({ body, buttons }: IOptions) {
    const made = buttons.map(({ label = '', className = '' }, at) => {
      const button = document.createElement('button');
      button.className = className;
      button.innerHTML = '<span class="jp-Dialog-buttonLabel"></span>';
      button.firstElementChild?.append(label);
      button.addEventListener('click', () => this.resolve(at));
      return button;
    });
    this.node.append(body.node, ...made);
    document.body.replaceChildren(this.node);
  }

  launch(): Promise<number> {
    return new Promise(resolve => {
      this.done = resolve;
    });
  }

  resolve(index = 1): void {
    this.node.remove();
    this.done(index);
  }

  private done: (index: number) => void = () => undefined;
}

export const IFrame = class {
  readonly node = document.createElement('div');
  readonly title = {};

  constructor() {
    this.node.append(document.createElement('iframe'));
  }
};

export const MainAreaWidget = class {
  readonly content: object;

  constructor({ content }: { content: object }) {
    this.content = content;
  }
};
export const showDialog = vi.fn();
export const showErrorMessage = vi.fn();
