/** The whole icon set: strokes on a 24-unit square, in the colour of the text beside them. Never the only sign. */
const paths = {
  back: 'M15 5l-7 7 7 7',
  basket: 'M4 9h16l-1.6 10.2a1 1 0 0 1-1 .8H6.600a1 1 0 0 1-1-.8zM8.500 9L12 3.500 15.500 9M10 13v3.500M14 13v3.500',
  cash: 'M3 7h18v10H3zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M6.500 10v4M17.500 10v4',
  check: 'M4.500 12.500l5 5 10-11',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.500 2',
  close: 'M6 6l12 12M18 6L6 18',
  contrast: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 3v18M12 7h5.500M12 12h9M12 17h5.500',
  discount:
    'M6 18L18 6M8 9.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3M16 17.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3',
  edit: 'M4 20h4L19.500 8.500l-4-4L4 16zM13 7l4 4',
  erase: 'M9 6h11v12H9l-6-6zM12 9.500l5 5M17 9.500l-5 5',
  help: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M12 16.800v.2',
  keypad: 'M6 5h.01M12 5h.01M18 5h.01M6 12h.01M12 12h.01M18 12h.01M6 19h.01M12 19h.01M18 19h.01',
  link: 'M4.500 10.500a11 11 0 0 1 15 0M7.500 14a6.500 6.500 0 0 1 9 0M12 18v.01',
  linkOff: 'M4.500 10.500a11 11 0 0 1 5-2.700M14 7.700a11 11 0 0 1 5.500 2.800M12 18v.01M4 4l16 16',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  minus: 'M5 12h14',
  note: 'M5 4h14v11l-5 5H5zM14 20v-5h5M8.500 8.500h7M8.500 12h4',
  park: 'M7 4v16M17 4v16',
  play: 'M8 5.5l10.5 6.5L8 18.5z',
  plus: 'M12 5v14M5 12h14',
  question: 'M9 9a3 3 0 1 1 4.200 2.800c-.9.4-1.200 1-1.200 2.200M12 18v.2',
  receipt: 'M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6',
  recall: 'M4 13v6h16v-6M12 15V4M8 8l4-4 4 4',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M7.500 8.500v7M11 8.500v7M13.500 8.500v7M16.500 8.500v7',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16.500 16.500L21 21',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5',
  signOut: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  star: 'M12 4l2.500 5.200 5.500.8-4 4 1 5.700-5-2.700-5 2.700 1-5.700-4-4 5.500-.8z',
  undo: 'M8 5L3.500 9.500 8 14M4 9.500h10a5.500 5.500 0 0 1 0 11h-3',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.500 20.500a7.500 7.500 0 0 1 15 0',
  void: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  wallet:
    'M4 7h13.500a1.500 1.500 0 0 1 1.500 1.500V18a1.500 1.500 0 0 1-1.500 1.500H5.500A1.500 1.500 0 0 1 4 18zM4 7l10.500-3.500V7M19 11.500h-4.500a1.800 1.800 0 0 0 0 3.500H19',
  warning: 'M12 4l9 16H3zM12 10v4.500M12 17.300v.2',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 22 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'keypad' ? 3 : 1.9}
      strokeLinecap="round"
      strokeLinejoin="round"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
