import { EventEmitter } from 'node:events';
import { makeAddress, type Address } from './address.ts';
import { startChromium, type Chromium } from './chromium.ts';
import { report } from './report.ts';

/**
 * What all modelled objects of one Electron process share. Electron itself is one set of singletons for each process,
 * so here, unlike in the product, module-level state is the model.
 */
export interface Runtime {
  readonly address: Address;
  /** Switches given with `app.commandLine.appendSwitch` before Chromium started. */
  readonly switches: string[];
  isReady: boolean;
  /** What windows tell the app object: `created` with the window, `closed` when one has gone. */
  readonly windows: EventEmitter<{ created: [window: object, contents: object]; closed: [] }>;
  /** The browser, started at the first call. */
  chromium(): Promise<Chromium>;
  closeChromium(): Promise<void>;
}

function makeRuntime(): Runtime {
  let starting: Promise<Chromium> | undefined;
  const switches: string[] = [];
  return {
    address: makeAddress(),
    switches,
    isReady: false,
    windows: new EventEmitter(),
    chromium() {
      starting ??= startChromium(switches).then((chromium) => {
        report({ type: 'chromium', endpoint: chromium.endpoint, profile: chromium.profile });
        return chromium;
      });
      return starting;
    },
    async closeChromium() {
      if (starting === undefined) return;
      await starting.then((chromium) => chromium.close()).catch(() => {});
    },
  };
}

export const runtime = makeRuntime();
