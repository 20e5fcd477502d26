/**
 * Faults that a test asks for, to prove that the books agree afterwards. Handed in; a server without them has none.
 *
 * `kill-after-commit=N`  the process ends, as by kill -9, between the N-th commit of money and its answer
 * `delay-answer=MS`      every answer about money waits
 * `drop-answer=N`        the N-th answer about money is not sent: the connection is cut in its place
 * `answer-twice`         every answer about money is written to the socket twice
 * `busy=N`               the first N requests about money are answered 503
 */
export interface Faults {
  afterCommit(): void;
  /** What becomes of the next answer about money. */
  beforeAnswer(): Promise<'send' | 'drop' | 'twice'>;
  /** Whether to refuse the next request about money before it is looked at. */
  isBusy(): boolean;
}

export const noFaults: Faults = {
  afterCommit: () => {},
  beforeAnswer: async () => 'send',
  isBusy: () => false,
};

/** Undefined for a fault that is not known. */
export function parseFaults(texts: readonly string[], kill: () => void): Faults | undefined {
  const known = new Map<string, number>();
  for (const text of texts) {
    const match = /^(kill-after-commit|delay-answer|drop-answer|busy)=(\d{1,6})$|^(answer-twice)$/.exec(text);
    if (match === null) return undefined;
    known.set(match[1] ?? match[3] ?? '', Number(match[2] ?? 1));
  }
  let commits = 0;
  let answers = 0;
  let requests = 0;
  return {
    afterCommit: () => {
      commits += 1;
      if (commits === known.get('kill-after-commit')) kill();
    },
    beforeAnswer: async () => {
      answers += 1;
      const number = answers;
      const delayMs = known.get('delay-answer');
      if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (number === known.get('drop-answer')) return 'drop';
      return known.has('answer-twice') ? 'twice' : 'send';
    },
    isBusy: () => {
      requests += 1;
      return requests <= (known.get('busy') ?? 0);
    },
  };
}
