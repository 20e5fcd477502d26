import { type JSX, type SubmitEvent, useEffect, useRef, useState } from 'react';
import type { RouteResponse } from '#contract/wallet.ts';
import { useText, useWallet } from '../context.tsx';
import { acceptedName } from '../methods.ts';
import { problemWords } from '../parts/problem.ts';
import { openScanner, type Scanner, tableCodeIn } from '../scanner.ts';

/** Reads a table's code, by camera or by hand, and joins the table. */
export function TableScan({ onJoined }: { onJoined?: (joined: RouteResponse<'checkIn'>) => void }): JSX.Element {
  const { t } = useText();
  const { wallet } = useWallet();
  const [typed, setTyped] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  const camera = useCamera((text) => void join(text));
  const tried = useRef('');

  async function join(text: string): Promise<void> {
    const tableCode = tableCodeIn(text);
    // The camera sees the same code five times a second.
    if (isBusy || tableCode === '' || tableCode === tried.current) return;
    tried.current = tableCode;
    setIsBusy(true);
    setTrouble('');
    const answer = await wallet.act('checkIn', {}, { tableCode });
    setIsBusy(false);
    if (answer?.ok) return onJoined?.(answer.value);
    const isUnknown = answer?.problem.code === 'not_found' || answer?.problem.code === 'bad_request';
    setTrouble(answer === undefined ? t.noAnswer : isUnknown ? t.scan.notATable : problemWords(t, answer.problem.code));
    if (answer === undefined) tried.current = '';
  }

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    tried.current = '';
    void join(typed);
  };

  return (
    <>
      <section className="card scan" data-camera={camera.state}>
        <p>{camera.state === 'none' ? t.scan.noCamera : t.scan.lead}</p>
        {camera.state !== 'none' && (
          <div className="viewfinder">
            <video ref={camera.video} muted playsInline aria-label={t.scan.camera} />
            {camera.state === 'starting' && <span>{t.scan.starting}</span>}
          </div>
        )}
      </section>
      <form className="card form" onSubmit={submit}>
        <label htmlFor="table-code">{t.scan.type}</label>
        <input
          id="table-code"
          className="code-input"
          value={typed}
          onChange={(event) => setTyped(event.target.value.toUpperCase())}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={128}
        />
        <p className="trouble" role="alert">
          {trouble}
        </p>
        <button type="submit" className="primary" disabled={isBusy || typed.trim() === ''}>
          {isBusy ? t.oneMoment : t.scan.join}
        </button>
      </form>
    </>
  );
}

/** What a shop told about itself when its code was read. */
export function Accepts({ methods }: { methods: readonly string[] }): JSX.Element {
  const { t } = useText();
  return (
    <div className="accepts">
      <span>{t.table.accepts}</span>
      <ul>
        {methods.map((method) => (
          <li key={method} className="chip">
            {acceptedName(t, method)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function useCamera(onText: (text: string) => void) {
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<'starting' | 'on' | 'none'>('starting');
  const latest = useRef(onText);
  useEffect(() => {
    latest.current = onText;
  });
  useEffect(() => {
    let scanner: Scanner | undefined;
    let isOver = false;
    const start = async (): Promise<void> => {
      const opened = await openScanner(window);
      if (opened === undefined || video.current === null || isOver) {
        opened?.stop();
        if (!isOver) setState('none');
        return;
      }
      scanner = opened;
      setState('on');
      await opened.watch(video.current, (text) => latest.current(text)).catch(() => setState('none'));
    };
    void start();
    return () => {
      isOver = true;
      scanner?.stop();
    };
  }, []);
  return { video, state };
}
