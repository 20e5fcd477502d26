import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, genesisHash, hashOf } from '#main/terminal/journal/entry.ts';
import { type Journal, type Projectors, openJournal, readEntries } from '#main/terminal/journal/journal.ts';
import { verifyChain } from '#main/terminal/journal/verify.ts';
import { openDatabase } from '#main/terminal/store/database.ts';
import { latte, openTill, owner } from '#test/support/open-till.ts';
import { openTillClock } from '#test/support/till-clock.ts';

const nothing: Projectors = { 'line.added': () => undefined, 'till.stopped': () => undefined };

function openBook(projectors: Projectors = nothing) {
  const database = openDatabase(':memory:');
  const journal: Journal = openJournal(database, projectors, openTillClock());
  return { database, journal };
}

describe('the chain', () => {
  test('is SHA-256 over the hash before and the canonical JSON of the entry', () => {
    const first = {
      seq: 1,
      at: '2026-11-23T00:00:00.000Z',
      type: 'line.added',
      checkId: 'c',
      staffId: null,
      body: {
        b: [
          1,
          {
            z: 'é',
            a: true,
          },
        ],
        a: null,
      },
      previousHash: genesisHash,
    };
    // Made with Python's hashlib over the text that the comment of hashOf describes.
    expect(hashOf(first)).toBe('0c880bf911d72fd4c35666cae09e61abf1d1dcc651b774e14a3a017537ba6c00');
  });

  test('has JSON with sorted keys, nothing undefined and no spaces', () => {
    expect(canonicalJson({ b: 1, a: [undefined, { y: undefined, x: 'ü\n' }], ä: false })).toBe(
      '{"a":[null,{"x":"ü\\n"}],"b":1,"ä":false}',
    );
  });

  test('of canonical JSON means the same as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect([JSON.parse(text), canonicalJson(JSON.parse(text))]).toEqual([JSON.parse(JSON.stringify(value)), text]);
      }),
    );
  });

  test('goes on where it stopped, over any number of entries in one commit', () => {
    const { database, journal } = openBook();
    journal.commit(
      [
        { type: 'line.added', body: { n: 1 } },
        { type: 'line.added', body: { n: 2 } },
      ],
      'aya',
    );
    journal.commit([{ type: 'till.stopped', checkId: 'c', body: {} }], null);

    const entries = [...readEntries(database)];

    expect(entries.map(({ seq, previousHash }) => [seq, previousHash])).toEqual([
      [1, genesisHash],
      [2, entries[0]?.hash],
      [3, entries[1]?.hash],
    ]);
    expect(verifyChain(database)).toEqual({ entries: 3, findings: [] });
  });
});

describe('the journal', () => {
  test('is never changed, and nothing of it deleted', () => {
    const { database, journal } = openBook();
    journal.commit([{ type: 'line.added', body: {} }], null);

    const writes = [`UPDATE journal SET body = '{}'`, 'DELETE FROM journal'].map(
      (text) => () => database.write((writer) => writer.run({ text, values: [] })),
    );

    for (const write of writes) expect(write).toThrow('the journal is append-only');
  });

  test('takes all entries of a commit or none, and tells of a roll-back', () => {
    let isBroken = true;
    const { database, journal } = openBook({
      ...nothing,
      'till.stopped': () => {
        if (isBroken) throw new Error('a projector failed');
      },
    });
    const told: string[] = [];
    journal.onRollback(() => told.push('rolled back'));
    journal.onCommit((entries) => told.push(`${entries.length} committed`));
    const drafts = [
      { type: 'line.added', body: {} },
      { type: 'till.stopped', body: {} },
    ];

    expect(() => journal.commit(drafts, null)).toThrow('a projector failed');
    expect([...readEntries(database)]).toEqual([]);
    isBroken = false;
    journal.commit(drafts, null);

    expect([told, verifyChain(database)]).toEqual([['rolled back', '2 committed'], { entries: 2, findings: [] }]);
  });

  test('refuses an entry that no projector knows', () => {
    const { journal } = openBook();
    expect(() => journal.commit([{ type: 'made.up', body: {} }], null)).toThrow('has a projector');
  });

  test('names who did it, and for which bill', async () => {
    const till = await openTill();
    await till.client.staff.signIn(owner);
    await till.scan(latte);
    const { checkId } = await till.front();

    const added = [...readEntries(till.database)].at(-1);

    expect(added).toMatchObject({ type: 'line.added', checkId, staffId: 'aya', at: '2026-11-23T00:00:00.000Z' });
  });
});
