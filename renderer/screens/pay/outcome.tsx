import type { Attempt } from '#contract/attempt.ts';
import { useWords } from '../../locale/words.ts';
import { Icon } from '../../parts/icon.tsx';
import { testIds } from '../../test-ids.ts';
import { attemptWords } from './attempt-words.ts';
import styles from './pay.module.css';

/** What became of the last try, above the ways to go on. */
export function Outcome({ attempt }: { readonly attempt: Attempt }) {
  const { t, formats } = useWords();
  const { title, detail } = attemptWords(t, formats, attempt);
  const tone = attempt.state === 'approved' ? 'good' : attempt.state === 'declined' ? 'bad' : 'quiet';
  return (
    <div className={`${styles['outcome']} ${styles[tone]}`} data-testid={testIds.attempt} data-state={attempt.state}>
      <Icon name={tone === 'good' ? 'check' : tone === 'bad' ? 'close' : 'undo'} size={30} />
      <div>
        <strong>{title}</strong>
        <span>{detail}</span>
      </div>
    </div>
  );
}
