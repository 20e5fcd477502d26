import type { ReloadView } from '#contract/reload.ts';
import type { ProblemCode } from '#contract/wallet.ts';
import type { Ask } from './client.ts';
import { newId } from './keys.ts';
import { isPassing } from './pin.ts';
import type { Storage, Task } from './storage.ts';
import { isBeyondReplay } from './tasks.ts';

/**
 * Reloads under way. The id is stored before anything is sent, and everything that is sent again is sent under it: the
 * server books it once. After the page was closed, the server is asked what became of it.
 */
export interface Reloads {
  start(methodId: string, amount: ReloadView['amount']): Promise<void>;
  /** Asks about those whose outcome is not known, and sends again what never arrived. */
  resume(): Promise<void>;
  /** Takes one that is over out of sight. */
  dismiss(reloadId: string): void;
  all(): readonly ReloadProgress[];
  close(): void;
}

export interface ReloadProgress {
  readonly reloadId: string;
  readonly methodId: string;
  readonly amount: ReloadView['amount'];
  /** `unknown`: sent, and no answer came. `lost`: it never reached the server, and can no longer. */
  readonly state: 'sending' | 'unknown' | 'lost' | 'refused' | ReloadView['state'];
  readonly reason?: ReloadView['reason'];
  readonly code?: ProblemCode;
}

export interface ReloadsOptions {
  readonly keyId: string;
  readonly storage: Storage;
  readonly ask: Ask;
  readonly onChange: () => void;
  /** The balance may have changed. */
  readonly onDone: () => void;
  readonly page: Window;
}

type ReloadTask = Extract<Task, { type: 'reload' }>;

const FIRST_WAIT_MS = 1_500;
const MAX_WAIT_MS = 15_000;
/** What never arrived is sent again only while the customer is surely still at it. */
const RESEND_FOR_MS = 2 * 60_000;

export function openReloads({ keyId, storage, ask, onChange, onDone, page }: ReloadsOptions): Reloads {
  const tasks = new Map<string, ReloadTask>();
  let all: readonly ReloadProgress[] = [];
  let timer = 0;
  let waitMs = FIRST_WAIT_MS;
  let isAsking = false;
  let isClosed = false;

  function show(task: ReloadTask, next: Pick<ReloadProgress, 'state' | 'reason' | 'code'>): void {
    const progress = { reloadId: task.taskId, methodId: task.methodId, amount: task.amount, ...next };
    const isKnown = all.some(({ reloadId }) => reloadId === task.taskId);
    all = isKnown ? all.map((old) => (old.reloadId === task.taskId ? progress : old)) : [progress, ...all];
    onChange();
  }

  async function end(task: ReloadTask, next: Pick<ReloadProgress, 'state' | 'reason' | 'code'>): Promise<void> {
    tasks.delete(task.taskId);
    await storage.forgetTask(task.taskId);
    show(task, next);
    onDone();
  }

  async function take(task: ReloadTask, view: ReloadView): Promise<void> {
    if (view.state === 'pending') return show(task, { state: 'pending' });
    await end(task, { state: view.state, ...(view.reason === undefined ? {} : { reason: view.reason }) });
  }

  async function send(task: ReloadTask): Promise<void> {
    const sent = { ...task, sentAtMs: Date.now() };
    tasks.set(task.taskId, sent);
    await storage.putTask(sent);
    const { taskId: reloadId, methodId, amount } = sent;
    const answer = await ask('putReload', { reloadId }, { methodId, amount });
    if (answer?.ok) return take(sent, answer.value);
    if (answer === undefined || isForLater(answer.problem.code)) return show(sent, { state: 'unknown' });
    await end(sent, { state: 'refused', code: answer.problem.code });
  }

  async function inquire(task: ReloadTask): Promise<void> {
    const answer = await ask('getReload', { reloadId: task.taskId });
    if (answer?.ok) return take(task, answer.value);
    if (answer?.problem.code !== 'not_found') return;
    if (Date.now() - task.madeAtMs < RESEND_FOR_MS) return send(task);
    if (isBeyondReplay(task)) await end(task, { state: 'lost' });
  }

  async function resume(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    try {
      for (const task of tasks.values()) {
        if (all.some(({ reloadId, state }) => reloadId === task.taskId && state === 'sending')) continue;
        await inquire(task);
      }
    } finally {
      isAsking = false;
    }
    schedule();
  }

  function schedule(): void {
    page.clearTimeout(timer);
    if (tasks.size === 0 || isClosed) {
      waitMs = FIRST_WAIT_MS;
      return;
    }
    timer = page.setTimeout(() => void resume(), waitMs);
    waitMs = Math.min(MAX_WAIT_MS, waitMs * 1.5);
  }

  async function open(): Promise<void> {
    for (const task of await storage.tasksOf(keyId)) {
      if (task.type !== 'reload' || tasks.has(task.taskId)) continue;
      tasks.set(task.taskId, task);
      show(task, { state: 'unknown' });
    }
    if (tasks.size > 0) await resume();
  }
  void open();

  return {
    start: async (methodId, amount) => {
      const madeAtMs = Date.now();
      const task: ReloadTask = {
        type: 'reload',
        taskId: newId(),
        keyId,
        methodId,
        amount,
        madeAtMs,
        sentAtMs: madeAtMs,
      };
      show(task, { state: 'sending' });
      await send(task);
      waitMs = FIRST_WAIT_MS;
      schedule();
    },
    resume,
    dismiss: (id) => {
      if (tasks.has(id)) return;
      all = all.filter(({ reloadId }) => reloadId !== id);
      onChange();
    },
    all: () => all,
    close: () => {
      isClosed = true;
      page.clearTimeout(timer);
    },
  };
}

function isForLater(code: ProblemCode): boolean {
  return isPassing(code) || code === 'too_many_requests';
}
