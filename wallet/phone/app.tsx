import { type JSX, useEffect, useSyncExternalStore } from 'react';
import { useHost, useText, useWallet, WalletProvider } from './context.tsx';
import { Icon } from './parts/icon.tsx';
import { NewsBar } from './parts/news-bar.tsx';
import { usePath } from './router.ts';
import { AddMethod } from './screens/add-method.tsx';
import { AutoReload } from './screens/auto-reload.tsx';
import { ChoosePin } from './screens/choose-pin.tsx';
import { Group } from './screens/group.tsx';
import { Groups } from './screens/groups.tsx';
import { History } from './screens/history.tsx';
import { Home } from './screens/home.tsx';
import { Pay } from './screens/pay.tsx';
import { People } from './screens/people.tsx';
import { Phones } from './screens/phones.tsx';
import { Reload } from './screens/reload.tsx';
import { Settings } from './screens/settings.tsx';
import { Table } from './screens/table.tsx';
import { Welcome } from './screens/welcome.tsx';

export function App(): JSX.Element {
  const { phone } = useHost();
  const { t } = useText();
  const state = useSyncExternalStore(phone.listen, phone.state);
  if (state.type === 'opening') return <p className="loading">{t.loading}</p>;
  if (state.type === 'unbound') {
    return (
      <div className="page">
        <Welcome state={state} />
      </div>
    );
  }
  return (
    <WalletProvider key={state.wallet.keyId} wallet={state.wallet}>
      <NewsBar />
      <div className="page">
        <CurrentScreen />
      </div>
      <OfflineBar />
    </WalletProvider>
  );
}

function CurrentScreen(): JSX.Element {
  const { router } = useHost();
  const { state } = useWallet();
  const [first, second] = usePath(router);
  const isPinMissing = state.view?.pin.isSet === false;
  useTableLink();
  // Nothing can be paid without a PIN, so it is the first thing that a new wallet asks for.
  if (isPinMissing) return <ChoosePin onDone={() => router.go('')} />;
  switch (first) {
    case 'pay':
      return <Pay />;
    case 'reload':
      return second === 'add' ? <AddMethod /> : second === 'auto' ? <AutoReload /> : <Reload />;
    case 'table':
      return <Table />;
    case 'groups':
      return second === undefined ? <Groups /> : <Group key={second} groupPaymentId={second} />;
    case 'people':
      return <People />;
    case 'history':
      return <History />;
    case 'settings':
      if (second === 'pin') return <ChoosePin parent="settings" onDone={() => router.back('settings')} />;
      return second === 'phones' ? <Phones /> : <Settings />;
    default:
      return <Home />;
  }
}

/** Over the foot of every screen, so that nothing moves when the network comes and goes. */
function OfflineBar(): JSX.Element {
  const { t, format } = useText();
  const { state } = useWallet();
  const { isOnline, asOfMs } = state;
  return (
    <div className="offline" role="status">
      {!isOnline && (
        <p>
          <Icon name="warning" size={18} />
          {asOfMs === undefined ? t.offline : t.offlineAsOf(format.time(new Date(asOfMs)))}
        </p>
      )}
    </div>
  );
}

/** A table's code may be an address with `#table=`: the phone's own camera opens the page with it. */
function useTableLink(): void {
  const { router } = useHost();
  const { wallet } = useWallet();
  useEffect(() => {
    const join = (): void => {
      const code = /^#table=(.+)$/.exec(window.location.hash)?.[1];
      if (code === undefined) return;
      router.go('table');
      void wallet.act('checkIn', {}, { tableCode: decodeURIComponent(code) });
    };
    join();
    window.addEventListener('hashchange', join);
    return () => window.removeEventListener('hashchange', join);
  }, [router, wallet]);
}
