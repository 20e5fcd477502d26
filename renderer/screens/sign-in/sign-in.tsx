import { useEffect, useEffectEvent, useState } from 'react';
import type { Refusal } from '#contract/terminal.ts';
import type { Staff } from '#contract/staff.ts';
import { useNow } from '../../clock.ts';
import { type KeypadKey, keypadKeyOf } from '../../keyed-amount.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Keypad } from '../../parts/keypad.tsx';
import { clockWords, refusalWords } from '../../refusal-words.ts';
import { testIds } from '../../test-ids.ts';
import { ask, useLive, useTerminal, useTill, useView } from '../../till.tsx';
import { DemoDrawer } from '../shell/demo-drawer.tsx';
import { LostBanner } from '../shell/lost-banner.tsx';
import { Sheets } from '../shell/sheets.tsx';
import styles from './sign-in.module.css';

/** The PINs of the demo store, by name: printed there so that nobody has to look them up. */
const demoPins = 'Aoi 2580 · Ren 1470 · Mei 3690';

export function SignIn() {
  const { t } = useWords();
  const { preferences, view } = useTill();
  const store = useTerminal((terminal) => terminal.store);
  const terminal = useTerminal((state) => state.terminal);
  const roster = useTerminal((state) => state.roster);
  const isDemoOpen = useView((seen) => seen.isDemoOpen);
  const [chosenId, setChosenId] = useState<string | undefined>(() => preferences.getState().lastStaffId);
  const chosen = roster.find(({ staffId }) => staffId === chosenId) ?? (roster.length === 1 ? roster[0] : undefined);

  return (
    <div className={styles['screen']}>
      <LostBanner />
      <header className={styles['bar']}>
        <span className={styles['brand']}>{store.name}</span>
        <span className={styles['till']}>{t('shell.terminal', { number: terminal.number })}</span>
        <span className={styles['space']} />
        {terminal.isDemo && (
          <Button
            kind="quiet"
            icon="play"
            isPressed={isDemoOpen}
            testId={testIds.demoButton}
            onPress={() => view.setState({ isDemoOpen: !isDemoOpen })}
          >
            {t('shell.demo')}
          </Button>
        )}
        <Button
          kind="quiet"
          icon="settings"
          isIconOnly
          testId={testIds.settings}
          onPress={() => view.setState({ sheet: { type: 'settings' } })}
        >
          {t('shell.settings')}
        </Button>
      </header>
      <div className={styles['room']}>
        {isDemoOpen && <DemoDrawer />}
        <main className={styles['main']}>
          <section className={styles['people']}>
            <h1>{t('signIn.title')}</h1>
            <ul className={styles['tiles']}>
              {roster.map((staff) => (
                <li key={staff.staffId}>
                  <StaffTile
                    staff={staff}
                    isChosen={staff.staffId === chosen?.staffId}
                    onPress={() => setChosenId(staff.staffId)}
                  />
                </li>
              ))}
            </ul>
            {terminal.isDemo && (
              <p className={styles['hint']} data-testid={testIds.demoPins}>
                <span>{t('signIn.demoPins')}</span> {demoPins}
              </p>
            )}
          </section>
          <PinPad key={chosen?.staffId ?? ''} staff={chosen} />
        </main>
      </div>
      <Sheets />
    </div>
  );
}

function StaffTile(props: { readonly staff: Staff; readonly isChosen: boolean; readonly onPress: () => unknown }) {
  const { t } = useWords();
  const { staff, isChosen, onPress } = props;
  return (
    <button
      type="button"
      className={styles['tile']}
      aria-pressed={isChosen}
      data-testid={testIds.staffTile(staff.staffId)}
      onClick={() => void onPress()}
    >
      <span className={styles['face']} style={{ background: staff.colour }} aria-hidden="true">
        {[...staff.name][0]}
      </span>
      <span className={styles['name']}>{staff.name}</span>
      <span className={styles['role']}>{t(`role.${staff.role}`)}</span>
    </button>
  );
}

type PinState =
  | { readonly type: 'entering' }
  | { readonly type: 'asking' }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly until: number }
  | { readonly type: 'noAnswer' };

/** The last digit signs in. Digits of the keyboard count wherever the focus is. */
function PinPad({ staff }: { readonly staff: Staff | undefined }) {
  const { t } = useWords();
  const { connection, preferences } = useTill();
  const isOpen = useLive(({ link }) => link.state === 'open');
  const isSheetOpen = useView(({ sheet }) => sheet !== undefined);
  const [pin, setPin] = useState('');
  const [state, setState] = useState<PinState>({ type: 'entering' });
  const until = state.type === 'refused' ? state.until : 0;
  const now = useNow(until > 0, 250);
  const isWaiting = until > now;
  const isDisabled = !staff || !isOpen || isWaiting || state.type === 'asking';

  const enter = async (key: KeypadKey): Promise<void> => {
    if (!staff || isDisabled || key === '00') return;
    const next = key === 'clear' ? '' : key === 'back' ? pin.slice(0, -1) : `${pin}${key}`;
    setPin(next);
    if (next.length < staff.pinLength) {
      setState({ type: 'entering' });
      return;
    }
    setState({ type: 'asking' });
    const answer = await ask(connection, (terminal) => terminal.staff.signIn({ staffId: staff.staffId, pin: next }));
    setPin('');
    switch (answer.type) {
      case 'done':
        preferences.setState({ lastStaffId: staff.staffId });
        return;
      case 'refused': {
        const waitMs = answer.refusal.reason === 'pinThrottled' ? answer.refusal.waitMs : 0;
        setState({ type: 'refused', refusal: answer.refusal, until: Date.now() + waitMs });
        return;
      }
      case 'notSent':
      case 'noAnswer':
      case 'failed':
        setState({ type: 'noAnswer' });
    }
  };

  const listen = useEffectEvent((event: KeyboardEvent) => {
    const key = keypadKeyOf(event.key);
    if (!key || isSheetOpen || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    void enter(key);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => listen(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);

  return (
    <section className={styles['pad']} aria-label={staff ? t('signIn.enterPin', { name: staff.name }) : undefined}>
      <h2 className={styles['prompt']}>{staff ? t('signIn.enterPin', { name: staff.name }) : t('signIn.pickFirst')}</h2>
      <div
        className={`${styles['dots']} ${state.type === 'refused' && !isWaiting ? styles['shaking'] : ''}`}
        role="img"
        aria-label={t('signIn.digits', { entered: pin.length, length: staff?.pinLength ?? 4 })}
      >
        {Array.from({ length: staff?.pinLength ?? 4 }, (_, index) => (
          <span key={index} className={styles['dot']} data-filled={index < pin.length || undefined} />
        ))}
      </div>
      <p className={styles['message']} role="alert" data-testid={testIds.pinMessage} data-state={state.type}>
        {state.type === 'refused' && (isWaiting || state.refusal.reason !== 'pinThrottled') && (
          <>
            <Icon name={isWaiting ? 'lock' : 'warning'} />
            <span>{pinWords(t, state.refusal, until - now)}</span>
          </>
        )}
        {state.type === 'noAnswer' && (
          <>
            <Icon name="warning" />
            <span>{t('notice.noAnswer')}</span>
          </>
        )}
      </p>
      <Keypad
        corner="clear"
        isDisabled={isDisabled}
        words={{ back: t('common.delete'), clear: t('common.clear') }}
        testId={testIds.pinKey}
        onKey={enter}
      />
    </section>
  );
}

function pinWords(t: ReturnType<typeof useWords>['t'], refusal: Refusal, leftMs: number): string {
  switch (refusal.reason) {
    case 'pinWrong':
      return `${t('signIn.wrong')} ${
        refusal.triesUntilWait > 0 ? t('signIn.triesLeft', { count: refusal.triesUntilWait }) : t('signIn.noTriesLeft')
      }`;
    case 'pinThrottled':
      return t(refusal.isLocked ? 'signIn.locked' : 'signIn.wait', { time: clockWords(leftMs) });
    default:
      return refusalWords(t, refusal);
  }
}
