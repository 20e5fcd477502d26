import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import type { Answer } from './chromium.ts';
import { makeCodec } from './clone.ts';
import { enterIsolatedWorld, RECEIVE, SEND, type FromWorld, type ToWorld } from './isolated-world.ts';
import { IpcMain, ipcMain, makeIpcEvent } from './ipc-main.ts';
import { close, makeChannel, send, settle, takeEnds, toPort, type End, type MessagePortMain } from './ports.ts';
import { handlerOf } from './protocol.ts';
import { guard, makeEvent, Modelled, refuse } from './refuse.ts';
import { report } from './report.ts';
import { runtime } from './runtime.ts';
import { Session, session } from './session.ts';

export interface ContentsOptions {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  readonly preload: string | undefined;
  /** The page's process or the page itself is gone, other than by `destroy`. */
  readonly onGone: () => void;
}

interface WindowOpenDetails {
  readonly url: string;
  readonly frameName: string;
  readonly features: string;
  readonly disposition: string;
  readonly referrer: { readonly url: string; readonly policy: string };
}

type WindowOpenHandler = (details: WindowOpenDetails) => { readonly action: 'allow' | 'deny' };

const WORLD = 'Electron Isolated Context';
const EVENTS = [
  'did-start-loading',
  'did-stop-loading',
  'did-start-navigation',
  'will-frame-navigate',
  'will-navigate',
  'will-redirect',
  'did-redirect-navigation',
  'did-frame-navigate',
  'did-navigate',
  'did-navigate-in-page',
  'dom-ready',
  'did-finish-load',
  'did-fail-load',
  'will-attach-webview',
  'preload-error',
  'render-process-gone',
  'destroyed',
];
/** https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h */
const ERR_ABORTED = -3;
const ERR_FAILED = -2;

const codec = makeCodec();

/** One document of the main frame, from its creation to its replacement, with the ports that live in it. */
interface Document {
  readonly contextId: number;
  url: string;
  readonly frame: WebFrameMain;
  readonly ports: Map<number, End>;
  lastPort: number;
  isAlive: boolean;
}

/** docs/api/web-contents.md, of a window. Created and destroyed by its BrowserWindow. */
export class WebContents extends Modelled {
  readonly id: number;
  readonly ipc = new IpcMain('WebContents.ipc');
  readonly #options: ContentsOptions;
  readonly #attached: Promise<string>;
  #targetId: string | undefined;
  #sessionId = '';
  #mainFrameId = '';
  #url = '';
  #loaderId: string | undefined;
  #document: Document | undefined;
  #windowOpenHandler: WindowOpenHandler | undefined;
  #isDestroyed = false;
  #isLoading = false;
  #loading: { readonly url: string; resolve: () => void; reject: (error: Error) => void } | undefined;
  /** Addresses that the page itself asked to go to, by frame: only these are offered to will-navigate. */
  readonly #asked = new Map<string, string>();

  constructor(options: ContentsOptions) {
    super('WebContents', EVENTS);
    this.id = options.id;
    this.#options = options;
    this.#attached = this.#attach();
    // Reported where it is awaited; a window without any call after it must not end the process.
    this.#attached.catch(() => {});
  }

  get session(): Session {
    return session.defaultSession;
  }

  get mainFrame(): WebFrameMain {
    return this.#document?.frame ?? refuse('WebContents.mainFrame before the first document');
  }

  getURL(): string {
    return this.#url;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  isLoading(): boolean {
    return this.#isLoading;
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#windowOpenHandler = handler;
  }

  send(channel: string, ...args: unknown[]): void {
    this.#sendIpc(channel, args, []);
  }

  postMessage(channel: string, message: unknown, transfer: readonly MessagePortMain[] = []): void {
    this.#sendIpc(channel, [message], transfer);
  }

  /** Resolves when the page has finished loading, rejects when it fails to load. */
  async loadURL(url: string): Promise<void> {
    await this.#attached;
    const finished = new Promise<void>((resolve, reject) => {
      this.#loading = { url, resolve, reject };
    });
    const answer = await this.#call('Page.navigate', { url: runtime.address.toChromium(url) });
    const { errorText, loaderId } = answer as { errorText?: string; loaderId?: string };
    if (errorText !== undefined && errorText !== '') this.#failLoad(url, errorText);
    // Only the fragment has changed: there is nothing to load.
    else if (loaderId === undefined) this.#loading?.resolve();
    return finished;
  }

  reload(): void {
    void this.#attached.then(() => this.#call('Page.reload')).catch(() => {});
  }

  async executeJavaScript(code: string): Promise<unknown> {
    await this.#attached;
    const answer = await this.#call('Runtime.evaluate', { expression: code, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as {
      result: { value?: unknown };
      exceptionDetails?: { exception?: { description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? 'The script threw.');
    return result.value;
  }

  /** For the stand-in. */
  static targetIdOf(contents: WebContents): string | undefined {
    return contents.#targetId;
  }

  static async focus(contents: WebContents): Promise<void> {
    await contents.#attached;
    await contents.#call('Page.bringToFront');
  }

  static async destroy(contents: WebContents): Promise<void> {
    if (contents.#isDestroyed) return;
    contents.#leaveDocument();
    contents.#isDestroyed = true;
    contents.#loading?.reject(new Error(`ERR_FAILED (${ERR_FAILED}) loading '${contents.#loading.url}'`));
    contents.emit('destroyed');
    const chromium = await runtime.chromium();
    await contents.#attached.catch(() => {});
    await chromium.call('Target.closeTarget', { targetId: contents.#targetId }).catch(() => {});
  }

  async #attach(): Promise<string> {
    const { width, height, preload, id } = this.#options;
    const chromium = await runtime.chromium();
    chromium.onEvent((method, params, sessionId) => {
      if (method === 'Target.targetDestroyed' && params['targetId'] === this.#targetId) this.#onGone();
      else if (sessionId !== undefined && sessionId === this.#sessionId) this.#onEvent(method, params);
    });
    await chromium.call('Target.setDiscoverTargets', { discover: true });
    const { targetId } = await chromium.call('Target.createTarget', { url: 'about:blank', width, height });
    this.#targetId = targetId as string;
    const { sessionId } = await chromium.call('Target.attachToTarget', { targetId, flatten: true });
    this.#sessionId = sessionId as string;
    await Promise.all([
      this.#call('Page.enable'),
      this.#call('Page.setLifecycleEventsEnabled', { enabled: true }),
      this.#call('Inspector.enable'),
      this.#call('Page.getFrameTree').then(({ frameTree }) => {
        this.#mainFrameId = (frameTree as { frame: { id: string } }).frame.id;
      }),
      this.#call('Runtime.enable'),
      this.#call('Runtime.addBinding', { name: SEND, executionContextName: WORLD }),
      this.#call('Fetch.enable', { patterns: this.#interceptions() }),
      preload === undefined ? undefined : this.#addPreload(preload),
    ]);
    report({ type: 'window', id, targetId: this.#targetId });
    return this.#sessionId;
  }

  /** Every document, for the navigation events; and everything that a custom protocol serves. */
  #interceptions(): readonly object[] {
    const custom = runtime.address.schemes().map((scheme) => ({ urlPattern: `https://*.${scheme}.localhost/*` }));
    return [...custom, { urlPattern: '*', resourceType: 'Document' }];
  }

  async #addPreload(path: string): Promise<void> {
    let source: string;
    try {
      source = readFileSync(path, 'utf8');
      // A script with a syntax error would take the bridge down with it.
      new Script(`(function (require, process, exports, module) {${source}\n})`, { filename: path });
    } catch (error) {
      process.stderr.write(`Unable to load preload script: ${path}\n`);
      this.emit('preload-error', makeEvent('preload-error', {}), path, error);
      return;
    }
    const names = JSON.stringify({ send: SEND, receive: RECEIVE, preloadPath: path });
    const script = `(function (require, process, exports, module) {${source}\n})`;
    await this.#call('Page.addScriptToEvaluateOnNewDocument', {
      worldName: WORLD,
      source: `(${enterIsolatedWorld.toString()})(${makeCodec.toString()}, ${names}, ${script});`,
    });
  }

  async #call(method: string, params: Answer = {}): Promise<Answer> {
    const chromium = await runtime.chromium();
    return chromium.call(method, params, this.#sessionId);
  }

  #onEvent(method: string, params: Answer): void {
    switch (method) {
      case 'Fetch.requestPaused':
        void this.#onRequest(params as unknown as PausedRequest).catch(() => {});
        return;
      case 'Page.frameRequestedNavigation': {
        const { frameId, url } = params as { frameId: string; url: string };
        this.#asked.set(frameId, url);
        if (runtime.address.toChromium(url) !== url)
          refuse(`an absolute ${url} inside a page: write a relative address`);
        return;
      }
      case 'Page.frameNavigated':
        this.#onNavigated(params['frame'] as NavigatedFrame);
        return;
      case 'Page.navigatedWithinDocument':
        this.#onNavigatedInPage(params as { frameId: string; url: string });
        return;
      case 'Page.frameStartedLoading':
        if (params['frameId'] === this.#mainFrameId) this.#setLoading(true);
        return;
      case 'Page.frameStoppedLoading':
        this.#asked.delete(params['frameId'] as string);
        if (params['frameId'] === this.#mainFrameId) this.#setLoading(false);
        return;
      case 'Page.lifecycleEvent':
        // Not of the empty first document, nor of an error page.
        if (params['loaderId'] === this.#loaderId) this.#onLifecycle(params['name'] as string);
        return;
      case 'Page.windowOpen':
        this.#onWindowOpen(params as unknown as { url: string; windowName: string; windowFeatures: string[] });
        return;
      case 'Runtime.executionContextCreated':
        this.#onContext(params['context'] as { id: number; name: string; auxData: { frameId: string } });
        return;
      case 'Runtime.executionContextsCleared':
        this.#leaveDocument();
        return;
      case 'Runtime.bindingCalled':
        this.#onMessage(params['executionContextId'] as number, JSON.parse(params['payload'] as string) as FromWorld);
        return;
      case 'Inspector.targetCrashed': {
        this.#leaveDocument();
        const details = guard('RenderProcessGoneDetails', { reason: 'crashed', exitCode: 1 });
        this.emit('render-process-gone', makeEvent('render-process-gone', {}), details);
      }
    }
  }

  /** Navigation in the documented order: may the page go there, then what is there. */
  async #onRequest(paused: PausedRequest): Promise<void> {
    const { requestId, request, resourceType, frameId, redirectedRequestId } = paused;
    const url = runtime.address.toElectron(request.url);
    const isDocument = resourceType === 'Document';
    if (isDocument && !this.#mayNavigate(url, frameId, redirectedRequestId !== undefined)) {
      // The page stays where it is, as after preventDefault() in Electron.
      await this.#call('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      return;
    }
    const scheme = runtime.address.schemeOf(request.url);
    if (scheme === undefined) {
      await this.#call('Fetch.continueRequest', { requestId });
      return;
    }
    if (isDocument) await Session.applyPermissions(this.session, this, url);
    await this.#serve(paused, url, scheme);
  }

  #mayNavigate(url: string, frameId: string, isRedirect: boolean): boolean {
    const isMainFrame = frameId === this.#mainFrameId;
    const isAsked = this.#asked.get(frameId) !== undefined;
    const details = {
      url,
      isSameDocument: false,
      isMainFrame,
      frame: isMainFrame ? (this.#document?.frame ?? null) : null,
      initiator: isAsked ? (this.#document?.frame ?? null) : null,
    };
    const ask = (name: string): boolean => {
      const event = makeEvent(name, details);
      this.emit(name, event, url, false, isMainFrame);
      return !event.defaultPrevented;
    };
    if (isRedirect) {
      if (!ask('will-redirect')) return false;
      ask('did-redirect-navigation');
      return true;
    }
    ask('did-start-navigation');
    if (!isAsked) return true;
    return ask('will-frame-navigate') && (!isMainFrame || ask('will-navigate'));
  }

  async #serve(paused: PausedRequest, url: string, scheme: string): Promise<void> {
    const { requestId, request } = paused;
    const handler = handlerOf(scheme);
    if (handler === undefined) {
      await this.#call('Fetch.failRequest', { requestId, errorReason: 'Failed' });
      return;
    }
    const { method, headers, postData } = request;
    let response: Response;
    try {
      const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
      const body = postData === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: postData };
      response = await handler(new Request(url, { method, headers: kept, ...body }));
    } catch (error) {
      // Electron prints it too, and the page gets ERR_UNEXPECTED.
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      await this.#call('Fetch.failRequest', { requestId, errorReason: 'Failed' });
      return;
    }
    const body = Buffer.from(await response.arrayBuffer()).toString('base64');
    const responseHeaders = [...response.headers].map(([name, value]) => ({
      name,
      value: name === 'location' ? runtime.address.toChromium(value) : value,
    }));
    const { status: responseCode } = response;
    await this.#call('Fetch.fulfillRequest', { requestId, responseCode, responseHeaders, body });
  }

  #onNavigated({ id, url: seen, loaderId, unreachableUrl }: NavigatedFrame): void {
    const url = runtime.address.toElectron(seen);
    const isMainFrame = id === this.#mainFrameId;
    if (isMainFrame) this.#loaderId = unreachableUrl === undefined ? loaderId : undefined;
    if (unreachableUrl !== undefined) return;
    if (isMainFrame) this.#url = url;
    this.emit('did-frame-navigate', makeEvent('did-frame-navigate', {}), url, 200, '', isMainFrame, 0, 0);
    if (isMainFrame) this.emit('did-navigate', makeEvent('did-navigate', {}), url, 200, '');
  }

  #onNavigatedInPage({ frameId, url: seen }: { readonly frameId: string; readonly url: string }): void {
    const url = runtime.address.toElectron(seen);
    const isMainFrame = frameId === this.#mainFrameId;
    this.#asked.delete(frameId);
    if (isMainFrame) this.#url = url;
    if (isMainFrame && this.#document !== undefined) this.#document.url = url;
    const details = { url, isSameDocument: true, isMainFrame, frame: null, initiator: null };
    this.emit('did-start-navigation', makeEvent('did-start-navigation', details), url, true, isMainFrame);
    this.emit('did-navigate-in-page', makeEvent('did-navigate-in-page', {}), url, isMainFrame, 0, 0);
  }

  #onLifecycle(name: string): void {
    if (name === 'DOMContentLoaded') this.emit('dom-ready', makeEvent('dom-ready', {}));
    if (name !== 'load') return;
    this.emit('did-finish-load', makeEvent('did-finish-load', {}));
    this.#loading?.resolve();
    this.#loading = undefined;
  }

  #setLoading(isLoading: boolean): void {
    if (this.#isLoading === isLoading) return;
    this.#isLoading = isLoading;
    const name = isLoading ? 'did-start-loading' : 'did-stop-loading';
    this.emit(name, makeEvent(name, {}));
  }

  #failLoad(url: string, errorText: string): void {
    const description = errorText.replace(/^net::/, '');
    const code = description === 'ERR_ABORTED' ? ERR_ABORTED : ERR_FAILED;
    this.emit('did-fail-load', makeEvent('did-fail-load', {}), code, description, url, true, 0, 0);
    const error = new Error(`${description} (${code}) loading '${url}'`);
    this.#loading?.reject(Object.assign(error, { errno: code, code: description, url }));
    this.#loading = undefined;
  }

  /** Chromium was told to make no windows; the handler is asked, and anything but `deny` is not modelled. */
  #onWindowOpen({
    url,
    windowName,
    windowFeatures,
  }: {
    url: string;
    windowName: string;
    windowFeatures: string[];
  }): void {
    const details = guard('window open details', {
      url: runtime.address.toElectron(url),
      frameName: windowName,
      features: windowFeatures.join(','),
      disposition: 'foreground-tab',
      referrer: { url: this.#url, policy: 'strict-origin-when-cross-origin' },
    });
    const action = this.#windowOpenHandler?.(details).action ?? 'allow';
    if (action !== 'deny') refuse(`a window that a page opens (${details.url})`);
  }

  #onContext({ id, name, auxData }: { id: number; name: string; auxData: { frameId: string } }): void {
    if (name !== WORLD || auxData.frameId !== this.#mainFrameId) return;
    this.#leaveDocument();
    const document: Document = {
      contextId: id,
      url: this.#url,
      frame: new WebFrameMain(this, () => document),
      ports: new Map(),
      lastPort: 0,
      isAlive: true,
    };
    this.#document = document;
  }

  #leaveDocument(): void {
    const document = this.#document;
    this.#document = undefined;
    if (document === undefined) return;
    document.isAlive = false;
    for (const end of document.ports.values()) close(end);
    document.ports.clear();
  }

  #onMessage(contextId: number, message: FromWorld): void {
    const document = this.#document;
    if (document === undefined || document.contextId !== contextId) return;
    switch (message.kind) {
      case 'ipc': {
        const ports = message.ports.map((port) => toPort(this.#adopt(document, port)));
        const event = makeIpcEvent({ ...this.#senderOf(document), ports, type: 'frame' });
        this.#withSenderFrame(event, document);
        const args = codec.decode(message.args) as unknown[];
        // docs/api/web-frame-main.md: contents.ipc first, then ipcMain.
        this.ipc.emit(message.channel, event, ...args);
        ipcMain.emit(message.channel, event, ...args);
        return;
      }
      case 'invoke':
        void this.#answer(document, message);
        return;
      case 'port': {
        const end = document.ports.get(message.port);
        if (end === undefined) return;
        send(end, { text: message.text, ends: message.ports.map((port) => this.#adopt(document, port)) });
        return;
      }
      case 'port-closed': {
        const end = document.ports.get(message.port);
        document.ports.delete(message.port);
        if (end !== undefined) close(end);
        return;
      }
      case 'preload-error': {
        process.stderr.write(`Unable to load preload script: ${message.path}\n${message.stack}\n`);
        const error = new Error(message.message);
        this.emit('preload-error', makeEvent('preload-error', {}), message.path, error);
        return;
      }
      case 'refused':
        report({ type: 'refused', api: message.api });
    }
  }

  async #answer(document: Document, { call, channel, args }: FromWorld & { readonly kind: 'invoke' }): Promise<void> {
    const event = makeIpcEvent({ ...this.#senderOf(document), type: 'frame' });
    this.#withSenderFrame(event, document);
    const handler = IpcMain.takeHandler(this.ipc, channel) ?? IpcMain.takeHandler(ipcMain, channel);
    let answer: { readonly isError: boolean; readonly value: string };
    try {
      if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
      const value = await handler(event, ...(codec.decode(args) as unknown[]));
      answer = { isError: false, value: codec.encode(value) };
    } catch (error) {
      answer = { isError: true, value: codec.encode(`Error invoking remote method '${channel}': ${String(error)}`) };
    }
    this.#tell(document, { kind: 'answer', call, ...answer });
  }

  #senderOf(document: Document): object {
    return {
      sender: this,
      frameId: document.contextId,
      processId: 1,
      reply: (channel: string, ...args: unknown[]) => {
        if (document.isAlive) this.#sendIpc(channel, args, []);
      },
    };
  }

  /** `null` once the frame has navigated or is destroyed. */
  #withSenderFrame(event: object, document: Document): void {
    Object.defineProperty(event, 'senderFrame', { get: () => (document.isAlive ? document.frame : null) });
  }

  #sendIpc(channel: string, args: readonly unknown[], transfer: readonly MessagePortMain[]): void {
    if (this.#isDestroyed) throw new TypeError('Object has been destroyed');
    const text = codec.encode(args);
    const ends = takeEnds(transfer);
    const document = this.#document;
    if (document === undefined) {
      for (const end of ends) close(end);
      return;
    }
    this.#tellWithPorts(document, ends, (ports) => ({ kind: 'ipc', channel, args: text, ports }));
  }

  /** Ports that go into the document: their numbers are told first, what waits in them follows. */
  #tellWithPorts(document: Document, ends: readonly End[], message: (ports: readonly number[]) => ToWorld): void {
    const numbered = ends.map((end) => {
      document.lastPort += 2;
      document.ports.set(document.lastPort, end);
      return { port: document.lastPort, end };
    });
    this.#tell(document, message(numbered.map(({ port }) => port)));
    for (const { port, end } of numbered) this.#place(document, port, end);
  }

  /** A port that came out of the document: the document keeps one end, the other is handed on. */
  #adopt(document: Document, port: number): End {
    const [here, there] = makeChannel();
    document.ports.set(port, here);
    this.#place(document, port, here);
    return there;
  }

  #place(document: Document, port: number, end: End): void {
    settle(end, {
      deliver: ({ text, ends }) => {
        this.#tellWithPorts(document, ends, (ports) => ({ kind: 'port', port, text, ports }));
      },
      closed: () => {
        document.ports.delete(port);
        this.#tell(document, { kind: 'close-port', port });
      },
    });
  }

  #tell(document: Document, message: ToWorld): void {
    if (!document.isAlive) return;
    const text = JSON.stringify(JSON.stringify(message));
    const params = { contextId: document.contextId, expression: `${RECEIVE}(${text})`, silent: true };
    this.#call('Runtime.evaluate', params).catch(() => {});
  }

  #onGone(): void {
    if (this.#isDestroyed) return;
    this.#leaveDocument();
    this.#isDestroyed = true;
    this.emit('destroyed');
    this.#options.onGone();
  }

  static send(
    contents: WebContents,
    channel: string,
    args: readonly unknown[],
    ports: readonly MessagePortMain[],
  ): void {
    contents.#sendIpc(channel, args, ports);
  }
}

interface NavigatedFrame {
  readonly id: string;
  readonly url: string;
  readonly loaderId: string;
  /** Of an error page: what could not be loaded. */
  readonly unreachableUrl?: string;
}

interface PausedRequest {
  readonly requestId: string;
  readonly frameId: string;
  readonly resourceType: string;
  readonly redirectedRequestId?: string;
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly postData?: string;
  };
}

/**
 * docs/api/web-frame-main.md, the main frame only; one object for each document, which throws once its document has
 * gone, as an access to a disposed render frame does.
 */
export class WebFrameMain extends Modelled {
  readonly #contents: WebContents;
  readonly #document: () => Document;

  constructor(contents: WebContents, document: () => Document) {
    super('WebFrameMain', []);
    this.#contents = contents;
    this.#document = document;
  }

  get url(): string {
    return this.#alive().url;
  }

  get origin(): string {
    const { address } = runtime;
    const { origin } = new URL(address.toChromium(this.#alive().url));
    return address.toElectron(origin);
  }

  get parent(): null {
    this.#alive();
    return null;
  }

  get top(): WebFrameMain {
    this.#alive();
    return this;
  }

  get detached(): boolean {
    return !this.#document().isAlive;
  }

  isDestroyed(): boolean {
    return !this.#document().isAlive;
  }

  send(channel: string, ...args: unknown[]): void {
    this.#alive();
    WebContents.send(this.#contents, channel, args, []);
  }

  postMessage(channel: string, message: unknown, transfer: readonly MessagePortMain[] = []): void {
    this.#alive();
    WebContents.send(this.#contents, channel, [message], transfer);
  }

  #alive(): Document {
    const document = this.#document();
    if (!document.isAlive) throw new Error('Render frame was disposed before WebFrameMain could be accessed');
    return document;
  }
}
