import type { DeviceState } from '#contract/devices.ts';
import { useWords } from '../../locale/words.ts';
import type { IconName } from '../../parts/icon.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { Sign, type Tone } from '../../parts/sign.tsx';
import { useTerminal } from '../../till.tsx';
import styles from './devices-sheet.module.css';

/** What hangs on this terminal, how each fares, and what a person can do about it. */
export function DevicesSheet({ onClose }: { readonly onClose: () => unknown }) {
  const { t, formats } = useWords();
  const devices = useTerminal((terminal) => terminal.devices);
  const health = useTerminal((terminal) => terminal.deviceProcess);
  const link = useTerminal((terminal) => terminal.walletLink);
  return (
    <Sheet title={t('devices.title')} closeWord={t('common.close')} onClose={onClose}>
      <ul className={styles['devices']}>
        {devices.map(({ deviceId, kind, state, isSimulated }) => (
          <li key={deviceId}>
            <div>
              <strong>{t(`devices.kind.${kind}`)}</strong> <span className={styles['soft']}>{deviceId}</span>
              {isSimulated && <span className={styles['soft']}> · {t('devices.simulated')}</span>}
              {state.state === 'blocked' && <p>{t(`devices.blockedReason.${state.reason}`)}</p>}
              {'detail' in state && state.detail !== undefined && <p className={styles['soft']}>{state.detail}</p>}
            </div>
            <Sign tone={looks[state.state][0]} icon={looks[state.state][1]} words={t(`devices.state.${state.state}`)} />
          </li>
        ))}
        <li>
          <div>
            <strong>{t('devices.process')}</strong>
            {health.restarts > 0 && (
              <span className={styles['soft']}> · {t('devices.restarts', { count: health.restarts })}</span>
            )}
            {health.detail !== undefined && <p className={styles['soft']}>{health.detail}</p>}
          </div>
          <Sign
            tone={health.state === 'running' ? 'good' : health.state === 'failed' ? 'bad' : 'warn'}
            icon={health.state === 'running' ? 'check' : health.state === 'failed' ? 'warning' : 'clock'}
            words={t(`devices.health.${health.state}`)}
          />
        </li>
        <li>
          <div>
            <strong>{t('cart.wallet')}</strong>
            <span className={styles['soft']}> · {t('wallet.since', { time: formats.time(link.since) })}</span>
            {link.detail !== undefined && <p className={styles['soft']}>{link.detail}</p>}
          </div>
          <Sign
            tone={link.state === 'online' ? 'good' : link.state === 'unknown' ? 'quiet' : 'bad'}
            icon={link.state === 'online' ? 'link' : 'linkOff'}
            words={t(`wallet.${link.state}`)}
          />
        </li>
      </ul>
    </Sheet>
  );
}

const looks: Record<DeviceState['state'], readonly [Tone, IconName]> = {
  absent: ['warn', 'warning'],
  opening: ['quiet', 'clock'],
  probing: ['quiet', 'clock'],
  ready: ['good', 'check'],
  busy: ['good', 'check'],
  suspect: ['warn', 'question'],
  closing: ['quiet', 'clock'],
  blocked: ['bad', 'warning'],
};
