import { createContext, type JSX, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import { type Formats, formatsOf, type Language } from './formats.ts';
import type { ListName } from './lists.ts';
import type { Phone } from './phone.ts';
import { type PreferenceStore, usePreferences } from './preferences.ts';
import type { Router } from './router.ts';
import type { Wallet, WalletState } from './wallet.ts';
import { words, type Words } from './words/words.ts';

/** What every screen may use, handed in once by main.tsx. */
export interface Host {
  readonly phone: Phone;
  readonly preferences: PreferenceStore;
  readonly router: Router;
}

interface Text {
  readonly t: Words;
  readonly format: Formats;
  readonly language: Language;
}

const HostContext = createContext<Host | undefined>(undefined);
const TextContext = createContext<Text | undefined>(undefined);
const WalletContext = createContext<{ readonly wallet: Wallet; readonly state: WalletState } | undefined>(undefined);

export function HostProvider({ host, children }: { host: Host; children: ReactNode }): JSX.Element {
  const { language } = usePreferences(host.preferences);
  const text = useMemo(() => ({ t: words[language], format: formatsOf(language), language }), [language]);
  return (
    <HostContext value={host}>
      <TextContext value={text}>{children}</TextContext>
    </HostContext>
  );
}

export function WalletProvider({ wallet, children }: { wallet: Wallet; children: ReactNode }): JSX.Element {
  const state = useSyncExternalStore(wallet.listen, wallet.state);
  const value = useMemo(() => ({ wallet, state }), [wallet, state]);
  return <WalletContext value={value}>{children}</WalletContext>;
}

export function useHost(): Host {
  return held(useContext(HostContext));
}

/** Words and formats of the language in use. */
export function useText(): Text {
  return held(useContext(TextContext));
}

export function useWallet(): { readonly wallet: Wallet; readonly state: WalletState } {
  return held(useContext(WalletContext));
}

/** Keeps a list fresh as long as the screen is there. */
export function useList<Name extends ListName>(name: Name): WalletState['lists'][Name] {
  const { wallet, state } = useWallet();
  useEffect(() => wallet.watch(name), [wallet, name]);
  return state.lists[name];
}

function held<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a screen is inside its providers');
  return value;
}
