import { useAct, useTerminal, useTill, useView } from '../../till.tsx';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Sign, type Tone } from '../../parts/sign.tsx';
import type { IconName } from '../../parts/icon.tsx';
import { keys } from '../../shortcuts.ts';
import { testIds } from '../../test-ids.ts';
import { scannerState } from './scanner-state.ts';
import styles from './top-bar.module.css';

/** Where we are, who is here, and how the two links fare: by colour, icon and word. */
export function TopBar() {
  const { t } = useWords();
  const { view } = useTill();
  const act = useAct();
  const store = useTerminal((state) => state.store.name);
  const terminal = useTerminal((state) => state.terminal);
  const staff = useTerminal((state) => state.signedIn?.name ?? '');
  const unresolved = useTerminal((state) => state.unresolved.length);
  const screen = useView((seen) => seen.screen);
  const isDemoOpen = useView((seen) => seen.isDemoOpen);
  return (
    <header className={styles['bar']}>
      <p className={styles['place']}>
        <strong>{store}</strong>
        <span>{t('shell.terminal', { number: terminal.number })}</span>
      </p>
      <nav className={styles['nav']}>
        <Button
          kind="plain"
          icon="basket"
          isPressed={screen === 'sell'}
          testId={testIds.navSell}
          onPress={() => view.setState({ screen: 'sell' })}
        >
          {t('shell.sell')}
        </Button>
        <Button
          kind="plain"
          icon="receipt"
          hint={keys.sales}
          isPressed={screen === 'sales'}
          testId={testIds.navSales}
          onPress={() => view.setState({ screen: 'sales' })}
        >
          {t('shell.sales')}
        </Button>
      </nav>
      {unresolved > 0 && (
        <Sign
          tone="warn"
          icon="question"
          words={t('shell.awaiting', { count: unresolved })}
          testId={testIds.unresolved}
          onPress={() => view.setState({ sheet: { type: 'unresolved' } })}
        />
      )}
      <span className={styles['space']} />
      <ScannerSign />
      <WalletSign />
      {terminal.isDemo && (
        <Button
          kind="quiet"
          icon="play"
          isPressed={isDemoOpen}
          testId={testIds.demoButton}
          onPress={() => view.setState({ isDemoOpen: !isDemoOpen })}
        >
          <span className={styles['roomy']}>{t('shell.demo')}</span>
        </Button>
      )}
      <Button
        kind="quiet"
        icon="help"
        isIconOnly
        testId={testIds.help}
        onPress={() => view.setState({ sheet: { type: 'help' } })}
      >
        {t('shell.help')}
      </Button>
      <Button
        kind="quiet"
        icon="settings"
        isIconOnly
        testId={testIds.settings}
        onPress={() => view.setState({ sheet: { type: 'settings' } })}
      >
        {t('shell.settings')}
      </Button>
      <Button
        kind="quiet"
        icon="signOut"
        testId={testIds.signOut}
        onPress={() => act(async (client) => client.staff.signOut())}
      >
        <span className={styles['staff']}>{staff}</span>
        <span className="visually-hidden">{t('shell.signOut')}</span>
      </Button>
    </header>
  );
}

function ScannerSign() {
  const { t } = useWords();
  const { view } = useTill();
  const devices = useTerminal((state) => state.devices);
  const health = useTerminal((state) => state.deviceProcess);
  const state = scannerState(devices, health);
  const look: Record<typeof state, readonly [Tone, IconName]> = {
    ready: ['good', 'scan'],
    working: ['quiet', 'clock'],
    absent: ['warn', 'warning'],
    blocked: ['bad', 'warning'],
  };
  const [tone, icon] = look[state];
  return (
    <Sign
      tone={tone}
      icon={icon}
      words={t(`devices.${state}`)}
      testId={testIds.deviceState}
      state={state}
      onPress={() => view.setState({ sheet: { type: 'devices' } })}
    />
  );
}

function WalletSign() {
  const { t, formats } = useWords();
  const { view } = useTill();
  const link = useTerminal((state) => state.walletLink);
  const look: Record<typeof link.state, readonly [Tone, IconName]> = {
    unknown: ['quiet', 'link'],
    online: ['good', 'link'],
    unreachable: ['bad', 'linkOff'],
    refused: ['bad', 'warning'],
  };
  const [tone, icon] = look[link.state];
  return (
    <Sign
      tone={tone}
      icon={icon}
      words={t(`wallet.${link.state}`)}
      title={`${t('wallet.since', { time: formats.time(link.since) })}${link.detail === undefined ? '' : ` – ${link.detail}`}`}
      testId={testIds.walletLink}
      state={link.state}
      onPress={() => view.setState({ sheet: { type: 'devices' } })}
    />
  );
}
