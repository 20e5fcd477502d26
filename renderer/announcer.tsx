import { useLive, useTerminal, useView } from './till.tsx';
import { useWords } from './locale/words.ts';
import { attemptWords } from './screens/pay/attempt-words.ts';
import { refusalWords } from './refusal-words.ts';
import { testIds } from './test-ids.ts';

/**
 * What a screen reader hears. Two regions that stay in the page for good, outside of what a sheet hides: politely what
 * was added and what it comes to, at once every state of a payment and every refusal.
 */
export function Announcer() {
  return (
    <div className="visually-hidden" data-live-announcer="true">
      <div aria-live="polite" aria-atomic="true" data-testid={testIds.politeAnnouncements}>
        {usePoliteWords()}
      </div>
      <div aria-live="assertive" aria-atomic="true" data-testid={testIds.urgentAnnouncements}>
        {useUrgentWords()}
      </div>
    </div>
  );
}

function usePoliteWords(): string {
  const { t, formats } = useWords();
  const check = useTerminal((terminal) => terminal.check);
  const scan = useView(({ lastScan }) => lastScan);
  if (!check || check.state === 'paying') return '';
  const added =
    scan?.result.type === 'added'
      ? t('announce.added', { name: scan.result.name, quantity: formats.number(scan.result.quantity) })
      : '';
  return `${added} ${t('announce.total', { amount: formats.money(check.totals.total) })}`.trim();
}

function useUrgentWords(): string {
  const { t, formats } = useWords();
  const link = useLive((live) => live.link.state);
  const check = useTerminal((terminal) => terminal.check);
  const prompt = useTerminal((terminal) => terminal.prompt);
  const paid = useView((view) => view.paid);
  const notice = useView(({ notices }) => notices.at(-1));
  if (link === 'lost') return t('link.lost');
  if (notice?.type === 'refusal') return refusalWords(t, notice.refusal);
  if (notice?.type === 'scan' && notice.outcome.result.type !== 'added') {
    const { result } = notice.outcome;
    if (result.type === 'refused') return refusalWords(t, result.refusal);
    if (result.type === 'unknownBarcode') return t('notice.unknownBarcode', { text: result.text });
    if (result.type === 'fault') return t('notice.fault');
    if (result.type === 'walletNotArmed') return t('notice.walletNotArmedDetail');
    return t('notice.walletCodeUnreadable');
  }
  if (check?.state === 'paying') {
    if (prompt.purpose === 'wallet') return t('announce.waiting', { amount: formats.money(prompt.amount) });
    const attempt = check.attempt ? attemptWords(t, formats, check.attempt).title : '';
    return `${attempt} ${t('announce.due', { amount: formats.money(check.due) })}`.trim();
  }
  if (paid) {
    return paid.change.amount > 0
      ? t('announce.paid', { amount: formats.money(paid.change) })
      : t('announce.paidNoChange');
  }
  return '';
}
