import { useWords } from '../../locale/words.ts';
import { Sheet } from '../../parts/sheet.tsx';
import { useTerminal, useTill, useView } from '../../till.tsx';
import { ReceiptView } from '../sales/receipt-view.tsx';
import { BillDiscountSheet } from '../sell/discount-sheet.tsx';
import { LineSheet } from '../sell/line-sheet.tsx';
import { NoteSheet } from '../sell/note-sheet.tsx';
import { ParkSheet, ParkedSheet, UnresolvedSheet } from '../sell/parked-sheets.tsx';
import { VoidSheet } from '../sell/void-sheet.tsx';
import { DevicesSheet } from './devices-sheet.tsx';
import { HelpSheet } from './help-sheet.tsx';
import { SettingsSheet } from './settings-sheet.tsx';

/** The one panel that may be open. A scan works behind it; a sheet about a bill that is gone closes by itself. */
export function Sheets() {
  const { t } = useWords();
  const { view } = useTill();
  const sheet = useView((seen) => seen.sheet);
  const check = useTerminal((terminal) => terminal.check);
  const close = (): void => view.setState({ sheet: undefined });
  if (!sheet) return null;
  switch (sheet.type) {
    case 'help':
      return <HelpSheet onClose={close} />;
    case 'settings':
      return <SettingsSheet onClose={close} />;
    case 'devices':
      return <DevicesSheet onClose={close} />;
    case 'parked':
      return <ParkedSheet onClose={close} />;
    case 'unresolved':
      return <UnresolvedSheet onClose={close} />;
    case 'receipt':
      return (
        <Sheet title={t('paid.receipt')} closeWord={t('common.close')} onClose={close}>
          <ReceiptView saleId={sheet.saleId} hasReprint />
        </Sheet>
      );
    case 'line':
      return check && <LineSheet key={sheet.lineId} check={check} lineId={sheet.lineId} onClose={close} />;
    case 'discount':
      return check && <BillDiscountSheet check={check} onClose={close} />;
    case 'note':
      return check && <NoteSheet check={check} onClose={close} />;
    case 'park':
      return check && <ParkSheet check={check} onClose={close} />;
    case 'void':
      return check && <VoidSheet check={check} onClose={close} />;
  }
}
