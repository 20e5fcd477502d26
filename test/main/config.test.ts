import { describe, expect, test } from 'vitest';
import { defaultDataFolder, parseConfig } from '#main/config.ts';

const simulated = {
  deviceId: 'scanner',
  kind: 'scanner',
  profile: 'simulated-scanner',
  transport: { type: 'simulated' },
};
const serial = { kind: 'scanner', profile: 'generic-serial' };

describe('the command line of npm start', () => {
  test('says nothing: the Electron host, a folder of the user, the embedded wallet, one simulated scanner', () => {
    expect(parseConfig([])).toEqual({
      ok: true,
      config: { isBrowserHost: false, dataFolder: defaultDataFolder(), opensBrowser: true, devices: [simulated] },
    });
  });

  test('says everything', () => {
    expect(
      parseConfig(
        (
          '--browser --data /srv/shop --port 0 --no-open --device scanner=serial:/dev/ttyUSB0 ' +
          '--device scanner=serial:/dev/a@b@115200 --wallet http://127.0.0.1:9/ --enrolment-code ABC-123'
        ).split(' '),
      ),
    ).toEqual({
      ok: true,
      config: {
        isBrowserHost: true,
        dataFolder: '/srv/shop',
        port: 0,
        opensBrowser: false,
        walletUrl: 'http://127.0.0.1:9',
        enrolmentCode: 'ABC-123',
        devices: [
          simulated,
          {
            ...serial,
            deviceId: 'scanner-2',
            transport: { type: 'serial', path: '/dev/ttyUSB0', baudRate: 9_600 },
          },
          { ...serial, deviceId: 'scanner-3', transport: { type: 'serial', path: '/dev/a@b', baudRate: 115_200 } },
        ],
      },
    });
  });

  test.each([
    ['--brwoser', "Unknown option '--brwoser'"],
    ['--port', "Option '--port <value>' argument missing"],
    ['--port=99999', '--port takes a number from 0 to 65535, not "99999"'],
    ['--port=-1', '--port takes a number from 0 to 65535, not "-1"'],
    ['--data=', '--data takes a folder'],
    ['shop', "Unexpected argument 'shop'"],
    ['--wallet=ftp://x', '--wallet takes an http or https address, not "ftp://x"'],
    ['--enrolment-code=1', '--enrolment-code needs --wallet'],
    [
      '--device=printer=serial:/x',
      '--device takes scanner=serial:PATH or scanner=serial:PATH@BAUD, not "printer=serial:/x"',
    ],
    ['--device=scanner=serial:/x --device=scanner=serial:/x', '--device names /x twice'],
  ])('refuses %s in one sentence', (line, problem) => {
    expect(parseConfig(line.split(' '))).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
  });
});

test('each operating system has its own place for the data', () => {
  expect({
    linux: defaultDataFolder('linux', {}, '/home/mei'),
    xdg: defaultDataFolder('linux', { XDG_DATA_HOME: '/data' }, '/home/mei'),
    mac: defaultDataFolder('darwin', {}, '/Users/mei'),
  }).toEqual({
    linux: '/home/mei/.local/share/warikan',
    xdg: '/data/warikan',
    mac: '/Users/mei/Library/Application Support/Warikan',
  });
});
