import assert from 'node:assert';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A serial device in software: what is written here is read from the port, and the reverse. */
export interface Pty {
  /** Where the port is: a link, as udev makes them. */
  readonly path: string;
  write(bytes: string | Uint8Array): Promise<void>;
  /** Resolves when the till has sent at least so many bytes since the last call, with all of them. */
  received(byteCount: number): Promise<Buffer>;
  /** Pulls the plug: the line hangs up and the device node goes away. */
  unplug(): Promise<void>;
}

const socat = tool('socat');
const python = tool('python3');

/** Why no pseudo-terminal can be had here; undefined where it can. */
export const ptyMissing: string | undefined =
  socat === undefined && python === undefined
    ? 'no pseudo-terminal: neither socat nor python3 is installed'
    : undefined;

if (ptyMissing !== undefined) process.stderr.write(`Tests on a serial port are skipped: ${ptyMissing}.\n`);

/** The same link may be opened again after it was unplugged. */
export async function openPty(path: string): Promise<Pty> {
  assert(ptyMissing === undefined, 'a test asks for a pseudo-terminal only where one can be had');
  const device = socat === undefined ? openWithPython(python ?? '', path) : openWithSocat(socat, path);
  await said(device, 'ready');
  // Held open, because a line whose last reader goes away hangs up, and a till may close and open it as it likes.
  const holder = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const exited = new Promise<void>((resolve) => device.once('exit', () => resolve()));
  return {
    path,

    write: (bytes) =>
      new Promise((resolve, reject) => {
        device.stdin.write(bytes, (error) => (error instanceof Error ? reject(error) : resolve()));
      }),

    async received(byteCount) {
      const chunks: Buffer[] = [];
      for (let length = 0; length < byteCount;) {
        const chunk: unknown = device.stdout.read();
        if (Buffer.isBuffer(chunk)) {
          chunks.push(chunk);
          length += chunk.length;
        } else {
          await new Promise((resolve) => device.stdout.once('readable', resolve));
        }
      }
      return Buffer.concat(chunks);
    },

    async unplug() {
      if (device.exitCode !== null || device.signalCode !== null) return;
      device.kill('SIGKILL');
      await exited;
      closeSync(holder);
    },
  };
}

type Device = ChildProcessByStdio<Writable, Readable, Readable>;

function openWithSocat(program: string, path: string): Device {
  // The link exists when socat says that the transfer begins.
  return spawn(program, ['-d', '-d', `pty,raw,echo=0,link=${path}`, '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
}

function openWithPython(program: string, path: string): Device {
  return spawn(program, ['-c', pythonDevice, path], { stdio: ['pipe', 'pipe', 'pipe'] });
}

const pythonDevice = `
import os, pty, sys, threading, tty
master, slave = pty.openpty()
tty.setraw(slave)
if os.path.islink(sys.argv[1]): os.unlink(sys.argv[1])
os.symlink(os.ttyname(slave), sys.argv[1])
def copy(source, sink):
    while True:
        data = os.read(source, 65536)
        if not data: os._exit(0)
        while data: data = data[os.write(sink, data):]
threading.Thread(target=copy, args=(master, 1), daemon=True).start()
sys.stderr.write('ready\\n'); sys.stderr.flush()
copy(0, master)
`;

/** socat says `starting data transfer loop`, our own script `ready`. */
async function said(device: Device, word: string): Promise<void> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: device.stderr })) {
    lines.push(line);
    if (line.includes(word) || line.includes('starting data transfer loop')) return;
  }
  throw new Error(`the pseudo-terminal did not open:\n${lines.join('\n')}`);
}

function tool(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}
