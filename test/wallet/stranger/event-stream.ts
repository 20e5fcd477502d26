import { textAt, type Json } from './json.ts';

/** Server-sent events, as the HTML standard has a client read them (§9.2.6). */
export interface EventReader {
  /** Resolves with the first event of a type that has not been handed out. */
  next(type: string): Promise<StreamEvent>;
  /** All that came so far. */
  readonly seen: readonly StreamEvent[];
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

interface StreamEvent {
  /** What `Last-Event-ID` resumes from. */
  readonly id: string;
  readonly data: Json;
}

const WAIT_MS = 10_000;

export function readEvents(response: Response, look: (data: Json) => void): EventReader {
  const seen: StreamEvent[] = [];
  const waiting = new Set<() => void>();
  const handedOut = new Set<StreamEvent>();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('the stream has no body');
  let failure: unknown;

  async function pump(from: ReadableStreamDefaultReader<string>): Promise<void> {
    let buffered = '';
    for (;;) {
      const { done, value } = await from.read();
      if (done) return;
      const blocks = (buffered + value).replaceAll(/\r\n?/g, '\n').split('\n\n');
      buffered = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event === undefined) continue;
        look(event.data);
        seen.push(event);
        for (const check of waiting) check();
      }
    }
  }
  const ended = pump(reader).catch((error: unknown) => {
    failure = error;
    for (const check of waiting) check();
  });

  return {
    seen,
    ended,
    async next(type) {
      let timer: NodeJS.Timeout | undefined;
      let check = (): void => {};
      const found = new Promise<StreamEvent>((resolve, reject) => {
        check = () => {
          const event = seen.find((one) => !handedOut.has(one) && textAt(one.data, 'type') === type);
          if (event !== undefined) resolve(event);
          else if (failure !== undefined) reject(new Error('the stream broke', { cause: failure }));
        };
        const types = (): string => seen.map(({ data }) => textAt(data, 'type')).join(', ');
        timer = setTimeout(() => reject(new Error(`no event ${type} came, but: ${types()}`)), WAIT_MS);
        waiting.add(check);
        check();
      });
      try {
        const event = await found;
        handedOut.add(event);
        return event;
      } finally {
        clearTimeout(timer);
        waiting.delete(check);
      }
    },
    close: async () => {
      await reader.cancel().catch(() => undefined);
    },
  };
}

/** Undefined for a comment that only keeps the line open. */
function parseBlock(block: string): StreamEvent | undefined {
  const fields = block.split('\n').flatMap((line): [string, string][] => {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [[name, value]];
  });
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  if (data.length === 0) return undefined;
  const id = fields.findLast(([name]) => name === 'id')?.[1] ?? '';
  return { id, data: JSON.parse(data.join('\n')) as Json };
}
