import type { ConnectionListener, Transport } from './transport.ts';

/** A device without a wire: always there, and silent until it is fed. The demo uses it like a real one. */
export function simulatedTransport(): Transport {
  let listener: ConnectionListener | undefined;
  return {
    source: 'simulated',

    open(newListener) {
      listener = newListener;
      return Promise.resolve({
        state: 'open',
        connection: {
          write: () =>
            Promise.resolve(
              listener === newListener ? { outcome: 'written' } : { outcome: 'refused', reason: 'notOpen' },
            ),
          close() {
            if (listener === newListener) listener = undefined;
            return Promise.resolve();
          },
        },
      });
    },

    feed(bytes) {
      listener?.onBytes(bytes);
      return listener !== undefined;
    },
  };
}
