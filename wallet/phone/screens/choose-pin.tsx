import { type JSX, useState } from 'react';
import { useText, useWallet } from '../context.tsx';
import { PinPad, usePinWords } from '../parts/pin-pad.tsx';
import { Screen } from '../parts/screen.tsx';
import { isObvious, type PinOutcome } from '../pin.ts';

interface ChoosePinProps {
  /** Undefined where there is no way around it. */
  readonly parent?: string;
  readonly onDone: () => void;
}

type Step =
  | { readonly type: 'current'; readonly problem?: string }
  | { readonly type: 'choose'; readonly current: string | undefined; readonly problem?: string }
  | { readonly type: 'repeat'; readonly current: string | undefined; readonly pin: string };

/** The PIN, twice; where there is one already, that one first. */
export function ChoosePin({ parent, onDone }: ChoosePinProps): JSX.Element {
  const { t } = useText();
  const { wallet, state } = useWallet();
  const words = usePinWords();
  const isSet = state.view?.pin.isSet === true;
  const [step, setStep] = useState<Step>(isSet ? { type: 'current' } : { type: 'choose', current: undefined });

  // Each round has a pad of its own, which begins with what it has to say.
  const [round, setRound] = useState(0);

  /** The old PIN is judged with the new one: what comes back may send the customer to the first step again. */
  async function finish(current: string | undefined, pin: string): Promise<PinOutcome> {
    const outcome = await wallet.changePin(pin, current);
    if (outcome.type === 'done') onDone();
    else if (current !== undefined) setStep({ type: 'current', problem: words(outcome) });
    return outcome;
  }

  const next = async (to: Step): Promise<PinOutcome> => {
    setRound((before) => before + 1);
    setStep(to);
    return { type: 'done' };
  };

  return (
    <Screen title={isSet ? t.settings.pin : t.pin.title} parent={parent}>
      {step.type === 'current' && (
        <PinPad title={t.pin.current} problem={step.problem} onPin={(current) => next({ type: 'choose', current })} />
      )}
      {step.type === 'choose' && (
        <PinPad
          key={round}
          title={t.pin.choose}
          note={t.pin.chooseHint}
          problem={step.problem}
          onPin={(pin) =>
            next(
              isObvious(pin)
                ? { type: 'choose', current: step.current, problem: t.pin.obvious }
                : { type: 'repeat', current: step.current, pin },
            )
          }
        />
      )}
      {step.type === 'repeat' && (
        <PinPad
          key={round}
          title={t.pin.repeat}
          onPin={(pin) =>
            pin === step.pin
              ? finish(step.current, pin)
              : next({ type: 'choose', current: step.current, problem: t.pin.mismatch })
          }
        />
      )}
    </Screen>
  );
}
