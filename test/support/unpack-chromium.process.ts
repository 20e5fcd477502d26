// Run by chromium.ts in a process of its own: the package reads TMPDIR to decide where to unpack.
import chromium from '@sparticuz/chromium';

await chromium.executablePath();
