import { useStore } from 'zustand';
import { useWords } from '../../locale/words.ts';
import { Segmented } from '../../parts/segmented.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { useTill } from '../../till.tsx';
import styles from './settings-sheet.module.css';

/** Language and appearance of this screen. They hold at once and are kept. */
export function SettingsSheet({ onClose }: { readonly onClose: () => unknown }) {
  const { t } = useWords();
  const { preferences } = useTill();
  const { language, theme } = useStore(preferences);
  return (
    <Sheet title={t('settings.title')} closeWord={t('common.close')} onClose={onClose}>
      <div className={styles['choices']}>
        <Segmented
          label={t('settings.language')}
          value={language}
          options={[
            { value: 'store', words: t('settings.storeLanguage') },
            { value: 'en', words: 'English' },
            { value: 'ja', words: '日本語' },
          ]}
          onChange={(chosen) => preferences.setState({ language: chosen })}
        />
        <Segmented
          label={t('settings.theme')}
          value={theme}
          options={(['system', 'light', 'dark', 'contrast'] as const).map((value) => ({
            value,
            words: t(`settings.themes.${value}`),
          }))}
          onChange={(chosen) => preferences.setState({ theme: chosen })}
        />
      </div>
    </Sheet>
  );
}
