import { expect, test } from 'vitest';
import { follow } from '#renderer/live.ts';
import { someCheck, someLine, someState } from './samples.ts';

test('a scan keeps the identity of every line that it did not touch', () => {
  const [first, second] = [someLine({ name: 'Tea' }), someLine({ name: 'Cake' })];
  const before = someState({ check: someCheck([first, second]) });
  const parts = structuredClone({ check: someCheck([first, { ...second, quantity: 2 }]) });

  const after = follow(before, { type: 'changed', parts });

  expect(after?.check?.lines[0]).toBe(before.check?.lines[0]);
  expect(after?.check?.lines[1]).not.toBe(before.check?.lines[1]);
  expect(after?.check?.lines[1]?.quantity).toBe(2);
  expect(after?.store).toBe(before.store);
});

test('a snapshot replaces what was known before, whatever it was', () => {
  const before = someState({ check: someCheck([someLine({})]) });

  expect(follow(before, { type: 'snapshot', state: someState({ check: null }) })).toEqual(someState({ check: null }));
});

test('a part that became null is gone, a part that is absent stays', () => {
  const before = someState({ check: someCheck([someLine({})]) });

  const after = follow(before, { type: 'changed', parts: { check: null } });

  expect(after).toEqual({ ...before, check: null });
});

test('changes before the first snapshot belong to nothing', () => {
  expect(follow(null, { type: 'changed', parts: { check: null } })).toBeNull();
});

test('an event that carries no state changes none', () => {
  const before = someState({});

  expect(follow(before, { type: 'catalogueChanged' })).toBe(before);
});
