import type { Attempt } from '#contract/attempt.ts';
import type { Formats } from '../../format.ts';
import type { Translate } from '../../locale/words.ts';

/** An attempt's state as a heading and a sentence. */
export function attemptWords(t: Translate, formats: Formats, attempt: Attempt): { title: string; detail: string } {
  const amount = formats.money(attempt.amount);
  switch (attempt.state) {
    case 'created':
      return { title: t('attempt.created'), detail: t('attempt.createdDetail') };
    case 'sent':
      return { title: t('attempt.sent'), detail: t('attempt.sentDetail') };
    case 'approved':
      return {
        title: t('attempt.approved'),
        detail: t('attempt.approvedDetail', { name: attempt.member.maskedName, amount }),
      };
    case 'declined':
      return { title: t('attempt.declined'), detail: t(`attempt.reason.${attempt.reason}`) };
    case 'unknown':
      return { title: t('attempt.unknown'), detail: t('attempt.unknownDetail', { amount }) };
    case 'cancelling':
      return {
        title: t('attempt.cancelling'),
        detail: t('attempt.cancellingDetail', { count: attempt.tries }),
      };
    case 'cancelled':
      return { title: t('attempt.cancelled'), detail: t('attempt.cancelledDetail', { amount }) };
  }
}
