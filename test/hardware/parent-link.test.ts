import { EventEmitter } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { openParentLink } from '#hardware/parent-link.ts';

afterEach(() => {
  Reflect.deleteProperty(process, 'parentPort');
});

test('under Electron the parent is reached through the parent port', () => {
  const posted: unknown[] = [];
  const port = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => void posted.push(message) });
  Object.assign(process, { parentPort: port });
  const link = openParentLink();
  const received: unknown[] = [];
  link.onMessage((message) => received.push(message));
  link.post({ type: 'started' });
  port.emit('message', { data: { type: 'ping', number: 1 } });
  expect([posted, received]).toEqual([[{ type: 'started' }], [{ type: 'ping', number: 1 }]]);
});
