import type { FailureCount } from '../limits.ts';
import { type PairingSecret, parsePairingCode } from '../pairing.ts';
import { Refusal } from '../problem.ts';

/** Reads a pairing code and redeems it, counting what fails by address. */
export async function pair<Paired>(
  wrongCodes: FailureCount,
  call: { readonly text: string; readonly address: string; readonly nowMs: number },
  redeem: (secret: PairingSecret) => Promise<Paired | undefined>,
  invalid: 'enrolment_code_invalid' | 'binding_code_invalid',
): Promise<Paired | Refusal> {
  if (wrongCodes.isOver(call.address, call.nowMs)) return new Refusal('too_many_requests');
  const secret = parsePairingCode(call.text);
  const paired = secret === undefined ? undefined : await redeem(secret);
  if (paired !== undefined) return paired;
  wrongCodes.add(call.address, call.nowMs);
  return new Refusal(invalid);
}
