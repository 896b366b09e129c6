const icon = {
  element: ({ container, tag = 'span' }: { container?: HTMLElement; tag?: string } = {}): HTMLElement => {
    const made = document.createElement(tag);
    container?.append(made);
    return made;
  }
};

export class LabIcon {
  readonly svgstr: string;
  readonly element = icon.element;

  constructor({ svgstr }: { svgstr: string }) {
    this.svgstr = svgstr;
  }
}
export const caretRightIcon = icon;
export const checkIcon = icon;
