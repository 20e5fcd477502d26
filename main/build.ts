// `npm run build`: everything that is not run as it is written. `--if-changed` leaves what its sources already made.
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { PROJECT, type Product, digestSources, hasSources, isBuilt, markBuilt, products } from './sources.ts';
import { join } from 'node:path';

const { values } = parseArgs({
  options: { 'if-changed': { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
});

for (const product of Object.values<Product>(products)) {
  if (values.only !== undefined && !values.only.includes(product.name)) continue;
  if (!hasSources(product) || (values['if-changed'] && isBuilt(product))) continue;
  // Read first: a source that changes meanwhile makes the next start build again.
  const digest = digestSources(product);
  await build({
    configFile: join(PROJECT, product.viteConfig),
    logLevel: 'warn',
    ...(product.mode === undefined ? {} : { mode: product.mode }),
  });
  markBuilt(product, digest);
}
