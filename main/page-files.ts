import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

export interface PageFile {
  readonly bytes: Buffer;
  readonly contentType: string;
  /** Its name changes with its content. */
  readonly isImmutable: boolean;
}

/** The kinds of file that a built page consists of; nothing else is ever sent. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** One plain name after another: no dot file, no `..`, no escape, no drive, no second slash. */
const PLAIN_PATH = /^(\/[\w-][\w.-]*)+$/;

/** Undefined where the page has no such file. A link that leads out of the folder is no file of the page. */
export async function readPageFile(folder: string, path: string): Promise<PageFile | undefined> {
  const contentType = CONTENT_TYPES[extname(path)];
  if (contentType === undefined || !PLAIN_PATH.test(path)) return undefined;
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, path));
    if (!file.startsWith(root + sep)) return undefined;
    return { bytes: await readFile(file), contentType, isImmutable: path.startsWith('/assets/') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(error.code))) {
      return undefined;
    }
    throw error;
  }
}
