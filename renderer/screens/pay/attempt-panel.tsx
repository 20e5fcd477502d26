import type { Attempt } from '#contract/attempt.ts';
import type { CheckId } from '#contract/ids.ts';
import { useIsOpen } from '../../catalogue.ts';
import { useNow } from '../../clock.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { clockWords } from '../../refusal-words.ts';
import { testIds } from '../../test-ids.ts';
import { useAct } from '../../till.tsx';
import { attemptWords } from './attempt-words.ts';
import styles from './pay.module.css';

/**
 * A wallet payment without an outcome. Unknown is a state: it says what is known, what the till is doing about it, and
 * the three ways out. None of them takes money twice.
 */
export function AttemptPanel({ checkId, attempt }: { readonly checkId: CheckId; readonly attempt: Attempt }) {
  const { t, formats } = useWords();
  const act = useAct();
  const isOpen = useIsOpen();
  const { title, detail } = attemptWords(t, formats, attempt);
  const isUnknown = attempt.state === 'unknown';
  const isOpenEnded = isUnknown || attempt.state === 'cancelling';
  return (
    <div
      className={`${styles['panel']} ${styles['big']} ${isOpenEnded ? styles['warn'] : ''}`}
      data-testid={testIds.attempt}
      data-state={attempt.state}
    >
      <span className={`${styles['sign']} ${styles['busy']}`}>
        <Icon name={isUnknown ? 'question' : attempt.state === 'cancelling' ? 'undo' : 'wallet'} size={52} />
      </span>
      <h2 className={styles['bigTitle']}>{title}</h2>
      <p className={styles['detail']}>{detail}</p>
      {isUnknown && <Inquiry attempt={attempt} />}
      {isOpenEnded && (
        <div className={styles['actions']} data-primary>
          {isUnknown && (
            <Button
              kind="primary"
              icon="question"
              isDisabled={!isOpen}
              testId={testIds.askNow}
              onPress={() => act(async (terminal) => terminal.pay.askNow({ checkId }))}
            >
              {t('attempt.askNow')}
            </Button>
          )}
          <Button
            icon="park"
            isDisabled={!isOpen}
            testId={testIds.setAside}
            onPress={() => act(async (terminal) => terminal.pay.setAside({ checkId }))}
          >
            {t('attempt.setAside')}
          </Button>
          {isUnknown && <CancelButton checkId={checkId} attempt={attempt} />}
        </div>
      )}
      {isOpenEnded && <p className={styles['label']}>{t('attempt.setAsideHint')}</p>}
    </div>
  );
}

type Unknown = Extract<Attempt, { state: 'unknown' }>;

function Inquiry({ attempt }: { readonly attempt: Unknown }) {
  const { t } = useWords();
  const now = useNow(true);
  const left = Date.parse(attempt.limitAt) - now;
  return (
    <p className={styles['soft']}>
      <strong>{t('attempt.asked', { count: attempt.questions })}</strong> –{' '}
      {t(`attempt.lastAnswer.${attempt.lastAnswer}`)}
      <br />
      {left > 0 ? t('attempt.cancelIn', { time: clockWords(left) }) : t('attempt.cancelNow')}
    </p>
  );
}

/** Offered once the outcome has stayed unknown for long enough; before that it tells when. */
function CancelButton({ checkId, attempt }: { readonly checkId: CheckId; readonly attempt: Unknown }) {
  const { t } = useWords();
  const act = useAct();
  const isOpen = useIsOpen();
  const left = Date.parse(attempt.limitAt) - useNow(true);
  return (
    <Button
      kind="danger"
      icon="close"
      isDisabled={!isOpen || left > 0}
      testId={testIds.cancelAttempt}
      onPress={() => act(async (terminal) => terminal.pay.cancelAttempt({ checkId }))}
    >
      {t('attempt.cancel')}
    </Button>
  );
}
