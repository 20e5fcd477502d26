import type { ScanEvent, Symbology } from '#contract/devices.ts';
import { lineCodec, type LineEvent } from '../codec/line.ts';
import { readText, type Charset } from '../codec/text.ts';
import type { Profile } from '../profile/profile.ts';
import type { DeviceReport, DeviceSession, WorkingState } from './session.ts';

/**
 * A barcode scanner that sends lines. Two equal lines are two scans: a cashier scans the same product twice on purpose,
 * and what may count only once, such as a customer's code, says so itself.
 */
export function scanner(profile: Profile): DeviceSession {
  const codec = lineCodec(profile.framing);
  let isSuspect = false;

  function report(event: LineEvent): readonly DeviceReport[] {
    if (event.type === 'frame') {
      const scan = readScan(event.payload, event.symbology, profile.charset);
      return scan.type === 'scan' && isSuspect ? [become({ state: 'ready' }), scan] : [scan];
    }
    const fault = { type: 'fault', code: event.code, message: explain(event) } as const;
    if (event.code === 'partialFrame') return [fault];
    return [
      fault,
      become({ state: 'suspect', detail: 'It sends what is no code. Check its baud rate and its cable.' }),
    ];
  }

  function become(state: WorkingState): DeviceReport {
    isSuspect = state.state === 'suspect';
    return { type: 'state', state };
  }

  return {
    get activity() {
      return codec.isPending ? 'receiving' : 'idle';
    },
    begin() {
      codec.reset();
      isSuspect = false;
    },
    receive: (bytes, nowMs) => codec.push(bytes, nowMs).flatMap(report),
    tick: (nowMs) => codec.tick(nowMs).flatMap(report),
  };
}

type ScanReport = Omit<ScanEvent, 'deviceId' | 'seq' | 'source'>;
type FaultReport = Extract<DeviceReport, { type: 'fault' }>;

function readScan(payload: Uint8Array, symbology: Symbology | undefined, charset: Charset): ScanReport | FaultReport {
  const read = readText(payload, charset);
  if (read.text === '') {
    const message = `A line of ${payload.length} control bytes held no code.`;
    return { type: 'fault', code: 'malformedReport', message };
  }
  const scan: ScanReport = { type: 'scan', bytes: Buffer.from(payload).toString('base64'), ...read };
  return symbology === undefined ? scan : { ...scan, symbology };
}

function explain(fault: Extract<LineEvent, { type: 'fault' }>): string {
  switch (fault.code) {
    case 'frameTooLong':
      return `A line of ${fault.byteCount} bytes or more was dropped: no barcode is that long. Scan again.`;
    case 'partialFrame':
      return `A code stopped after ${fault.byteCount} bytes and was dropped. Scan again.`;
  }
}
