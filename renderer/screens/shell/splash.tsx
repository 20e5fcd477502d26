import { useLive, useTill } from '../../till.tsx';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { testIds } from '../../test-ids.ts';
import styles from './splash.module.css';

/** Before the first word of the terminal. */
export function Splash() {
  const { t } = useWords();
  const { connection } = useTill();
  const link = useLive((live) => live.link);
  return (
    <main className={styles['splash']} data-testid={testIds.link} data-state={link.state}>
      <p className={styles['brand']}>Warikan</p>
      <p role="status">{t(link.state === 'lost' ? 'link.lost' : 'link.connecting')}</p>
      {link.state === 'lost' && <Button onPress={() => connection.tryNow()}>{t('link.tryNow')}</Button>}
    </main>
  );
}
