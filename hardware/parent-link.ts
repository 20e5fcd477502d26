import { z } from 'zod';
import type { DeviceEvent } from '#contract/devices.ts';

/** The way to the process that started this one, whichever of the two hosts it belongs to. */
export interface ParentLink {
  post(event: DeviceEvent): void;
  /** Messages are still unchecked. */
  onMessage(listener: (message: unknown) => void): void;
  /** The parent is gone and nobody listens any more. */
  onGone(listener: () => void): void;
}

/** Electron's `process.parentPort`, which exists in a utility process only: docs/api/parent-port.md. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
}

/**
 * What a parent that does not read may cost. A flood from a broken wire ends here: what comes after it is lost, and the
 * memory of this process stays bounded.
 */
const unsentMax = 10_000;

/** Throws if this process was started by hand: there is no one to talk with. */
export function openParentLink(): ParentLink {
  const parentPort = findParentPort();
  if (parentPort !== undefined) return electronLink(parentPort);
  if (process.send !== undefined) return nodeLink(process.send.bind(process));
  throw new Error('The device process is started by the terminal, not by hand.');
}

function electronLink(port: ParentPort): ParentLink {
  return {
    post: (event) => port.postMessage(event),
    onMessage: (listener) => void port.on('message', ({ data }) => listener(data)),
    // Electron ends its utility processes with itself.
    onGone: () => undefined,
  };
}

function nodeLink(send: NonNullable<typeof process.send>): ParentLink {
  let unsent = 0;
  return {
    post(event) {
      if (!process.connected || unsent >= unsentMax) return;
      unsent += 1;
      // The error of a parent that has just died: `disconnect` tells of it.
      send(event, undefined, undefined, () => (unsent -= 1));
    },
    onMessage: (listener) => void process.on('message', listener),
    onGone: (listener) => void process.on('disconnect', listener),
  };
}

const parentPortSchema = z.custom<ParentPort>(
  (value) => typeof value === 'object' && value !== null && 'postMessage' in value && 'on' in value,
);

function findParentPort(): ParentPort | undefined {
  return parentPortSchema.optional().parse('parentPort' in process ? (process.parentPort ?? undefined) : undefined);
}
