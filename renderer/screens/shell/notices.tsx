import { type ReactNode, useEffect, useRef } from 'react';
import { useTerminal, useTill, useView } from '../../till.tsx';
import { type Translate, useWords } from '../../locale/words.ts';
import type { Formats } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { NoticeBar } from '../../parts/notice-bar.tsx';
import type { Tone } from '../../parts/sign.tsx';
import { refusalWords } from '../../refusal-words.ts';
import { testIds } from '../../test-ids.ts';
import { type Notice, dismiss } from '../../view.ts';
import styles from './notices.module.css';

/** What was added goes by itself; all else stays until somebody has read it. */
const GOOD_NEWS_MS = 6_000;

/**
 * What happened, below the shelves and beside the cart: never over the total or the pay keys, above a sheet, and
 * without taking the focus.
 */
export function Notices({ isFloating = false }: { readonly isFloating?: boolean }) {
  const notices = useView((view) => view.notices);
  const list = useRef<HTMLDivElement>(null);
  // A sheet ends where the notices begin.
  useEffect(() => {
    const height = isFloating ? 0 : (list.current?.offsetHeight ?? 0);
    document.documentElement.style.setProperty('--notices-height', `${height}px`);
  }, [notices, isFloating]);
  return (
    <div
      ref={list}
      className={`${styles['notices']} ${isFloating ? styles['floating'] : ''}`}
      data-react-aria-top-layer="true"
    >
      {notices.map((notice) => (
        <OneNotice key={notice.noticeId} notice={notice} />
      ))}
    </div>
  );
}

function OneNotice({ notice }: { readonly notice: Notice }) {
  const { t, formats } = useWords();
  const { view } = useTill();
  const hasCheck = useTerminal(({ check }) => check !== null);
  const close = (): void => view.setState((seen) => dismiss(seen, notice.noticeId));
  const { tone, type, title, detail } = noticeWords(t, formats, notice);

  useEffect(() => {
    if (type !== 'added') return;
    const timer = setTimeout(() => view.setState((seen) => dismiss(seen, notice.noticeId)), GOOD_NEWS_MS);
    return () => clearTimeout(timer);
  }, [type, view, notice.noticeId]);

  let action: ReactNode;
  if (notice.type === 'scan' && notice.outcome.result.type === 'unknownBarcode') {
    const { text } = notice.outcome.result;
    action = (
      <Button
        icon="search"
        testId={testIds.noticeSearch}
        onPress={() => {
          close();
          view.setState(({ searchCalls }) => ({
            screen: 'sell',
            sheet: undefined,
            shelf: { type: 'quickKeys' },
            searchText: text,
            searchCalls: searchCalls + 1,
          }));
        }}
      >
        {t('notice.searchFor')}
      </Button>
    );
  } else if (type === 'added' && hasCheck) {
    action = (
      <Button onPress={() => view.setState({ screen: 'sell', sheet: undefined })}>{t('notice.goToBill')}</Button>
    );
  } else if (notice.type === 'resolved') {
    action = notice.state !== 'approved' && (
      <Button onPress={() => view.setState({ sheet: { type: 'unresolved' } })}>{t('notice.showBills')}</Button>
    );
  }
  return (
    <NoticeBar
      tone={tone}
      type={type}
      title={title}
      detail={detail}
      action={action}
      closeWord={t('common.close')}
      testId={testIds.scanNotice}
      closeTestId={testIds.noticeDismiss}
      onClose={close}
    />
  );
}

interface NoticeWords {
  readonly tone: Tone;
  readonly type: string;
  readonly title: string;
  readonly detail?: string;
}

function noticeWords(t: Translate, formats: Formats, notice: Notice): NoticeWords {
  switch (notice.type) {
    case 'refusal':
      return { tone: 'warn', type: 'refusal', title: refusalWords(t, notice.refusal) };
    case 'notSent':
      return { tone: 'warn', type: 'notSent', title: t('notice.notSent'), detail: t('link.lostDetail') };
    case 'noAnswer':
      return { tone: 'bad', type: 'noAnswer', title: t('notice.noAnswer'), detail: t('notice.noAnswerDetail') };
    case 'failed':
      return { tone: 'bad', type: 'failed', title: t('notice.failed'), detail: t('notice.failedDetail') };
    case 'resolved':
      return notice.state === 'approved'
        ? { tone: 'good', type: 'resolved', title: t('notice.resolvedApproved') }
        : { tone: 'warn', type: 'resolved', title: t('notice.resolvedNotPaid') };
    case 'scan':
      return scanWords(t, formats, notice.outcome.result);
  }
}

function scanWords(
  t: Translate,
  formats: Formats,
  result: Extract<Notice, { type: 'scan' }>['outcome']['result'],
): NoticeWords {
  const { type } = result;
  switch (type) {
    case 'added':
      return {
        tone: 'good',
        type,
        title: t('notice.added', { name: result.name, quantity: formats.number(result.quantity) }),
      };
    case 'unknownBarcode':
      return {
        tone: 'warn',
        type,
        title: t('notice.unknownBarcode', { text: result.text }),
        detail: t('notice.unknownBarcodeDetail'),
      };
    case 'walletNotArmed':
    case 'walletCodeUnreadable':
      return { tone: 'warn', type, title: t(`notice.${type}`), detail: t(`notice.${type}Detail`) };
    case 'fault':
      return { tone: 'warn', type, title: t('notice.fault'), detail: t('notice.faultDetail') };
    case 'refused':
      return { tone: 'warn', type, title: t('notice.scanRefused'), detail: refusalWords(t, result.refusal) };
    case 'walletTaken':
      return { tone: 'good', type, title: t('attempt.createdDetail') };
  }
}
