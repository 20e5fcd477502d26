import { Socket } from 'node:net';

/** What the stand-in tells its driver (launch.ts), one JSON line each. */
export type Report =
  | { readonly type: 'chromium'; readonly endpoint: string; readonly profile: string }
  | { readonly type: 'ready' }
  | { readonly type: 'window'; readonly id: number; readonly targetId: string }
  | { readonly type: 'refused'; readonly api: string }
  | { readonly type: 'uncaught'; readonly stack: string }
  | { readonly type: 'openExternal'; readonly url: string }
  | { readonly type: 'errorBox'; readonly title: string; readonly content: string }
  | { readonly type: 'windows'; readonly request: number; readonly windows: readonly WindowState[] };

/** What the driver asks: mostly what a person does to a window's frame, which no page can do. */
export type Command =
  | { readonly type: 'windows'; readonly request: number }
  | { readonly type: 'minimize'; readonly window: number }
  | { readonly type: 'close'; readonly window: number };

export interface WindowState {
  readonly id: number;
  readonly targetId: string | undefined;
  readonly url: string;
  readonly isVisible: boolean;
  readonly isFocused: boolean;
  readonly isMinimized: boolean;
}

/** Set by the driver: the number of the file descriptor that carries reports and commands. */
export const REPORT_FD = 'ELECTRON_STAND_IN_FD';

const fd = process.env[REPORT_FD];
// Not for the processes that the product starts: there the number means something else.
delete process.env[REPORT_FD];
const channel = fd === undefined ? undefined : new Socket({ fd: Number(fd) });
// The channel must not keep the process alive, nor end it when the driver has gone.
channel?.unref();
channel?.on('error', () => {});

export function report(message: Report): void {
  if (channel !== undefined) channel.write(`${JSON.stringify(message)}\n`);
  else if (message.type === 'refused') process.stderr.write(`Electron stand-in: ${message.api} is not modelled.\n`);
}

export function onCommand(listener: (command: Command) => void): void {
  if (channel === undefined) return;
  readLines(channel, (line) => listener(JSON.parse(line) as Command));
}

/** Calls back with every whole line of a UTF-8 stream. */
export function readLines(stream: NodeJS.ReadableStream, listener: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) listener(line);
  });
}
