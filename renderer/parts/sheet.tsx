import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from './button.tsx';
import styles from './sheet.module.css';

interface SheetProps {
  readonly title: string;
  readonly closeWord: string;
  readonly onClose: () => unknown;
  readonly children: ReactNode;
  /** Kept in sight below what scrolls. */
  readonly footer?: ReactNode;
  readonly size?: 'normal' | 'wide';
}

/**
 * A panel over the shelves and beside the cart, which stays in view. Escape and a touch outside close it; scans go on
 * behind it.
 */
export function Sheet({ title, closeWord, onClose, children, footer, size = 'normal' }: SheetProps) {
  return (
    <ModalOverlay
      className={styles['overlay'] ?? ''}
      isOpen
      isDismissable
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Modal className={`${styles['panel']} ${styles[size]}`}>
        <Dialog className={styles['dialog'] ?? ''}>
          <header className={styles['header']}>
            <Heading slot="title" className={styles['title'] ?? ''}>
              {title}
            </Heading>
            <Button kind="quiet" icon="close" isIconOnly onPress={onClose}>
              {closeWord}
            </Button>
          </header>
          <div className={styles['body']}>{children}</div>
          {footer !== undefined && <footer className={styles['footer']}>{footer}</footer>}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
