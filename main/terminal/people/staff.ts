import { hash, verify } from '@node-rs/argon2';
import { z } from 'zod';
import { type Staff, freePinTries, pinLockMs, pinTriesUntilLock, pinWaitsMs, staffSchema } from '#contract/staff.ts';
import type { Clock } from '../clock.ts';
import type { Journal, Projectors } from '../journal/journal.ts';
import { Refused } from '../refused.ts';
import type { Reader } from '../store/database.ts';
import { sql } from '../store/sql.ts';

/** Who may work at this terminal, and who is signed in. A restart signs everybody out; failed PINs survive it. */
export interface People {
  /** The same list while nobody was enrolled. */
  roster(): Staff[];
  signedIn(): Staff | null;
  /** The person signed in, or a refusal. */
  mustBeSignedIn(): Staff;
  /** Tries a PIN. One at a time: a burst of guesses waits in line and meets the throttle. */
  signIn(staffId: string, pin: string): Promise<Staff>;
  signOut(): void;
  /** Adds a person, or changes one; the PIN's hash stays out of the journal. */
  enrol(staff: Omit<Staff, 'pinLength'>, pin: string): Promise<void>;
}

/** argon2id, 19 MiB and 2 passes (OWASP's first choice): about 15 ms on a cheap PC. */
const hashing = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const failureSchema = z.object({ staff_id: z.string(), tries: z.int(), last_at: z.iso.datetime() });
type Failure = z.infer<typeof failureSchema>;

export function openPeople(options: {
  journal: Journal;
  reader: Reader;
  clock: Clock;
  /** Kept apart from the database, so that the file alone does not give the PINs away. */
  pepper: Uint8Array;
}): People {
  const { journal, reader, clock } = options;
  const secret = Buffer.from(options.pepper);
  let signedIn: Staff | null = null;
  let roster = readRoster(reader);
  let line: Promise<unknown> = Promise.resolve();

  /**
   * When each person's last failure was, by the clock that nobody can set. Of failures before the start only the wall
   * clock knows; where that was set back since, their wait begins at the start.
   */
  const openedMs = clock.monotonic();
  const openedAtMs = clock.now();
  const failedMs = new Map<string, number>();
  const refuseWhileThrottled = (failure: Failure | undefined): void => {
    if (!failure) return;
    const beforeStartMs = Math.max(openedAtMs - Date.parse(failure.last_at), 0);
    const sinceMs = failedMs.get(failure.staff_id) ?? openedMs - beforeStartMs;
    const remainingMs = pinWaitMs(failure.tries) - (clock.monotonic() - sinceMs);
    if (remainingMs <= 0) return;
    const isLocked = failure.tries >= pinTriesUntilLock;
    throw new Refused({ reason: 'pinThrottled', waitMs: Math.ceil(remainingMs), isLocked });
  };

  const tryPin = async (staffId: string, pin: string): Promise<Staff> => {
    const staff = roster.find((one) => one.staffId === staffId);
    if (!staff) throw new Refused({ reason: 'staffUnknown' });
    const failure = readFailure(reader, staffId);
    refuseWhileThrottled(failure);

    if (!(await verify(readPinHash(reader, staffId), pin, { ...hashing, secret }))) {
      const tries = (failure?.tries ?? 0) + 1;
      journal.commit([{ type: 'staff.pinRefused', body: { staffId, tries } }], null);
      failedMs.set(staffId, clock.monotonic());
      refuseWhileThrottled(readFailure(reader, staffId));
      throw new Refused({ reason: 'pinWrong', triesUntilWait: Math.max(freePinTries - tries, 0) });
    }
    journal.commit([{ type: 'staff.signedIn', body: { staffId } }], staffId);
    signedIn = staff;
    return staff;
  };

  return {
    roster: () => roster,
    signedIn: () => signedIn,
    mustBeSignedIn() {
      if (!signedIn) throw new Refused({ reason: 'notSignedIn' });
      return signedIn;
    },
    signIn(staffId, pin) {
      const turn = line.then(() => tryPin(staffId, pin));
      line = turn.catch(() => undefined);
      return turn;
    },
    signOut() {
      if (!signedIn) return;
      journal.commit([{ type: 'staff.signedOut', body: {} }], signedIn.staffId);
      signedIn = null;
    },
    async enrol(person, pin) {
      const staff = staffSchema.parse({ ...person, pinLength: pin.length });
      const pinHash = await hash(pin, { ...hashing, secret });
      journal.commit([{ type: 'staff.enrolled', body: staff }], signedIn?.staffId ?? null, (writer) => {
        writer.run(sql`
          INSERT INTO staff_pin (staff_id, hash) VALUES (${staff.staffId}, ${pinHash})
          ON CONFLICT (staff_id) DO UPDATE SET hash = excluded.hash`);
      });
      roster = readRoster(reader);
    },
  };
}

/** How long a person must wait after so many wrong PINs in a row. */
export function pinWaitMs(tries: number): number {
  if (tries >= pinTriesUntilLock) return pinLockMs;
  if (tries < freePinTries) return 0;
  return pinWaitsMs[Math.min(tries - freePinTries, pinWaitsMs.length - 1)] ?? pinLockMs;
}

export const staffProjectors: Projectors = {
  'staff.enrolled': (writer, { body }) => {
    const staff = staffSchema.parse(body);
    writer.run(sql`
      INSERT INTO staff (staff_id, body) VALUES (${staff.staffId}, ${JSON.stringify(staff)})
      ON CONFLICT (staff_id) DO UPDATE SET body = excluded.body`);
  },
  'staff.pinRefused': (writer, { body, at }) => {
    const { staffId, tries } = z.object({ staffId: z.string(), tries: z.int() }).parse(body);
    writer.run(sql`
      INSERT INTO pin_failure (staff_id, tries, last_at) VALUES (${staffId}, ${tries}, ${at})
      ON CONFLICT (staff_id) DO UPDATE SET tries = excluded.tries, last_at = excluded.last_at`);
  },
  'staff.signedIn': (writer, { body }) => {
    const { staffId } = z.object({ staffId: z.string() }).parse(body);
    writer.run(sql`DELETE FROM pin_failure WHERE staff_id = ${staffId}`);
  },
  'staff.signedOut': () => undefined,
};

function readRoster(reader: Reader): Staff[] {
  return reader
    .all(sql`SELECT body FROM staff ORDER BY staff_id`)
    .map((row) => staffSchema.parse(JSON.parse((row as { body: string }).body)));
}

function readFailure(reader: Reader, staffId: string): Failure | undefined {
  const row = reader.one(sql`SELECT staff_id, tries, last_at FROM pin_failure WHERE staff_id = ${staffId}`);
  return row === undefined ? undefined : failureSchema.parse(row);
}

function readPinHash(reader: Reader, staffId: string): string {
  const row = reader.one(sql`SELECT hash FROM staff_pin WHERE staff_id = ${staffId}`) as { hash: string } | undefined;
  if (!row) throw new Refused({ reason: 'staffUnknown' });
  return row.hash;
}
