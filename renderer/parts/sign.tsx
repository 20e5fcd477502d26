import { Icon, type IconName } from './icon.tsx';
import styles from './sign.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

interface SignProps {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly words: string;
  readonly title?: string | undefined;
  readonly testId?: string;
  readonly state?: string;
  readonly onPress?: () => unknown;
}

/** A state by colour, icon and word: never by colour alone. */
export function Sign({ tone, icon, words, title, testId, state, onPress }: SignProps) {
  const className = `${styles['sign']} ${styles[tone]}`;
  const face = (
    <>
      <Icon name={icon} size={18} />
      <span className={styles['words']}>{words}</span>
    </>
  );
  return onPress ? (
    <button
      type="button"
      className={className}
      title={title}
      data-testid={testId}
      data-state={state}
      onClick={() => void onPress()}
    >
      {face}
    </button>
  ) : (
    <span className={className} title={title} data-testid={testId} data-state={state}>
      {face}
    </span>
  );
}
