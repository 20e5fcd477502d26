import { button, type Child, element } from './dom.ts';
import type { Words } from './words.ts';

/** A question over the page. Resolves with the action's result, or undefined where it was closed. */
export interface Question<Result> {
  readonly words: Words;
  readonly title: string;
  readonly content: readonly Child[];
  readonly action: string;
  readonly isDangerous?: boolean;
  /** What went wrong, in a sentence; the dialog stays open then. */
  readonly act: () => Promise<Result | { readonly refusal: string }>;
}

export function ask<Result extends object>(question: Question<Result>): Promise<Result | undefined> {
  const { words, title, content, action, isDangerous = false, act } = question;
  return new Promise((resolve) => {
    let result: Result | undefined;
    const trouble = element('p', { className: 'trouble', role: 'alert' });
    const send = element('button', {
      type: 'submit',
      className: isDangerous ? 'danger' : 'primary',
      textContent: action,
    });
    const form = element(
      'form',
      { method: 'dialog' },
      element('h2', { textContent: title }),
      ...content,
      trouble,
      element(
        'div',
        { className: 'actions' },
        button(words('cancel'), 'quiet', () => dialog.close()),
        send,
      ),
    );
    const dialog = element('dialog', {}, form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      send.disabled = true;
      trouble.textContent = '';
      void act().then((answer) => {
        send.disabled = false;
        if ('refusal' in answer) {
          trouble.textContent = answer.refusal;
          return;
        }
        result = answer;
        dialog.close();
      });
    });
    open(dialog, () => resolve(result));
  });
}

/** Something to read. */
export function tell(words: Words, title: string, ...content: readonly Child[]): void {
  const dialog = element(
    'dialog',
    {},
    element('h2', { textContent: title }),
    ...content,
    element(
      'div',
      { className: 'actions' },
      button(words('close'), 'primary', () => dialog.close()),
    ),
  );
  open(dialog, () => {});
}

function open(dialog: HTMLDialogElement, onClose: () => void): void {
  dialog.addEventListener('close', () => {
    dialog.remove();
    onClose();
  });
  document.body.append(dialog);
  dialog.showModal();
}
