import { ORPCError } from '@orpc/client';
import { createContext, use, useCallback } from 'react';
import { useStore } from 'zustand';
import type { Check } from '#contract/check.ts';
import type { Refusal, TerminalState } from '#contract/terminal.ts';
import type { Connection } from './connection.ts';
import type { Live, LiveStore } from './live.ts';
import type { PreferencesStore } from './preferences.ts';
import type { TerminalClient } from './terminal-client.ts';
import { type View, type ViewStore, notify } from './view.ts';

/** What the screens are handed: one store to listen to, one for where the eye is, and the line to ask over. */
export interface Till {
  readonly live: LiveStore;
  readonly view: ViewStore;
  readonly preferences: PreferencesStore;
  readonly connection: Connection;
}

export const TillContext = createContext<Till | undefined>(undefined);

export type Answer<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** There is no line: nothing went out, nothing was changed. */
  | { readonly type: 'notSent' }
  /** The line broke: whether the terminal did it shows when the line is back. */
  | { readonly type: 'noAnswer' }
  | { readonly type: 'failed' };

export function useTill(): Till {
  const till = use(TillContext);
  if (!till) throw new Error('a screen stands inside the till');
  return till;
}

export function useLive<T>(select: (live: Live) => T): T {
  return useStore(useTill().live, select);
}

/** A part of the terminal's state. Only below the app's gate, which waits for the first snapshot. */
export function useTerminal<T>(select: (terminal: TerminalState) => T): T {
  return useLive(({ terminal }) => {
    if (!terminal) throw new Error('a screen is shown only after the first snapshot');
    return select(terminal);
  });
}

export function useCheck(): Check | null {
  return useTerminal(({ check }) => check);
}

export function useView<T>(select: (view: View) => T): T {
  return useStore(useTill().view, select);
}

/** Sends one command and tells what became of it. Never rejects. */
export async function ask<T>(
  connection: Connection,
  command: (terminal: TerminalClient) => Promise<T>,
): Promise<Answer<T>> {
  const client = connection.client();
  if (!client) return { type: 'notSent' };
  try {
    return { type: 'done', value: await command(client) };
  } catch (error) {
    if (isRefusal(error)) return { type: 'refused', refusal: error.data };
    return { type: error instanceof ORPCError ? 'failed' : 'noAnswer' };
  }
}

/** A command whose refusal is shown as a notice. Gives the result, or undefined where there is none. */
export type Act = <T>(command: (terminal: TerminalClient) => Promise<T>) => Promise<T | undefined>;

export function useAct(): Act {
  const { connection, view } = useTill();
  return useCallback<Act>(
    async (command) => {
      const answer = await ask(connection, command);
      switch (answer.type) {
        case 'done':
          view.setState(({ notices }) =>
            notices.some(isAboutCommand) ? { notices: notices.filter((notice) => !isAboutCommand(notice)) } : {},
          );
          return answer.value;
        case 'refused':
          view.setState((seen) => notify(seen, { type: 'refusal', refusal: answer.refusal }));
          return undefined;
        case 'notSent':
        case 'noAnswer':
        case 'failed':
          view.setState((seen) => notify(seen, answer));
          return undefined;
      }
    },
    [connection, view],
  );
}

function isAboutCommand({ type }: View['notices'][number]): boolean {
  return type === 'refusal' || type === 'notSent' || type === 'noAnswer' || type === 'failed';
}

function isRefusal(error: unknown): error is ORPCError<'REFUSED', Refusal> {
  return error instanceof ORPCError && error.defined && error.code === 'REFUSED';
}
