import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { SerialPort } from 'serialport';

/**
 * Ends a POSIX port where the line is hung up.
 *
 * A terminal line that is hung up answers every read with 0 bytes (POSIX.1-2017, 11.1.10 Modem Disconnect). The reader of
 * @serialport/bindings-cpp 13.0.0 takes 0 bytes for "try again" and, when the hang-up overtakes its wait, tries for ever: one
 * core at 96 % and no `close` event, while the event loop still answers pings (serialport/bindings-cpp #162). Ports are
 * opened with VMIN 1, where 0 bytes have no other meaning, so this reader treats them as the loss that they are.
 */
export function endAtHangUp(port: OpenPort): void {
  // The Windows binding reads by overlapped I/O and has no poller.
  if ('poller' in port) port.read = (buffer, offset, length) => readUntilHangUp(port, buffer, offset, length);
}

type OpenPort = NonNullable<SerialPort['port']>;
type PosixPort = Extract<OpenPort, { poller: unknown }>;

const readDescriptor = promisify(read);

async function readUntilHangUp(port: PosixPort, buffer: Buffer, offset: number, length: number) {
  for (;;) {
    if (port.fd === null) throw closedMeanwhile();
    try {
      const { bytesRead } = await readDescriptor(port.fd, buffer, offset, length, null);
      if (bytesRead === 0) throw new Error('the line was hung up');
      return { buffer, bytesRead };
    } catch (error) {
      if (!isWaiting(error)) throw error;
      // The read took its time: a poller that was destroyed meanwhile must not be asked, it is freed memory.
      if (port.fd === null) throw closedMeanwhile();
      await readable(port);
    }
  }
}

function closedMeanwhile(): Error {
  return Object.assign(new Error('the port was closed'), { canceled: true });
}

function isWaiting(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
}

/** Rejects with `canceled` when the port is closed meanwhile. */
function readable(port: PosixPort): Promise<void> {
  return new Promise((resolve, reject) => {
    port.poller.once('readable', (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
