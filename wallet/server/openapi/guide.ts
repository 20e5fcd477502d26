import { createHash, createHmac } from 'node:crypto';
import { signatureBase, signRequest } from '#contract/signature.ts';
import { keyPairFromSeed } from '../keys.ts';

/** What a stranger must know to write a client, in Markdown. The example is computed by the code that verifies. */
export async function writeGuide(): Promise<string> {
  return [BASICS, SIGNING, await writeExample(), SESSIONS, CODES, EVENTS, LIMITS].join('\n\n');
}

const BASICS = `JSON in UTF-8. Money is a whole number of minor units with its ISO 4217 currency (1,200 yen are
\`{"amount": 1200, "currency": "JPY"}\`, 12.00 dollars \`{"amount": 1200, "currency": "USD"}\`), times are RFC 3339 in UTC,
ids are lower-case UUIDv7.

**The id of a money row is made by the caller and is its idempotency key for ever.** The same id with the same body gets
the first answer again, with another body 422 \`duplicate_mismatch\`; for a settlement "the same" means terminal, check,
amount, currency, payer and group, not the mode or the code. Where an answer was lost, ask again with the same id, or ask
\`GET\`. An id that was cancelled stays so, seen or never seen.

Errors are problem+json (RFC 9457); programs go by \`code\`, which is stable. A path that is known, asked by another
method, is 405 with \`Allow\`. Lists have a \`nextCursor\` until the last page; send it back as \`cursor\`. Query parameters
that a route does not know are refused. Keys of a body that it does not know are passed over.`;

const SIGNING = `## Signing requests

Each route says whose signature it asks for. A signature is an HTTP Message Signature (RFC 9421) with one label:

1. \`Content-Digest: sha-256=:…:\` (RFC 9530) is the SHA-256 of the body's bytes, base64; of no bytes where there is none.
2. The covered components are \`"@method"\`, \`"@target-uri"\` (the whole URL as it was asked, scheme, host, port, path and
   query), \`"content-digest"\` and, where that header is sent, \`"idempotency-key"\`. More may be covered.
3. The parameters are \`created\` (seconds since 1970, at most 300 from the server's clock; every answer's \`Date\` tells it),
   \`nonce\` (16 to 64 characters of A–Z a–z 0–9 - _, never used before with the key), \`keyid\`, and \`alg\`: \`ed25519\` or
   \`hmac-sha256\`.
4. The signature base has one line for each component, \`"name": value\`, then \`"@signature-params": \` and the very text that
   stands in \`Signature-Input\` after the label. Lines end with LF, the last one without.
5. \`Signature\` is the Ed25519 signature (64 bytes), or the HMAC-SHA-256 (32 bytes), of the base, base64 between colons.

Both headers are serialised as RFC 8941 says, without blanks of one's own. Keys and signatures are raw bytes: an Ed25519
public key is 32 bytes, base64url without padding. The \`keyid\` of a terminal or phone is what enrolment or binding
answered.`;

const SESSIONS = `## Sessions of terminals

\`POST /v1/terminals/me/sessions\`, signed with the device key, answers a \`keyId\` and a \`secret\` (32 bytes, base64url) that
sign by \`hmac-sha256\` for 15 minutes. Cancels, offline batches and the opening of sessions take the device key only
(\`device_key_required\`); all else takes either. \`session_expired\` asks for a new session. A terminal that nobody approved
yet may ask \`GET /v1/terminals/me\` alone (\`terminal_not_approved\`).`;

const CODES = `## A customer's code

What a phone shows and a terminal sends as \`token\`, all CBOR in the deterministic form of RFC 8949 §4.2.1:

- \`POST /v1/wallet/codes\` answers the *credential*: a COSE_Sign1 array (RFC 9052) of
  \`[bstr {1: -8, 4: bstr keyId}, {}, bstr claims, bstr signature]\`, signed by one of the keys at \`GET /v1/keys\`. The claims
  are \`{2: alias, 4: exp, 6: iat, 8: {1: {1: 1, -1: 6, -2: bstr phone's public key}}, -70001: [1, currency, limit,
  allowance]}\`.
- The phone signs, by the same Ed25519 key that it was bound with, the *proof* of
  \`["WRK1 proof", bstr credential, counter, step]\`: counter is higher for each code that it ever shows, step is the whole
  part of Unix seconds / 30.
- The code is \`WRK1:\` and the Base45 (RFC 9285) of the array \`[credential, counter, step, bstr proof]\`, in which the
  credential stands as it is, not in a byte string: \`0x84\`, the credential's bytes, then the three others.

A code pays once, and is good for its 30 seconds ± 90. A credential lasts as long as it says and makes codes without the
network.`;

const EVENTS = `## Events

Routes of events answer \`text/event-stream\`. They are signed as any request is, so they are read by \`fetch\` rather than
\`EventSource\`. Keep the last \`id\` and send it as \`Last-Event-ID\` when the stream ends, and nothing is missed; an event may
come twice. A caller has four streams at most: the oldest ends when it opens a fifth.`;

const LIMITS = `## Limits

Bodies have at most 16 KiB, those with a group 512 KiB, batches 1 MiB. \`too_many_requests\` and \`overloaded\` come with
\`Retry-After\`: nothing was booked, and the same request may come again, signed anew with another nonce.`;

/** RFC 8032 has keys for tests; this one is plainer still. */
const SEED = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const CREATED = 1_795_402_800;
const NONCE = 'an-example-nonce';
const TERMINAL_ID = '019ab3c0-7f00-7a10-8000-0000000000f1';
const SESSION_SECRET = createHash('sha256').update('an example').digest();

async function writeExample(): Promise<string> {
  const device = keyPairFromSeed(SEED);
  const url = 'https://wallet.example/v1/settlements/019ab3c0-7f00-7a10-8000-0000000000e1/cancel';
  const request = { method: 'POST', url, created: CREATED, nonce: NONCE };
  const byDevice = await signRequest({ ...request, keyId: TERMINAL_ID, sign: device.sign });
  const parameters = byDevice['signature-input'].replace(/^sig1=/, '');
  const components = ['@method', '@target-uri', 'content-digest'];
  const base = signatureBase({ ...request, headers: { ...byDevice } }, components, parameters);

  const keyId = `s.${TERMINAL_ID}.${CREATED + 900}.AAAAAAAAAAAA`;
  const body = '{"token":"WRK1:AB"}';
  const resolve = { method: 'POST', url: 'https://wallet.example/v1/tokens/resolve', body, nonce: NONCE };
  const bySession = await signRequest({
    ...resolve,
    created: CREATED,
    keyId,
    algorithm: 'hmac-sha256',
    sign: (message) => createHmac('sha256', SESSION_SECRET).update(message).digest(),
  });
  return `### An example to check one's own code by

The Ed25519 private key is the 32 bytes 01 02 … 20 (public key \`${Buffer.from(device.publicKey).toString('base64url')}\`). The
request has no body:

\`\`\`
POST /v1/settlements/019ab3c0-7f00-7a10-8000-0000000000e1/cancel HTTP/1.1
Host: wallet.example
Content-Digest: ${byDevice['content-digest']}
Signature-Input: ${byDevice['signature-input']}
Signature: ${byDevice.signature}
\`\`\`

for which the signature base is

\`\`\`
${base ?? ''}
\`\`\`

By a session whose secret is \`${SESSION_SECRET.toString('base64url')}\`:

\`\`\`
POST /v1/tokens/resolve HTTP/1.1
Host: wallet.example
Content-Type: application/json
Content-Digest: ${bySession['content-digest']}
Signature-Input: ${bySession['signature-input']}
Signature: ${bySession.signature}

${body}
\`\`\``;
}
