import { useWords } from '../../locale/words.ts';
import { Sheet } from '../../parts/sheet.tsx';
import { keys } from '../../shortcuts.ts';
import styles from './help-sheet.module.css';

/** Every key and what it does. */
export function HelpSheet({ onClose }: { readonly onClose: () => unknown }) {
  const { t } = useWords();
  const groups = [
    {
      title: t('help.anywhere'),
      rows: [
        [`${keys.help} ?`, t('help.help')],
        [keys.search, t('help.find')],
        [keys.sales, t('help.sales')],
        [keys.back, t('help.escape')],
      ],
    },
    {
      title: t('help.selling'),
      rows: [
        [keys.cash, t('help.cash')],
        [keys.wallet, t('help.wallet')],
        [keys.keypad, t('help.keypad')],
        [keys.park, t('help.park')],
        [keys.recall, t('help.recall')],
        ['Ctrl+Z', t('help.undo')],
        ['↑ ↓', t('help.move')],
        ['0–9 *', t('help.quantity')],
        ['+ −', t('help.step')],
        ['Enter', t('help.edit')],
        ['Delete', t('help.voidLine')],
      ],
    },
    { title: t('help.paying'), rows: [['0–9 Enter', t('help.digits')]] },
  ] as const;
  return (
    <Sheet title={t('help.title')} closeWord={t('common.close')} onClose={onClose}>
      <p className={styles['intro']}>{t('help.intro')}</p>
      {groups.map(({ title, rows }) => (
        <section key={title} className={styles['group']}>
          <h3>{title}</h3>
          <dl>
            {rows.map(([key, words]) => (
              <div key={key}>
                <dt>
                  {key.split(' ').map((part) => (
                    <kbd key={part}>{part}</kbd>
                  ))}
                </dt>
                <dd>{words}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Sheet>
  );
}
