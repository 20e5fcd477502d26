import type { Settlement, SettlementRequest } from '#contract/settlement.ts';
import type { WalletLink } from '#contract/terminal.ts';
import type { Problem } from '#contract/wallet.ts';

/** The wallet server as the till needs it. No call throws: what the world does is a reply. */
export interface WalletPort {
  /** Asks to book. Safe to repeat with the same id and body, and never with another body. */
  settle(attemptId: string, request: SettlementRequest): Promise<WalletReply>;
  /** What became of the id. */
  inquire(attemptId: string): Promise<WalletReply>;
  /** Undoes the id, seen or never seen. */
  cancel(attemptId: string): Promise<WalletReply>;
  /** Undefined where wallet payments can be taken; else why not, in a sentence. */
  notReady(): string | undefined;
  /** Tells the present state of the link at once, then each change. */
  onLink(listener: (link: WalletLink) => void): void;
  close(): void;
}

export type WalletReply =
  | { readonly type: 'settlement'; readonly settlement: Settlement }
  | { readonly type: 'problem'; readonly problem: Problem }
  /** Certainly not a byte of it left this machine. */
  | { readonly type: 'notSent'; readonly detail: string }
  /** It may have arrived, or not. */
  | { readonly type: 'noAnswer'; readonly detail: string };
