import type { Ask } from './client.ts';
import { newId } from './keys.ts';
import { isPassing, outcomeOf, type PinOutcome } from './pin.ts';
import type { Storage, Task } from './storage.ts';
import { isBeyondReplay } from './tasks.ts';

/**
 * Repayments whose answer never came. The PIN is kept nowhere, so this phone cannot send again by itself: it looks in
 * the history, and the customer may send again, under the same id, with the PIN.
 */
export interface Repayments {
  /** For an allotment whose last repayment is open, it is sent again as it was, whatever is asked for now. */
  pay(request: RepaymentRequest, pin: string): Promise<PinOutcome>;
  resume(): Promise<void>;
  /** Sent, and nobody knows. */
  open(): readonly RepaymentTask[];
  /** Never arrived, and can no longer. Forgotten with the next one. */
  lost(): readonly RepaymentTask[];
}

export type RepaymentTask = Extract<Task, { type: 'repayment' }>;
export type RepaymentRequest = Pick<RepaymentTask, 'allotmentId' | 'groupPaymentId' | 'amount'>;

export interface RepaymentsOptions {
  readonly keyId: string;
  readonly storage: Storage;
  readonly ask: Ask;
  readonly onChange: () => void;
  readonly onDone: () => void;
}

const PAGE = '100';

export function openRepayments({ keyId, storage, ask, onChange, onDone }: RepaymentsOptions): Repayments {
  let unknown: readonly RepaymentTask[] = [];
  let lost: readonly RepaymentTask[] = [];
  const inFlight = new Set<string>();

  function show(next: readonly RepaymentTask[]): void {
    unknown = next;
    onChange();
  }

  async function end(task: RepaymentTask): Promise<void> {
    await storage.forgetTask(task.taskId);
    show(unknown.filter(({ taskId }) => taskId !== task.taskId));
    onDone();
  }

  async function pay(request: RepaymentRequest, pin: string): Promise<PinOutcome> {
    const open = unknown.find(({ allotmentId }) => allotmentId === request.allotmentId);
    const nowMs = Date.now();
    const { taskId, allotmentId, groupPaymentId, amount, madeAtMs } = open ?? {
      taskId: newId(),
      madeAtMs: nowMs,
      ...request,
    };
    const task: RepaymentTask = {
      type: 'repayment',
      taskId,
      keyId,
      allotmentId,
      groupPaymentId,
      amount,
      madeAtMs,
      sentAtMs: nowMs,
    };
    lost = lost.filter((old) => old.allotmentId !== allotmentId);
    inFlight.add(taskId);
    try {
      await storage.putTask(task);
      const answer = await ask('putRepayment', { allotmentId, repaymentId: taskId }, { amount, pin });
      if (answer?.ok) {
        await end(task);
        return { type: 'done' };
      }
      if (answer === undefined || isPassing(answer.problem.code)) {
        show([...unknown.filter((old) => old.taskId !== taskId), task]);
        return { type: 'noAnswer' };
      }
      // A wrong PIN says nothing about an earlier try, so what was unknown stays so.
      if (open === undefined || answer.problem.code !== 'pin_wrong') await end(task);
      return outcomeOf(answer.problem);
    } finally {
      inFlight.delete(taskId);
    }
  }

  async function resume(): Promise<void> {
    if (unknown.length === 0) return;
    const answer = await ask('listHistory', {}, undefined, { query: { limit: PAGE } });
    if (!answer?.ok) return;
    const booked = new Set(answer.value.entries.map(({ entryId }) => entryId));
    for (const task of unknown) {
      if (inFlight.has(task.taskId)) continue;
      if (booked.has(task.taskId)) await end(task);
      else if (isBeyondReplay(task)) {
        lost = [...lost, task];
        await end(task);
      }
    }
  }

  async function recall(): Promise<void> {
    const kept = await storage.tasksOf(keyId);
    const open = kept.filter((task) => task.type === 'repayment' && !inFlight.has(task.taskId));
    if (open.length > 0) show([...unknown, ...(open as RepaymentTask[])]);
    await resume();
  }
  void recall();

  return { pay, resume, open: () => unknown, lost: () => lost };
}
