import type { ProductId, StaffId } from '#contract/ids.ts';

/**
 * The page's promise to tests and benches: `data-testid` of what they press and read. Words, order and style may change,
 * these may not. Beside the ids:
 *
 * - `cartLine` carries `data-line-id`, `data-quantity`, and `data-voided` where it is struck through.
 * - `total`, `due`, `change` carry `data-amount` in minor units.
 * - `attempt` carries `data-state`: `waiting` for the code, then the attempt's own states.
 * - `scanNotice` carries `data-type`: the scan's result, or `refusal`, `resolved`, `notSent`, `noAnswer`,
 *   `failed`.
 * - `link` carries `data-state`: `connecting`, `open`, `lost`.
 * - `searchResults` carries `data-text`: the text that its tiles answer.
 */
export const testIds = {
  staffTile: (staffId: StaffId | string) => `staff-${staffId}`,
  pinKey: (digit: string) => `pin-${digit}`,
  pinMessage: 'pin-message',
  demoPins: 'demo-pins',

  navSell: 'nav-sell',
  navSales: 'nav-sales',
  signOut: 'sign-out',
  settings: 'settings',
  help: 'help',
  demoButton: 'demo-button',
  demoDrawer: 'demo-drawer',
  demoUnknown: 'demo-unknown',
  demoProduct: (productId: ProductId | string) => `demo-product-${productId}`,
  demoCustomer: (customerId: string) => `demo-customer-${customerId}`,
  walletLink: 'wallet-link',
  deviceState: 'device-state',
  link: 'link',
  unresolved: 'unresolved',
  unresolvedBill: 'unresolved-bill',

  search: 'search',
  searchResults: 'search-results',
  product: (productId: ProductId | string) => `product-${productId}`,
  category: (categoryId: string) => `category-${categoryId}`,
  quickKeys: 'quick-keys',
  keypad: 'keypad',
  keypadKey: (key: string) => `key-${key}`,
  keypadAmount: 'keypad-amount',
  keypadAdd: 'keypad-add',

  cart: 'cart',
  cartLine: 'cart-line',
  lineMinus: 'line-minus',
  linePlus: 'line-plus',
  lineEdit: 'line-edit',
  lineVoid: 'line-void',
  total: 'total',
  undo: 'undo',
  park: 'park',
  recall: 'recall',
  parkedBill: 'parked-bill',
  discount: 'discount',
  note: 'note',
  voidBill: 'void-bill',
  payCash: 'pay-cash',
  payWallet: 'pay-wallet',

  pay: 'pay',
  due: 'due',
  payBack: 'pay-back',
  tenderCash: 'tender-cash',
  tenderWallet: 'tender-wallet',
  cashExact: 'cash-exact',
  cashNote: (amount: number) => `cash-note-${amount}`,
  cashTake: 'cash-take',
  walletPresent: 'wallet-present',
  tenderTaken: 'tender-taken',
  takeBack: 'take-back',
  attempt: 'attempt',
  askNow: 'ask-now',
  cancelAttempt: 'cancel-attempt',
  setAside: 'set-aside',
  stopWaiting: 'stop-waiting',
  saleDone: 'sale-done',
  change: 'change',

  scanNotice: 'scan-notice',
  noticeSearch: 'notice-search',
  noticeDismiss: 'notice-dismiss',

  salesSearch: 'sales-search',
  sale: 'sale',
  receiptText: 'receipt-text',
  receiptSvg: 'receipt-svg',
  receiptAsText: 'receipt-as-text',
  receiptAsSvg: 'receipt-as-svg',
  reprint: 'reprint',
  politeAnnouncements: 'announcements',
  urgentAnnouncements: 'urgent-announcements',
} as const;
