import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import type { Tone } from './sign.tsx';
import styles from './notice-bar.module.css';

interface NoticeBarProps {
  readonly tone: Tone;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly action?: ReactNode;
  readonly closeWord: string;
  readonly onClose: () => unknown;
  readonly testId: string;
  readonly closeTestId: string;
  readonly type: string;
}

/** What happened and what to do about it. It takes no focus: a person may be typing, a scan may follow. */
export function NoticeBar(props: NoticeBarProps) {
  return (
    <div className={`${styles['bar']} ${styles[props.tone]}`} data-testid={props.testId} data-type={props.type}>
      <Icon name={props.tone === 'good' ? 'check' : 'warning'} />
      <div className={styles['words']}>
        <strong>{props.title}</strong>
        {props.detail !== undefined && <span>{props.detail}</span>}
      </div>
      {props.action}
      <button
        type="button"
        className={styles['close']}
        aria-label={props.closeWord}
        data-testid={props.closeTestId}
        onClick={() => void props.onClose()}
      >
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}
