import { Overloaded } from '../group-commit.ts';

/**
 * Questions that arrive together are one query: a round trip to the database costs more than the row that it is for.
 * While one query is on its way the next one gathers, so an answer is never older than its question.
 */
export interface Together<Answer> {
  /** Undefined for what is not there. Rejects with {@link Overloaded} where too many are waiting. */
  find(key: string): Promise<Answer | undefined>;
}

interface Waiting<Answer> {
  readonly key: string;
  readonly resolve: (answer: Answer | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_TOGETHER = 256;
const MAX_WAITING = 2_048;

/** @param ask is never called again before it has answered; at most 256 keys, each once */
export function openTogether<Answer>(
  ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
): Together<Answer> {
  const waiting: Waiting<Answer>[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    // Lets every request that has already arrived join.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await askFor(waiting.splice(0, MAX_TOGETHER));
    isRunning = false;
  }

  async function askFor(together: readonly Waiting<Answer>[]): Promise<void> {
    try {
      const found = await ask([...new Set(together.map(({ key }) => key))]);
      for (const { key, resolve } of together) resolve(found.get(key));
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  return {
    find: (key) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING) {
          reject(new Overloaded('The wallet server is asked more than it can answer.'));
          return;
        }
        waiting.push({ key, resolve, reject });
        if (isRunning) return;
        isRunning = true;
        void run();
      }),
  };
}
