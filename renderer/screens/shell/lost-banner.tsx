import { useLive, useTill } from '../../till.tsx';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { testIds } from '../../test-ids.ts';
import styles from './lost-banner.module.css';

/** The line to the terminal is down: said on every screen, until it is up again. */
export function LostBanner() {
  const { t } = useWords();
  const { connection } = useTill();
  const link = useLive((live) => live.link);
  if (link.state !== 'lost') return <div hidden data-testid={testIds.link} data-state={link.state} />;
  return (
    <div
      className={styles['banner']}
      data-testid={testIds.link}
      data-state={link.state}
      data-react-aria-top-layer="true"
    >
      <Icon name="linkOff" />
      <div className={styles['words']}>
        <strong>{t('link.lost')}</strong>
        <span>{t('link.lostDetail')}</span>
      </div>
      <Button onPress={() => connection.tryNow()}>{t('link.tryNow')}</Button>
    </div>
  );
}
