import { expect, test } from 'vitest';
import { themeOf, openPreferences } from '#renderer/preferences.ts';
import { cellsOf } from '#renderer/receipt-cells.ts';
import { clockWords } from '#renderer/refusal-words.ts';
import { gridStep } from '#renderer/screens/sell/grid-keys.ts';
import { toggleModifier } from '#renderer/screens/sell/modifiers.ts';
import { neighbour, selectedLine } from '#renderer/screens/sell/use-cart.ts';
import { scannerState } from '#renderer/screens/shell/scanner-state.ts';
import { terminalStateSchema } from '#contract/terminal.ts';
import { someCheck, someLine } from './samples.ts';

test('arrows move in a grid and lead out of it only at its edges', () => {
  const step = (key: string, at: number): number | undefined => gridStep(key, at, 4, 10);

  const keys = [
    ['ArrowRight', 0],
    ['ArrowDown', 1],
    ['End', 0],
    ['ArrowDown', 8],
    ['ArrowUp', 2],
    ['ArrowRight', 9],
    ['ArrowLeft', 0],
  ] as const;
  expect(keys.map(([key, at]) => step(key, at))).toEqual([1, 5, 9, undefined, undefined, undefined, undefined]);
});

test('a choice of one moves, a choice of more joins, and a minimum is not left', () => {
  const modifiers = ['s', 'm', 'l'].map((modifierId) => ({ modifierId, name: modifierId, price: 0 }));

  expect([
    toggleModifier({ modifiers, min: 1, max: 1 }, ['s', 'oat'], 'l'),
    toggleModifier({ modifiers, min: 1, max: 1 }, ['s', 'oat'], 's'),
    toggleModifier({ modifiers, min: 0, max: 2 }, ['s'], 'm'),
    toggleModifier({ modifiers, min: 0, max: 2 }, ['s', 'm'], 'l'),
    toggleModifier({ modifiers, min: 0, max: 2 }, ['s', 'm'], 's'),
  ]).toEqual([['oat', 'l'], ['s', 'oat'], ['s', 'm'], ['m', 'l'], ['m']]);
});

test('keys act on the chosen line, else on the last one that counts', () => {
  const [tea, cake, gone] = [someLine({ name: 'Tea' }), someLine({ name: 'Cake' }), someLine({ name: 'Gone' })];
  const check = someCheck([tea, cake, { ...gone, isVoided: true }]);

  expect(selectedLine(check, undefined)).toBe(check.lines[1]);
  expect(selectedLine(check, tea.lineId)?.name).toBe('Tea');
  expect(selectedLine(check, gone.lineId)?.name).toBe('Cake');
  expect([neighbour(check, cake.lineId, -1), neighbour(check, cake.lineId, 1)]).toEqual([tea.lineId, cake.lineId]);
});

test('wide characters of a receipt stand in two columns', () => {
  expect(cellsOf('Tea お茶 ￥480')).toEqual([
    { text: 'Tea ', isWide: false },
    { text: 'お茶', isWide: true },
    { text: ' ', isWide: false },
    { text: '￥', isWide: true },
    { text: '480', isWide: false },
  ]);
});

test('a wait is told in minutes and seconds, and ends at nothing', () => {
  expect([clockWords(42_001), clockWords(900_000), clockWords(-5)]).toEqual(['0:43', '15:00', '0:00']);
});

test('more contrast wins over dark, and a choice wins over both', () => {
  expect([
    themeOf('system', { isDark: true, wantsContrast: true }),
    themeOf('system', { isDark: true, wantsContrast: false }),
    themeOf('light', { isDark: true, wantsContrast: true }),
  ]).toEqual(['contrast', 'dark', 'light']);
});

test('preferences survive a reload, and what is spoilt or refused does no harm', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage;
  openPreferences(storage).setState({ theme: 'dark', language: 'ja' });
  expect(openPreferences(storage).getState()).toMatchObject({ theme: 'dark', language: 'ja' });

  kept.forEach((_, key) => kept.set(key, '{"theme":"pink","language":7'));
  expect(openPreferences(storage).getState()).toEqual({ theme: 'system', language: 'store', lastStaffId: undefined });
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('the quota is used up');
    },
  } as unknown as Storage;
  expect(() => openPreferences(full).setState({ theme: 'dark' })).not.toThrow();
});

test.each([
  [['absent', 'ready'], 'ready'],
  [['absent', 'opening'], 'working'],
  [['absent', 'blocked'], 'blocked'],
  [['absent'], 'absent'],
  [[], 'absent'],
] as const)('with scanners that are %j the sign says %s', (states, sign) => {
  const devices = terminalStateSchema.shape.devices.parse(
    states.map((state, index) => ({
      deviceId: `scanner-${index}`,
      kind: 'scanner',
      isSimulated: false,
      state: state === 'blocked' ? { state, reason: 'inUse', detail: '' } : { state },
    })),
  );

  expect(scannerState(devices, { state: 'running', restarts: 0 })).toBe(sign);
  expect(scannerState(devices, { state: 'failed', restarts: 5 })).toBe('blocked');
});
