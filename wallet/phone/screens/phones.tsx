import { type JSX, useState } from 'react';
import { useList, useText, useWallet } from '../context.tsx';
import { Icon } from '../parts/icon.tsx';
import { ListState } from '../parts/list-state.tsx';
import { PinPad } from '../parts/pin-pad.tsx';
import { troubleOf } from '../parts/problem.ts';
import { QrCode } from '../parts/qr-code.tsx';
import { Screen } from '../parts/screen.tsx';
import { SureButton } from '../parts/sure-button.tsx';
import { outcomeOf, type PinOutcome } from '../pin.ts';

interface BindingCode {
  readonly bindingCode: string;
  readonly expiresAt: string;
}

/** The wallet's phones: see them, take one off, add one by a code. */
export function Phones(): JSX.Element {
  const { t, format } = useText();
  const { wallet } = useWallet();
  const phones = useList('phones');
  const [isAdding, setIsAdding] = useState(false);
  const [code, setCode] = useState<BindingCode>();
  const [trouble, setTrouble] = useState('');

  async function remove(deviceId: string): Promise<void> {
    const answer = await wallet.act('removePhone', { deviceId });
    setTrouble(troubleOf(t, answer));
  }

  async function make(pin: string): Promise<PinOutcome> {
    const answer = await wallet.act('makeBindingCode', {}, { pin });
    if (answer === undefined) return { type: 'noAnswer' };
    if (!answer.ok) return outcomeOf(answer.problem);
    setCode(answer.value);
    setIsAdding(false);
    return { type: 'done' };
  }

  if (isAdding) {
    return (
      <Screen title={t.phones.add} parent="settings" onBack={() => setIsAdding(false)}>
        <PinPad title={t.phones.addPin} note={t.pin.same} onPin={make} />
      </Screen>
    );
  }
  return (
    <Screen title={t.phones.title} parent="settings">
      <ListState list={phones} isEmpty={false} empty="" />
      <ul className="card rows">
        {phones.value?.map(({ deviceId, name, boundAt, isThisOne }) => (
          <li key={deviceId} className="row">
            <span className="badge" aria-hidden="true">
              <Icon name="phone" size={20} />
            </span>
            <span className="what">
              {name === '' ? t.phones.unnamed : name}
              <small>{isThisOne ? t.phones.thisOne : t.phones.since(format.dateTime(new Date(boundAt)))}</small>
            </span>
            {!isThisOne && (
              <SureButton
                className="danger small"
                label={`${t.remove}: ${name === '' ? t.phones.unnamed : name}`}
                sure={t.removeSure}
                onSure={() => void remove(deviceId)}
              >
                {t.remove}
              </SureButton>
            )}
          </li>
        ))}
      </ul>
      <p className="trouble" role="alert">
        {trouble}
      </p>
      {code !== undefined && (
        <section className="card code" role="status">
          <p>{t.phones.code}</p>
          <QrCode text={`${window.location.origin}/phone/#bind=${code.bindingCode}`} label={code.bindingCode} />
          <p className="binding-code">{code.bindingCode}</p>
          <p className="hint">{t.phones.until(format.time(new Date(code.expiresAt)))}</p>
        </section>
      )}
      <button
        type="button"
        className={code === undefined ? 'primary' : 'secondary'}
        onClick={() => {
          setCode(undefined);
          setIsAdding(true);
        }}
      >
        {t.phones.add}
      </button>
    </Screen>
  );
}
