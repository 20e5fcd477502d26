import { REPLAY_WINDOW_SECONDS } from '#contract/signature.ts';
import type { Task } from './storage.ts';

/** What is known of money actions that were sent without an answer. */

/** For clocks that differ, on both sides of the window. */
const SLACK_MS = 60_000;

/**
 * Whether what was sent last can no longer arrive: its signature holds for the server's replay window alone. If the
 * server does not know the action then, it never will.
 */
export function isBeyondReplay(task: Task): boolean {
  return Date.now() - task.sentAtMs > REPLAY_WINDOW_SECONDS * 1_000 + SLACK_MS;
}
