import type { Handlers } from './call.ts';
import type { Reloading } from './reload/reloading.ts';
import { adminRoutes } from './routes/admin.ts';
import { checkRoutes } from './routes/checks.ts';
import { groupRoutes } from './routes/groups.ts';
import { historyRoutes } from './routes/history.ts';
import type { Parts } from './routes/parts.ts';
import { settlementRoutes } from './routes/settlements.ts';
import { terminalRoutes } from './routes/terminals.ts';
import { walletRoutes } from './routes/wallets.ts';

/** The contract's routes, each in a few lines over the ledger and the books. */
export function buildRoutes(parts: Parts, { handlers }: Pick<Reloading, 'handlers'>): Handlers {
  return {
    ...adminRoutes(parts),
    ...terminalRoutes(parts),
    ...settlementRoutes(parts),
    ...checkRoutes(parts),
    ...groupRoutes(parts),
    ...historyRoutes(parts),
    ...walletRoutes(parts),
    ...handlers,
  };
}
