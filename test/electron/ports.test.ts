import { setImmediate as task } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { MessageChannelMain, type MessageEvent, type MessagePortMain } from '#test/support/electron-stand-in/ports.ts';
import { runSample, WITH_WINDOW } from './sample-app.ts';

/** Everything that a port emits, in order. */
function record(port: MessagePortMain): unknown[] {
  const heard: unknown[] = [];
  port.on('message', ({ data }: MessageEvent) => heard.push(data));
  port.on('close', () => heard.push('closed'));
  return heard;
}

describe('MessagePortMain (docs/api/message-port-main.md)', () => {
  test('queues messages until start() is called, then delivers them in order', async () => {
    const { port1, port2 } = new MessageChannelMain();
    const heard = record(port2);
    port1.postMessage('first');
    port1.postMessage('second');
    await task();
    expect(heard).toEqual([]);

    port2.start();
    await task();
    expect(heard).toEqual(['first', 'second']);
  });

  test('delivers in a later task, never inside postMessage', async () => {
    const { port1, port2 } = new MessageChannelMain();
    const heard = record(port2);
    port2.start();
    port1.postMessage('now?');
    expect(heard).toEqual([]);
    await task();
    expect(heard).toEqual(['now?']);
  });

  test('emits close at the remote end only, after the messages that were sent before', async () => {
    const { port1, port2 } = new MessageChannelMain();
    const here = record(port1);
    const there = record(port2);
    port1.start();
    port2.start();
    port1.postMessage('last words');
    port1.close();
    await task();
    expect({ here, there }).toEqual({ here: [], there: ['last words', 'closed'] });
  });

  test('drops what is posted to a closed port', async () => {
    const { port1, port2 } = new MessageChannelMain();
    const heard = record(port2);
    port2.start();
    port1.close();
    port1.postMessage('too late');
    await task();
    expect(heard).toEqual(['closed']);
  });

  test('moves a transferred port with the messages that wait in it, and neuters what stays', async () => {
    const carrier = new MessageChannelMain();
    const cargo = new MessageChannelMain();
    cargo.port1.postMessage('sent before the journey');
    carrier.port1.postMessage('here', [cargo.port2]);
    const [arrived] = await new Promise<readonly MessagePortMain[]>((resolve) => {
      carrier.port2.on('message', ({ ports }: MessageEvent) => resolve(ports));
      carrier.port2.start();
    });
    const heard = record(arrived as MessagePortMain);
    arrived?.start();
    cargo.port2.postMessage('from a neutered port');
    cargo.port1.postMessage('sent after it');
    await task();
    await task();
    expect(heard).toEqual(['sent before the journey', 'sent after it']);
  });

  test('refuses to send itself, a port twice, and a neutered port', () => {
    const { port1, port2 } = new MessageChannelMain();
    const other = new MessageChannelMain();
    expect(() => port1.postMessage(null, [port1])).toThrow('Port at index 0 contains the source port.');
    expect(() => port1.postMessage(null, [other.port1, other.port1])).toThrow('Port at index 1 is a duplicate.');
    port1.postMessage(null, [other.port1]);
    expect(() => port2.postMessage(null, [other.port1])).toThrow('Port at index 0 is already neutered.');
  });

  test('gives the receiver a copy', async () => {
    const { port1, port2 } = new MessageChannelMain();
    const heard = record(port2);
    port2.start();
    const message = { total: 1200 };
    port1.postMessage(message);
    message.total = 0;
    await task();
    expect(heard).toEqual([{ total: 1200 }]);
  });
});

const PRELOAD = `
  const { ipcRenderer } = require('electron');
  ipcRenderer.on('port', (event) => window.postMessage('port', location.origin, event.ports));
`;
const PAGE = `<!doctype html><title>Sample</title><script src="page.js"></script>`;

describe('a port between the main process and a page (docs/tutorial/message-ports.md)', () => {
  test('carries structured clones both ways through a real DOM MessagePort', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          await window.loadURL('sample://here/index.html');
          const { port1, port2 } = new MessageChannelMain();
          port1.on('message', ({ data }) => {
            say('from page', { is: data.map instanceof Map, at: data.map.get('at').toISOString(), bytes: [...data.bytes] });
          });
          port1.postMessage(new Map([['price', 1200n], ['none', undefined]]));
          window.webContents.postMessage('port', null, [port2]);
          port1.start();
        });`,
      preload: PRELOAD,
      files: {
        'index.html': PAGE,
        'page.js': `onmessage = ({ data, ports: [port], source }) => {
          if (data !== 'port' || source !== window) return;
          port.onmessage = (event) => {
            const got = event.data;
            document.title = [port instanceof MessagePort, got instanceof Map, got.get('price'), got.has('none')].join(' ');
            port.postMessage({ map: new Map([['at', new Date(0)]]), bytes: new Uint8Array([7, 8]) });
          };
        };`,
      },
    });

    expect(await app.said('from page')).toEqual({ is: true, at: '1970-01-01T00:00:00.000Z', bytes: [7, 8] });
    expect(await (await app.pageOf()).title()).toBe('true true 1200 true');
    await app.close();
  });

  test('closes in the main process when the page closes it, and when its document goes away', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          let number = 0;
          window.webContents.on('did-finish-load', () => {
            const { port1, port2 } = new MessageChannelMain();
            const name = 'port ' + (number += 1);
            port1.on('message', ({ data }) => say(name, data));
            port1.on('close', () => say(name + ' closed'));
            port1.start();
            window.webContents.postMessage('port', null, [port2]);
          });
          window.loadURL('sample://here/index.html');
        });`,
      preload: PRELOAD,
      files: {
        'index.html': PAGE,
        'page.js': `onmessage = ({ data, ports: [port] }) => {
          if (data === 'port') { window.port = port; port.postMessage('hello'); }
        };`,
      },
    });

    await app.said('port 1');
    const page = await app.pageOf();
    await page.reload();
    await app.said('port 1 closed');
    await app.said('port 2');
    await page.evaluate('port.close()');
    await app.said('port 2 closed');
    expect(app.sayings().map(([name]) => name)).toEqual(['port 1', 'port 1 closed', 'port 2', 'port 2 closed']);
    await app.close();
  });

  test('tells the page that the main process closed it, by a close event', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          const window = open();
          ipcMain.on('closed', () => say('page heard'));
          await window.loadURL('sample://here/index.html');
          const { port1, port2 } = new MessageChannelMain();
          window.webContents.postMessage('port', null, [port2]);
          port1.postMessage('last words');
          port1.close();
        });`,
      preload: `${PRELOAD}
        window.addEventListener('message', ({ data }) => { if (data.closed) ipcRenderer.send('closed'); });`,
      files: {
        'index.html': PAGE,
        'page.js': `onmessage = ({ data, ports: [port] }) => {
          if (data !== 'port') return;
          const heard = [];
          port.onmessage = (event) => heard.push(event.data);
          port.onclose = () => { document.title = heard.join(); window.postMessage({ closed: true }); };
        };`,
      },
    });

    await app.said('page heard');
    expect(await (await app.pageOf()).title()).toBe('last words');
    await app.close();
  });

  test('travels from the page to the main process with ipcRenderer.postMessage', async () => {
    const app = runSample({
      main: `${WITH_WINDOW}
        app.whenReady().then(async () => {
          serve();
          ipcMain.on('take', (event, words) => {
            const [port] = event.ports;
            port.on('message', ({ data }) => { say('heard', [words, data]); port.postMessage('thanks'); });
            port.start();
          });
          open().loadURL('sample://here/index.html');
        });`,
      preload: `
        const { ipcRenderer } = require('electron');
        const { port1, port2 } = new MessageChannel();
        port1.postMessage('through the channel');
        port1.onmessage = ({ data }) => { document.title = data; };
        ipcRenderer.postMessage('take', 'a port', [port2]);`,
    });

    expect(await app.said('heard')).toEqual(['a port', 'through the channel']);
    await (await app.pageOf()).waitForFunction("document.title === 'thanks'");
    await app.close();
  });
});
