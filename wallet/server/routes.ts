import { type RouteName, walletRoutes as table } from '#contract/wallet.ts';
import type { Handlers } from './call.ts';
import { Refusal } from './problem.ts';
import { adminRoutes } from './routes/admin.ts';
import { checkRoutes } from './routes/checks.ts';
import { groupRoutes } from './routes/groups.ts';
import { historyRoutes } from './routes/history.ts';
import type { Parts } from './routes/parts.ts';
import { settlementRoutes } from './routes/settlements.ts';
import { terminalRoutes } from './routes/terminals.ts';
import { walletRoutes } from './routes/wallets.ts';

/** The contract's routes, each in a few lines over the ledger and the books. */
export function buildRoutes(parts: Parts): Handlers {
  return {
    ...unbuilt(),
    ...adminRoutes(parts),
    ...terminalRoutes(parts),
    ...settlementRoutes(parts),
    ...checkRoutes(parts),
    ...groupRoutes(parts),
    ...historyRoutes(parts),
    ...walletRoutes(parts),
  };
}

/** Stands in until every route has its handler; the last one takes it away. */
function unbuilt(): Handlers {
  const names = Object.keys(table) as RouteName[];
  return Object.fromEntries(names.map((name) => [name, async () => new Refusal('internal')])) as unknown as Handlers;
}
