import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { OperatorInfo } from '#contract/operator.ts';
import { openAlarm } from './alarm.ts';
import { openAuthorisations } from './authorisations.ts';
import { openControl } from './control.ts';
import { openCourier } from './courier.ts';
import type { Database } from './database.ts';
import { openEvents } from './events.ts';
import { buildHttp } from './http.ts';
import type { OperatorKeys } from './keys.ts';
import { buildRoutes } from './routes.ts';
import { type Behaviour, behaviourOf, defaultDelays, type Delays } from './simulation.ts';
import { openTokens } from './tokens.ts';

export interface OperatorOptions {
  readonly database: Database;
  readonly keys: OperatorKeys;
  readonly operatorId: string;
  readonly name: string;
  readonly kinds: OperatorInfo['kinds'];
  /** The wallet server: where webhooks go, and the key of the only caller that is listened to. */
  readonly walletUrl: string;
  readonly walletKey: string;
  /** Whether amounts mean something, and `/control` is there. */
  readonly simulates: boolean;
  readonly delays?: Delays;
  readonly publicOrigin?: string;
  readonly clock: { nowMs(): number };
  /** Makes a UUIDv7. */
  readonly newId: () => string;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Logger;
}

export interface Operator {
  /** Resolves to the port, which the system chooses for 0. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Answers what it accepted, then closes. The database that was handed in stays open. */
  close(): Promise<void>;
}

const PLAIN: Behaviour = { state: 'captured' };

/** Where the parts of the operator's server meet. */
export function openOperator(options: OperatorOptions): Operator {
  const { database, keys, operatorId, name, kinds, simulates, clock, newId, random, log } = options;
  const delays = options.delays ?? defaultDelays;
  const behave = (amount: Parameters<typeof behaviourOf>[0]): Behaviour =>
    simulates ? behaviourOf(amount, delays) : PLAIN;
  const onError = (error: unknown): void => log.error({ err: error }, 'work that was due failed');

  const control = openControl();
  const events = openEvents(database, newId, () => courier.ring());
  const tokens = openTokens({ database, operatorName: name, fingerprint: keys.fingerprint, random });
  const authorisations = openAuthorisations({ database, tokens, events, behaviourOf: behave, clock });
  const url = `${options.walletUrl}/v1/operators/${operatorId}/webhooks`;
  const closing = new AbortController();
  const { deliverDue } = openCourier({
    events,
    keys,
    url,
    switches: control.webhooks,
    clock,
    random,
    closing: closing.signal,
  });
  const courier = openAlarm(clock, deliverDue, onError);
  const settler = openAlarm(clock, async () => authorisations.settleDue(), onError);

  const info: OperatorInfo = {
    operatorId,
    name,
    kinds,
    hint: simulates
      ? 'Any word of four letters or more: the same word is the same means. Never a card number.'
      : `The set-up code that ${name} gave you. Never a card number.`,
    webhookKey: keys.publicKey,
    simulates,
  };
  const handlers = buildRoutes({ info, tokens, authorisations, events, behaviourOf: behave, delays, clock });
  const { walletKey, publicOrigin } = options;
  const app = buildHttp({ handlers, walletKey, control, clock, log, publicOrigin });
  // What may become of an authorisation by itself is looked for after every call that may have made one.
  app.addHook('onResponse', async () => settler.ring());
  if (simulates) {
    control.serve(app, { chargeBack: (id) => authorisations.chargeBack(id), onWebhooks: () => courier.ring() });
  }

  return {
    listen: async (address) => {
      await app.listen(address);
      // What an earlier start left undone.
      courier.ring();
      settler.ring();
      return (app.server.address() as AddressInfo).port;
    },
    close: async () => {
      await app.close();
      closing.abort();
      await Promise.all([courier.close(), settler.close()]);
    },
  };
}
