import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply } from 'fastify';
import { problemStatus } from '#contract/wallet.ts';
import type { Clock } from '../call.ts';
import { Overloaded } from '../group-commit.ts';
import { Refusal, toProblem } from '../problem.ts';
import { isLost, isRolledBack } from '../store/postgres.ts';

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
const BUSY_SECONDS = 1;
const TRIES_SECONDS = 60;

/** Sends problem+json; a caller who should come again is told when. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal, clock: Clock): FastifyReply {
  const status = problemStatus[refusal.code];
  if (status === 503 || status === 429) {
    const seconds = refusal.extra.retryAfterSeconds ?? (status === 503 ? BUSY_SECONDS : TRIES_SECONDS);
    reply.header('retry-after', String(seconds));
  }
  if (status === 401) reply.header('www-authenticate', refusal.code === 'admin_token_invalid' ? 'Bearer' : 'Signature');
  reply.code(status).type(PROBLEM_TYPE).header('cache-control', 'no-store');
  return reply.send(JSON.stringify(toProblem(refusal, new Date(clock.nowMs()).toISOString())));
}

/** What was thrown, as the wire says it: nothing of ours is told. */
export function refusalOfError(error: FastifyError): Refusal {
  // A database that is away for a moment is one reason more to come again: ids make that safe.
  if (error instanceof Overloaded || isLost(error) || isRolledBack(error)) return new Refusal('overloaded');
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('body_too_large');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Refusal('unsupported_media_type');
  const isCallersFault = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return new Refusal(isCallersFault ? 'bad_request' : 'internal');
}

/** Answers what is not HTTP, or too much of it, where there is no reply yet to answer with. */
export function refuseSocket(error: Error & { readonly code?: string }, socket: Socket, clock: Clock): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const detail = SOCKET_DETAILS[error.code ?? ''] ?? 'This is not HTTP/1.1.';
  const nowMs = clock.nowMs();
  const body = JSON.stringify(toProblem(new Refusal('bad_request', detail), new Date(nowMs).toISOString()));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ndate: ${new Date(nowMs).toUTCString()}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const SOCKET_DETAILS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The headers are too large.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request took too long to arrive.',
};

/** The fault of that name: the very bytes of the answer go out again, where a client expects the next one. */
export function writeTwice(reply: FastifyReply): void {
  const { socket } = reply.raw;
  if (socket === null) return;
  const written: Uint8Array[] = [];
  const write = socket.write.bind(socket) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  socket.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
    written.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    return write(chunk, ...rest);
  };
  reply.raw.once('finish', () => {
    socket.write = write;
    socket.write(Buffer.concat(written));
  });
}
