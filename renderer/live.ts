import { replaceEqualDeep } from '@tanstack/react-query';
import { createStore } from 'zustand/vanilla';
import type { TerminalEvent, TerminalState } from '#contract/terminal.ts';
import type { Link } from './connection.ts';

/** What the page knows of the terminal: its last word, and whether the line to it stands. */
export interface Live {
  /** Null until the first snapshot. Kept while the line is lost, so that the bill stays readable. */
  readonly terminal: TerminalState | null;
  readonly link: Link;
}

export function openLive() {
  return createStore<Live>(() => ({ terminal: null, link: { state: 'connecting' } }));
}
export type LiveStore = ReturnType<typeof openLive>;

/**
 * The state after an event. Whatever is equal to what was there before keeps its identity, line by line, so that a
 * scan on a long bill paints one row and not all of them.
 */
export function follow(state: TerminalState | null, event: TerminalEvent): TerminalState | null {
  switch (event.type) {
    case 'snapshot':
      return replaceEqualDeep(state, event.state);
    case 'changed':
      // Parts that come before a snapshot belong to nothing.
      return state && replaceEqualDeep(state, withParts(state, event.parts));
    case 'scanned':
    case 'saleClosed':
    case 'attemptResolved':
    case 'catalogueChanged':
      return state;
  }
}

type Parts = Extract<TerminalEvent, { type: 'changed' }>['parts'];

/** A part that is present but undefined says nothing: nothing in the state may be undefined. */
function withParts(state: TerminalState, parts: Parts): TerminalState {
  const said = Object.entries(parts).filter(([, part]) => part !== undefined);
  return Object.assign({}, state, Object.fromEntries(said));
}
