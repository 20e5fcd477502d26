import type { JSX } from 'react';
import type { Formats } from '../formats.ts';
import { useText, useWallet } from '../context.tsx';
import type { News } from '../news.ts';
import type { Words } from '../words/words.ts';
import { Icon } from './icon.tsx';

/** What has just happened, over whatever screen is shown. It pushes nothing aside, and a screen reader says it. */
export function NewsBar(): JSX.Element {
  const { t, format } = useText();
  const { wallet, state } = useWallet();
  const { news } = state;
  const isBad = news?.type === 'declined';
  return (
    <div className="news" role="status">
      {news !== undefined && (
        <button type="button" key={news.newsId} data-bad={isBad} onClick={wallet.dismissNews}>
          <Icon name={isBad ? 'warning' : 'check'} size={26} />
          <span>
            <strong>{newsWords(t, format, news)}</strong>
            {news.type === 'entry' && <small>{news.entry.store ?? news.entry.counterpart}</small>}
          </span>
        </button>
      )}
    </div>
  );
}

function newsWords(t: Words, format: Formats, news: News): string {
  if (news.type !== 'entry') return t.news[news.type];
  const { kind, amount, currency, share, counterpart } = news.entry;
  const money = format.money({ amount: Math.abs(kind === 'share' ? (share ?? amount) : amount), currency });
  if (kind === 'share') return t.news.share(counterpart ?? '', money);
  if (kind === 'settlement') return t.news.settlement(money);
  return amount < 0 ? t.news.sent(money) : t.news.received(money);
}
