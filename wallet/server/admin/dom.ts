/** Elements in the order in which they stand on the page. Text is only ever text. */

export type Child = Node | string | undefined;

type Properties<Tag extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[Tag], 'style'>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<Tag> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export function button(text: string, className: string, onclick: () => void): HTMLButtonElement {
  return element('button', { type: 'button', className, onclick, textContent: text });
}

/** A labelled field; the hint stands below it. */
export function field(label: string, input: HTMLElement, hint?: string): HTMLLabelElement {
  return element(
    'label',
    { className: 'field' },
    element('span', { className: 'field-label', textContent: label }),
    input,
    hint === undefined ? undefined : element('span', { className: 'hint', textContent: hint }),
  );
}

export function table(heads: readonly string[], rows: readonly (readonly Child[])[]): HTMLTableElement {
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col', textContent: head })))),
    element(
      'tbody',
      {},
      ...rows.map((cells) =>
        element(
          'tr',
          {},
          ...cells.map((cell, index) => {
            const made = element('td', {}, cell);
            made.dataset['head'] = heads[index] ?? '';
            return made;
          }),
        ),
      ),
    ),
  );
}
