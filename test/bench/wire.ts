import { once } from 'node:events';
import { connect } from 'node:net';

/** One connection to an HTTP server that is kept open: as little as a caller can do, because it shares the processors. */
export interface Wire {
  /** One request at a time, whole bytes; resolves to the body of a `200`. */
  ask(request: Buffer): Promise<string>;
  close(): void;
}

const END_OF_HEAD = '\r\n\r\n';

export async function openWire(port: number): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let waiting: { readonly resolve: (body: string) => void; readonly reject: (error: Error) => void } | undefined;

  // One byte a character: lengths are counted in bytes.
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    const headEnd = received.indexOf(END_OF_HEAD);
    if (headEnd < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1]);
    const bodyAt = headEnd + END_OF_HEAD.length;
    if (received.length < bodyAt + length) return;
    const [status, body] = [received.slice(9, 12), received.slice(bodyAt, bodyAt + length)];
    received = '';
    const asker = waiting;
    waiting = undefined;
    if (status === '200') asker?.resolve(body);
    else asker?.reject(new Error(`${status} ${body}`));
  });
  const end = (): void => waiting?.reject(new Error('the connection ended'));
  socket.on('close', end).on('error', end);

  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/** The bytes of a request with a JSON body. */
export function requestBytes(
  method: string,
  url: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): Buffer {
  const { host, pathname } = new URL(url);
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const bytes = Buffer.from(body);
  const head = [`${method} ${pathname} HTTP/1.1`, `host: ${host}`, 'content-type: application/json', ...lines];
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\ncontent-length: ${bytes.length}${END_OF_HEAD}`, 'latin1'),
    bytes,
  ]);
}
