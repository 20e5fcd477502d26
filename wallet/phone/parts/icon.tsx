import type { JSX } from 'react';

/** The whole icon set: strokes on a 24-unit square, in the colour of the text beside them. Never the only sign. */
const paths = {
  back: 'M15 5l-7 7 7 7',
  bank: 'M4 10l8-5 8 5zM6 10v7M10.500 10v7M13.500 10v7M18 10v7M4 20h16',
  card: 'M3 6.500h18v11H3zM3 10h18M6.500 14.500h4',
  carrier: 'M8 3h8v18H8zM11 18h2',
  cash: 'M3 7h18v10H3zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5',
  check: 'M4.500 12.500l5 5 10-11',
  close: 'M6 6l12 12M18 6L6 18',
  code: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500H14zM17.500 17.500H20V20h-2.500z',
  contactless: 'M6 9.500a6 6 0 0 1 0 5M9.500 7a10 10 0 0 1 0 10M13 4.500a14 14 0 0 1 0 15M16.500 3a17 17 0 0 1 0 18',
  down: 'M12 5v13M6.500 12.500L12 18l5.500-5.500',
  erase: 'M9 6h11v12H9l-6-6zM12 9.500l5 5M17 9.500l-5 5',
  forward: 'M9 5l7 7-7 7',
  gift: 'M4 11h16v9H4zM3 7.500h18V11H3zM12 7.500V20M12 7.500C9 7.500 7 6.500 7.500 4.500S11 4 12 7.500c1-3.500 4-5 4.500-3S15 7.500 12 7.500',
  history: 'M12 21a9 9 0 1 0-8.500-6M3 8.500V15h6M12 7.500V12l3.500 2',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1',
  people:
    'M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M2.500 19.500a6.500 6.500 0 0 1 13 0M16 4.800a3.500 3.500 0 0 1 0 6.400M18 13.500a6.500 6.500 0 0 1 3.500 6',
  phone: 'M7 3h10v18H7zM11 18h2',
  plus: 'M12 5v14M5 12h14',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 12h8',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5',
  shop: 'M4 9l1.500-5h13L20 9M4 9v11h16V9M4 9c0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0M9.500 20v-5.500h5V20',
  sun: 'M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400',
  up: 'M12 19V6M6.500 11.500L12 6l5.500 5.500',
  wallet:
    'M4 7h13.500a1.500 1.500 0 0 1 1.500 1.500V18a1.500 1.500 0 0 1-1.500 1.500H5.500A1.500 1.500 0 0 1 4 18zM4 7l10.500-3.500V7M19 11.500h-4.500a1.800 1.800 0 0 0 0 3.500H19',
  warning: 'M12 4l9 16H3zM12 10v4.500M12 17.300v.2',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 22 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg
      aria-hidden="true"
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.9}
      strokeLinecap="round"
      strokeLinejoin="round"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The sign of the wallet: a W on pine. */
export function Mark({ size = 28 }: { readonly size?: number }): JSX.Element {
  return (
    <svg viewBox="0 0 64 64" width={size} height={size} aria-hidden="true">
      <rect width="64" height="64" rx="15" fill="var(--brand)" />
      <path
        d="M14 20l8 26 10-22 10 22 8-26"
        fill="none"
        stroke="#fff"
        strokeWidth="6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
