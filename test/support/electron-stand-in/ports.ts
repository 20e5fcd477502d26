import { makeCodec } from './clone.ts';
import { Modelled, refuse } from './refuse.ts';

/**
 * One end of a channel, wherever it lives: in the main process as a MessagePortMain, in a page as a DOM MessagePort,
 * or in transit between the two. All messages pass through the main process, and wait in the end that they are
 * addressed to while that end has no place.
 */
export interface End {
  peer: End;
  place: Place | undefined;
  queue: Packet[];
  isClosed: boolean;
}

/** Where an end lives. Told once when the other end has closed, after all its messages. */
export interface Place {
  deliver(packet: Packet): void;
  closed(): void;
}

export interface Packet {
  /** The message's structured clone (clone.ts). */
  readonly text: string;
  readonly ends: readonly End[];
}

export interface MessageEvent {
  readonly data: unknown;
  readonly ports: readonly MessagePortMain[];
}

interface PortState {
  end: End | undefined;
  isStarted: boolean;
  isRemoteClosed: boolean;
  readonly waiting: Packet[];
}

const codec = makeCodec();
const states = new WeakMap<MessagePortMain, PortState>();

export function makeChannel(): readonly [End, End] {
  const first = { place: undefined, queue: [], isClosed: false } as unknown as End;
  const second: End = { peer: first, place: undefined, queue: [], isClosed: false };
  first.peer = second;
  return [first, second];
}

/** Gives an end its place: messages that waited are delivered now, in order, and then the other end's close. */
export function settle(end: End, place: Place): void {
  end.place = place;
  for (const packet of end.queue.splice(0)) place.deliver(packet);
  if (end.peer.isClosed) place.closed();
}

export function send(end: End, packet: Packet): void {
  if (end.isClosed || end.peer.isClosed) return;
  if (end.peer.place === undefined) end.peer.queue.push(packet);
  else end.peer.place.deliver(packet);
}

export function close(end: End): void {
  if (end.isClosed) return;
  end.isClosed = true;
  end.place = undefined;
  end.peer.place?.closed();
}

/**
 * docs/api/message-port-main.md. Messages are queued until `start()`; a port that was transferred is neutered and
 * drops what is posted to it; `close` is emitted when the remote end is disconnected, never for one's own close().
 */
export class MessagePortMain extends Modelled {
  constructor(end: End) {
    super('MessagePortMain', ['message', 'close']);
    const state: PortState = { end, isStarted: false, isRemoteClosed: false, waiting: [] };
    states.set(this, state);
    settle(end, {
      deliver: (packet) => {
        state.waiting.push(packet);
        if (state.isStarted) drainSoon(this, state);
      },
      closed: () => {
        state.isRemoteClosed = true;
        if (state.isStarted) drainSoon(this, state);
      },
    });
  }

  postMessage(message: unknown, transfer: readonly MessagePortMain[] = []): void {
    const text = codec.encode(message);
    const { end } = stateOf(this);
    if (end === undefined) return;
    if (transfer.includes(this)) throw new Error(`Port at index ${transfer.indexOf(this)} contains the source port.`);
    send(end, { text, ends: takeEnds(transfer) });
  }

  start(): void {
    const state = stateOf(this);
    state.isStarted = true;
    drainSoon(this, state);
  }

  close(): void {
    const state = stateOf(this);
    if (state.end !== undefined) close(state.end);
    state.end = undefined;
    state.waiting.length = 0;
  }
}

/** Messages arrive in a task of their own, as they do from a pipe, and the remote end's close after all of them. */
function drainSoon(port: MessagePortMain, state: PortState): void {
  setImmediate(() => {
    while (state.end !== undefined) {
      const packet = state.waiting.shift();
      if (packet === undefined) break;
      const event: MessageEvent = { data: codec.decode(packet.text), ports: packet.ends.map(toPort) };
      port.emit('message', event);
    }
    if (state.end === undefined || !state.isRemoteClosed) return;
    state.end = undefined;
    port.emit('close');
  });
}

function stateOf(port: MessagePortMain): PortState {
  return states.get(port) ?? refuse('a MessagePortMain made by the product');
}

/** docs/api/message-channel-main.md */
export class MessageChannelMain {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const [first, second] = makeChannel();
    this.port1 = new MessagePortMain(first);
    this.port2 = new MessagePortMain(second);
  }
}

export function toPort(end: End): MessagePortMain {
  return new MessagePortMain(end);
}

/** Neuters the ports and hands out their ends; what had arrived in a port and was not read travels along. */
export function takeEnds(ports: readonly MessagePortMain[]): readonly End[] {
  ports.forEach((port, index) => {
    if (!(port instanceof MessagePortMain)) refuse('a transfer list that holds anything but MessagePortMain');
    if (ports.indexOf(port) !== index) throw new Error(`Port at index ${index} is a duplicate.`);
    if (stateOf(port).end === undefined) throw new Error(`Port at index ${index} is already neutered.`);
  });
  return ports.map((port) => {
    const state = stateOf(port);
    const end = state.end as End;
    state.end = undefined;
    end.place = undefined;
    end.queue.push(...state.waiting.splice(0));
    return end;
  });
}
