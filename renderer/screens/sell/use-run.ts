import { useState } from 'react';
import { type Act, useAct } from '../../till.tsx';

/** Runs one command of a sheet at a time, and closes the sheet when it was done. */
export function useRun(onClose: () => unknown): {
  readonly isBusy: boolean;
  readonly run: (command: Parameters<Act>[0]) => Promise<void>;
} {
  const act = useAct();
  const [isBusy, setIsBusy] = useState(false);
  return {
    isBusy,
    async run(command) {
      setIsBusy(true);
      const done = await act(command);
      setIsBusy(false);
      if (done !== undefined) onClose();
    },
  };
}
