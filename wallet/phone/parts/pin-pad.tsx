import { type JSX, useEffect, useRef, useState } from 'react';
import { useText, useWallet } from '../context.tsx';
import { PIN_MAX_DIGITS, PIN_MIN_DIGITS, type PinOutcome } from '../pin.ts';
import { problemWords } from './problem.ts';
import { Icon } from './icon.tsx';

interface PinPadProps {
  /** What the PIN is for. */
  readonly title: string;
  readonly note?: string | undefined;
  /** Said at first, in place of the note. */
  readonly problem?: string | undefined;
  /** Anything but `done` is said here, and the PIN is asked for again. */
  readonly onPin: (pin: string) => Promise<PinOutcome>;
}

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** The one PIN screen: every settlement method and everything else that asks for the PIN looks like this. */
export function PinPad({ title, note, problem, onPin }: PinPadProps): JSX.Element {
  const { t } = useText();
  const [pin, setPin] = useState('');
  const [isChecking, setIsChecking] = useState(false);
  const [trouble, setTrouble] = useState(problem ?? '');
  const pinWords = usePinWords();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), [title]);

  const isReady = pin.length >= PIN_MIN_DIGITS && !isChecking;
  const submit = async (): Promise<void> => {
    if (!isReady) return;
    setIsChecking(true);
    const next = await onPin(pin);
    setIsChecking(false);
    setPin('');
    setTrouble(pinWords(next));
    field.current?.focus({ preventScroll: true });
  };
  const press = (digit: string): void => {
    setTrouble('');
    setPin((typed) => (typed + digit).slice(0, PIN_MAX_DIGITS));
  };
  return (
    <form
      className="pin"
      data-state={trouble === '' ? 'typing' : 'wrong'}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label htmlFor="pin" className="pin-title">
        {title}
      </label>
      <input
        id="pin"
        ref={field}
        type="password"
        // The keypad below is the keyboard; a real one works as well.
        inputMode="none"
        autoComplete="off"
        maxLength={PIN_MAX_DIGITS}
        value={pin}
        aria-describedby="pin-says"
        onChange={(event) => {
          setTrouble('');
          setPin(event.target.value.replaceAll(/\D/g, ''));
        }}
      />
      <p id="pin-says" className="pin-says" role={trouble === '' ? 'status' : 'alert'}>
        {isChecking ? t.pin.checking : trouble === '' ? note : trouble}
      </p>
      <div className="keys">
        {DIGITS.map((digit) => (
          <button key={digit} type="button" disabled={isChecking} onClick={() => press(digit)}>
            {digit}
          </button>
        ))}
        <button
          type="button"
          aria-label={t.pin.erase}
          disabled={isChecking}
          onClick={() => setPin((typed) => typed.slice(0, -1))}
        >
          <Icon name="erase" size={26} />
        </button>
        <button type="button" disabled={isChecking} onClick={() => press('0')}>
          0
        </button>
        <button type="submit" className="keys-ok" aria-label={t.pin.ok} disabled={!isReady}>
          <Icon name="check" size={28} />
        </button>
      </div>
    </form>
  );
}

/** What became of something that asked for the PIN, in words; empty where it worked. */
export function usePinWords(): (outcome: PinOutcome) => string {
  const { t } = useText();
  const { wallet } = useWallet();
  return (outcome) => {
    switch (outcome.type) {
      case 'done':
        return '';
      case 'wrong':
        return outcome.triesLeft === undefined ? t.pin.wrong : t.pin.triesLeft(outcome.triesLeft);
      case 'locked':
        return t.pin.locked;
      case 'wait':
        return t.pin.wait(wallet.pinWaitSeconds());
      case 'emptied':
        return t.pin.emptied;
      case 'notStored':
        return t.pin.notStored;
      case 'noAnswer':
        return t.pin.noAnswer;
      case 'refused':
        return problemWords(t, outcome.code);
    }
  };
}
