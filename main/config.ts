import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type DeviceConfig, deviceConfigSchema } from '#contract/devices.ts';
import { deviceIdSchema } from '#contract/ids.ts';

/** What a person can say on the command line of `npm start`. */
export interface StartConfig {
  /** False: the Electron host where its binary is installed. */
  readonly isBrowserHost: boolean;
  readonly dataFolder: string;
  /** Absent: `defaultPort`, or any free one where that is taken. */
  readonly port?: number;
  readonly opensBrowser: boolean;
  readonly devices: readonly DeviceConfig[];
  /** Another wallet server. Absent: the embedded one. */
  readonly walletUrl?: string;
  readonly enrolmentCode?: string;
}

export type ParsedConfig =
  { readonly ok: true; readonly config: StartConfig } | { readonly ok: false; readonly problem: string };

/** A fixed port keeps what the page remembers (language, theme): a browser stores it by origin. */
export const defaultPort = 7474;
/** The same for the embedded wallet server, whose page keeps a customer's key in the browser. */
export const defaultWalletPort = 7475;

/** Scanners that a person may add beside the simulated one. */
const SERIAL_SCANNERS_MAX = 8;
const SERIAL_PROFILE = 'generic-serial';
const SIMULATED_SCANNER: DeviceConfig = {
  deviceId: deviceIdSchema.parse('scanner'),
  kind: 'scanner',
  profile: 'simulated-scanner',
  transport: { type: 'simulated' },
};

export const usage =
  'npm start -- [--browser] [--data DIR] [--port N] [--no-open] [--device scanner=serial:PATH[@BAUD]]... ' +
  '[--wallet URL] [--enrolment-code CODE]';

/** Strict: what is not understood is refused, because a mistyped option that is ignored costs an evening. */
export function parseConfig(args: readonly string[]): ParsedConfig {
  let values: ReturnType<typeof parseOptions>;
  try {
    values = parseOptions(args);
  } catch (error) {
    return refuse(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error));
  }

  const port = parsePort(values.port);
  if (port === 'bad') return refuse(`--port takes a number from 0 to 65535, not "${values.port}"`);
  const devices = parseDevices(values.device ?? []);
  if (typeof devices === 'string') return refuse(devices);
  const walletUrl = values.wallet === undefined ? undefined : parseWalletUrl(values.wallet);
  if (values.wallet !== undefined && walletUrl === undefined)
    return refuse(`--wallet takes an http or https address, not "${values.wallet}"`);
  const enrolmentCode = values['enrolment-code'];
  if (enrolmentCode !== undefined && walletUrl === undefined) return refuse('--enrolment-code needs --wallet');
  if (values.data === '') return refuse('--data takes a folder');

  return {
    ok: true,
    config: {
      isBrowserHost: values.browser,
      dataFolder: values.data === undefined ? defaultDataFolder() : resolve(values.data),
      ...(port === undefined ? {} : { port }),
      opensBrowser: !values['no-open'],
      devices: [SIMULATED_SCANNER, ...devices],
      ...(walletUrl === undefined ? {} : { walletUrl }),
      ...(enrolmentCode === undefined ? {} : { enrolmentCode }),
    },
  };
}

/** Where the operating system wants a person's programs to keep their files. */
export function defaultDataFolder(
  platform: NodeJS.Platform = process.platform,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Warikan');
  if (platform === 'win32') return join(environment['APPDATA'] || join(home, 'AppData', 'Roaming'), 'Warikan');
  return join(environment['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'warikan');
}

function parseOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      browser: { type: 'boolean', default: false },
      data: { type: 'string' },
      port: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      device: { type: 'string', multiple: true },
      wallet: { type: 'string' },
      'enrolment-code': { type: 'string' },
    },
  });
  return values;
}

function parsePort(text: string | undefined): number | undefined | 'bad' {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) return 'bad';
  return Number(text);
}

/** A sentence where an entry cannot be understood. */
function parseDevices(entries: readonly string[]): readonly DeviceConfig[] | string {
  if (entries.length > SERIAL_SCANNERS_MAX) return `--device takes at most ${SERIAL_SCANNERS_MAX} scanners`;
  const devices: DeviceConfig[] = [];
  for (const [index, entry] of entries.entries()) {
    const match = /^scanner=serial:(?<path>.+?)(?:@(?<baudRate>\d{3,7}))?$/.exec(entry);
    if (match?.groups === undefined)
      return `--device takes scanner=serial:PATH or scanner=serial:PATH@BAUD, not "${entry}"`;
    const { path, baudRate } = match.groups;
    if (devices.some(({ transport }) => transport.type === 'serial' && transport.path === path)) {
      return `--device names ${path} twice`;
    }
    devices.push(
      deviceConfigSchema.parse({
        deviceId: `scanner-${index + 2}`,
        kind: 'scanner',
        profile: SERIAL_PROFILE,
        transport: { type: 'serial', path, ...(baudRate === undefined ? {} : { baudRate: Number(baudRate) }) },
      }),
    );
  }
  return devices;
}

function parseWalletUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined;
  return url.href.replace(/\/+$/, '');
}

function refuse(problem: string): ParsedConfig {
  return { ok: false, problem };
}
