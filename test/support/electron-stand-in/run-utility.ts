// Entry of a utility process of the stand-in: `process.parentPort` over a pipe, then the product's module.
import { registerHooks } from 'node:module';
import { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { makeCodec } from './clone.ts';
import { guard, Modelled } from './refuse.ts';
import { readLines } from './report.ts';

const PIPE_FD = 3;

const codec = makeCodec();
const pipe = new Socket({ fd: PIPE_FD });

/** docs/api/parent-port.md: messages are queued until somebody listens. */
class ParentPort extends Modelled {
  readonly #waiting: string[] = [];

  constructor() {
    super('process.parentPort', ['message', 'newListener']);
    readLines(pipe, (line) => {
      this.#waiting.push(line);
      this.#drain();
    });
    this.on('newListener', () => setImmediate(() => this.#drain()));
  }

  postMessage(message: unknown): void {
    pipe.write(`${codec.encode(message)}\n`);
  }

  #drain(): void {
    while (this.listenerCount('message') > 0) {
      const line = this.#waiting.shift();
      if (line === undefined) return;
      this.emit('message', guard('MessageEvent', { data: codec.decode(line), ports: [] }));
    }
  }
}

// The main process is gone, and a utility process goes with it.
pipe.on('close', () => process.exit(0));
pipe.on('error', () => process.exit(0));

const [node = '', , modulePath = '', ...args] = process.argv;
process.argv = [node, modulePath, ...args];
Object.assign(process, { type: 'utility', parentPort: new ParentPort() });
registerHooks({
  resolve(specifier, context, next) {
    if (/^electron(\/|$)/.test(specifier)) throw new Error('The Electron stand-in models no API in a utility process.');
    return next(specifier, context);
  },
});
// oxlint-disable-next-line import/no-dynamic-require -- which module runs is what this process was started for
await import(pathToFileURL(modulePath).href);
