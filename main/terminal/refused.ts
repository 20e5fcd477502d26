import type { Refusal } from '#contract/terminal.ts';

/** A command that the terminal will not carry out, for a reason that a person can read. Nothing was changed. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`refused: ${refusal.reason}`);
    this.name = 'Refused';
    this.refusal = refusal;
  }
}
