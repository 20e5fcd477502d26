import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { ModifierGroup } from '#contract/catalogue.ts';
import { type Check, discountOf, lineSubtotal } from '#contract/check.ts';
import type { LineId } from '#contract/ids.ts';
import { money } from '#contract/money.ts';
import { type LineItem, quantityMax } from '#contract/order.ts';
import { clientOf, useIsOpen, useOutline } from '../../catalogue.ts';
import { amountOf, press } from '../../keyed-amount.ts';
import { useWords } from '../../locale/words.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Keypad } from '../../parts/keypad.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { Stepper } from '../../parts/stepper.tsx';
import { testIds } from '../../test-ids.ts';
import { useAct, useTill } from '../../till.tsx';
import { DiscountForm } from './discount-form.tsx';
import { toggleModifier } from './modifiers.ts';
import { useCart } from './use-cart.ts';
import { useRun } from './use-run.ts';
import styles from './sheets.module.css';

interface LineSheetProps {
  readonly check: Check;
  readonly lineId: LineId;
  readonly onClose: () => unknown;
}

type Tab = 'main' | 'discount' | 'price' | 'note';

/** Everything about one line. Each change holds at once, and undo takes it back. */
export function LineSheet({ check, lineId, onClose }: LineSheetProps) {
  const { t } = useWords();
  const [tab, setTab] = useState<Tab>('main');
  const line = check.lines.find((candidate) => candidate.lineId === lineId);
  const isGone = !line || line.isVoided || check.state !== 'open';
  const cart = useCart();
  return (
    <Sheet
      title={line?.name ?? t('cart.title')}
      closeWord={t('common.close')}
      onClose={onClose}
      footer={
        !isGone && (
          <>
            <Button
              kind="danger"
              icon="void"
              onPress={async () => {
                if (await cart.voidLine(lineId)) onClose();
              }}
            >
              {t('line.void')}
            </Button>
            <span style={{ flex: 1 }} />
            <Button kind="primary" onPress={onClose}>
              {t('common.done')}
            </Button>
          </>
        )
      }
    >
      {isGone ? (
        <p className={styles['soft']}>{t('line.gone')}</p>
      ) : (
        <div className={styles['stack']}>
          <Segmented
            label={t('line.tabs')}
            isLabelHidden
            value={tab}
            options={[
              { value: 'main', words: t('line.main'), testId: 'line-tab-main' },
              { value: 'discount', words: t('line.discount'), testId: 'line-tab-discount' },
              { value: 'price', words: t('line.price'), testId: 'line-tab-price' },
              { value: 'note', words: t('line.note'), testId: 'line-tab-note' },
            ]}
            onChange={setTab}
          />
          {tab === 'main' && <MainTab check={check} line={line} />}
          {tab === 'discount' && <DiscountTab check={check} line={line} onDone={onClose} />}
          {tab === 'price' && <PriceTab check={check} line={line} onDone={onClose} />}
          {tab === 'note' && <NoteTab check={check} line={line} onDone={onClose} />}
        </div>
      )}
    </Sheet>
  );
}

interface TabProps {
  readonly check: Check;
  readonly line: LineItem;
}

function MainTab({ check, line }: TabProps) {
  const { t, formats } = useWords();
  const cart = useCart();
  return (
    <>
      <section className={styles['section']}>
        <div className={styles['row']}>
          <h3>{t('line.quantity')}</h3>
          <Stepper
            value={line.quantity}
            shown={formats.number(line.quantity)}
            max={quantityMax}
            words={{ less: t('cart.less'), more: t('cart.moreOf'), quantity: t('cart.quantity') }}
            testIds={{ less: 'sheet-minus', more: 'sheet-plus' }}
            onChange={(quantity) => cart.setQuantity(line.lineId, quantity)}
          />
        </div>
        <div className={styles['chips']}>
          {[1, 2, 3, 4, 5, 6, 8, 10, 12].map((quantity) => (
            <Button
              key={quantity}
              isPressed={quantity === line.quantity}
              onPress={() => cart.setQuantity(line.lineId, quantity)}
            >
              {formats.number(quantity)}
            </Button>
          ))}
        </div>
      </section>
      <Modifiers check={check} line={line} />
    </>
  );
}

function Modifiers({ check, line }: TabProps) {
  const { t, formats } = useWords();
  const act = useAct();
  const outline = useOutline();
  const groups = useModifierGroups(line, outline.data?.modifierGroups ?? []);
  const chosen = line.modifiers.map(({ modifierId }) => modifierId);
  return groups.map((group) => (
    <section key={group.modifierGroupId} className={styles['section']}>
      <h3>
        {group.name} <span className={styles['soft']}>{t('line.chooseUpTo', { count: group.max })}</span>
      </h3>
      <div className={styles['chips']}>
        {group.modifiers.map(({ modifierId, name, price }) => (
          <Button
            key={modifierId}
            isPressed={chosen.includes(modifierId)}
            testId={`modifier-${modifierId}`}
            onPress={() =>
              act(async (terminal) =>
                terminal.check.setModifiers({
                  checkId: check.checkId,
                  lineId: line.lineId,
                  modifierIds: toggleModifier(group, chosen, modifierId),
                }),
              )
            }
          >
            {name}
            {price !== 0 && ` ${price > 0 ? '+' : ''}${formats.money(money(price, line.unitPrice.currency))}`}
          </Button>
        ))}
      </div>
    </section>
  ));
}

/** The groups that the line's product offers, asked of the catalogue by its SKU. */
function useModifierGroups(line: LineItem, groups: readonly ModifierGroup[]): readonly ModifierGroup[] {
  const { connection } = useTill();
  const enabled = useIsOpen() && line.productId !== undefined;
  const product = useQuery({
    queryKey: ['catalogue', 'product', line.productId],
    queryFn: async () => {
      const { products } = await clientOf(connection).catalogue.search({ text: line.productId ?? '', limit: 20 });
      return products.find(({ productId }) => productId === line.productId) ?? null;
    },
    enabled,
    retry: false,
    staleTime: Infinity,
  });
  const offered = product.data?.modifierGroupIds ?? [];
  return groups.filter(({ modifierGroupId }) => offered.includes(modifierGroupId));
}

interface DoneProps extends TabProps {
  readonly onDone: () => unknown;
}

function DiscountTab({ check, line, onDone }: DoneProps) {
  const { run, isBusy } = useRun(onDone);
  return (
    <DiscountForm
      discount={line.discount}
      currency={line.unitPrice.currency}
      taken={discountOf(lineSubtotal(line), line.discount)}
      isBusy={isBusy}
      onChange={(discount) =>
        run(async (terminal) => terminal.check.discountLine({ checkId: check.checkId, lineId: line.lineId, discount }))
      }
    />
  );
}

function PriceTab({ check, line, onDone }: DoneProps) {
  const { t, formats } = useWords();
  const { run, isBusy } = useRun(onDone);
  const [digits, setDigits] = useState('');
  const keyed = amountOf(digits, line.unitPrice.currency);
  const { checkId } = check;
  const { lineId, listPrice } = line;
  return (
    <div className={styles['price']}>
      <div className={styles['priceLeft']}>
        <output className={styles['keyed']}>{formats.money(digits === '' ? line.unitPrice : keyed)}</output>
        <Button
          kind="primary"
          isDisabled={isBusy || digits === ''}
          testId="price-set"
          onPress={() => run(async (terminal) => terminal.check.overridePrice({ checkId, lineId, unitPrice: keyed }))}
        >
          {t('line.setPrice', { price: formats.money(digits === '' ? line.unitPrice : keyed) })}
        </Button>
        {listPrice && (
          <Button
            isDisabled={isBusy}
            onPress={() =>
              run(async (terminal) => terminal.check.overridePrice({ checkId, lineId, unitPrice: listPrice }))
            }
          >
            {t('line.listPrice', { price: formats.money(listPrice) })}
          </Button>
        )}
      </div>
      <Keypad
        corner="00"
        words={{ back: t('common.delete'), clear: t('common.clear') }}
        testId={testIds.keypadKey}
        onKey={(key) => setDigits((entered) => press(entered, key))}
      />
    </div>
  );
}

function NoteTab({ check, line, onDone }: DoneProps) {
  const { t } = useWords();
  const { run, isBusy } = useRun(onDone);
  const [note, setNote] = useState(line.note ?? '');
  return (
    <>
      <Field
        label={t('line.note')}
        value={note}
        maxLength={200}
        isLong
        autoFocus
        testId="line-note"
        onChange={setNote}
      />
      <Button
        kind="primary"
        isDisabled={isBusy}
        onPress={() =>
          run(async (terminal) => terminal.check.noteLine({ checkId: check.checkId, lineId: line.lineId, note }))
        }
      >
        {t('line.saveNote')}
      </Button>
    </>
  );
}
