import { stat } from 'node:fs/promises';

/**
 * What stands behind a port's path now: equal words mean the same device, `undefined` that nothing is there. Throws when
 * it can not be known, which is no reason to give a connection up.
 */
export type Identify = (path: string) => Promise<string | undefined>;

/**
 * The device node behind a path or a link to it. A replugged device gets a new node, so a look notices even an absence
 * that fell between two looks.
 */
export async function identifyNode(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, rdev } = await stat(path);
    return `${dev}:${ino}:${rdev}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** For Windows, whose COM ports are no files: asks the list of ports, and may not tell of an unplugged one otherwise. */
export function identifyByList(list: () => Promise<readonly { readonly path: string }[]>): Identify {
  return async (path) => ((await list()).some((port) => port.path === path) ? path : undefined);
}
