import type { Answer, ProblemCode, RouteName } from '#contract/wallet.ts';
import type { Words } from '../words/words.ts';

/** What a screen says when something did not work; empty when it did. */
export function troubleOf(t: Words, answer: Answer<RouteName> | undefined): string {
  if (answer === undefined) return t.noAnswer;
  return answer.ok ? '' : problemWords(t, answer.problem.code);
}

export function problemWords(t: Words, code: ProblemCode): string {
  return t.problems[code] ?? t.problem;
}
