import type { Catalogue, Product } from '#contract/catalogue.ts';
import { productIdSchema } from '#contract/ids.ts';

/**
 * What the demo café sells: 72 products in 8 categories, named as a menu in Tokyo names them.
 *
 * A dish is taxed at 10 %, food to take home at 8 % with the mark that the invoice rule asks for, both inside the
 * price; a class or a gift box has its tax added. Dishes have in-store barcodes (GS1 prefix 20) as on a menu card,
 * goods have numbers as on a package (prefix 456), of which none is in use.
 */

const taxClasses: Catalogue['taxClasses'] = [
  {
    taxClassId: 'standard',
    name: 'Standard 10% 標準税率',
    rate: { numerator: 10, denominator: 100 },
    isIncluded: true,
    mark: '',
  },
  {
    taxClassId: 'reduced',
    name: 'Reduced 8% 軽減税率',
    rate: { numerator: 8, denominator: 100 },
    isIncluded: true,
    mark: '※',
  },
  {
    taxClassId: 'added',
    name: 'Added 10% 外税',
    rate: { numerator: 10, denominator: 100 },
    isIncluded: false,
    mark: '+',
  },
];

const modifierGroups: Catalogue['modifierGroups'] = [
  group('temperature', 'Hot or iced', 1, 1, [
    ['hot', 'Hot ホット', 0],
    ['iced', 'Iced アイス', 30],
  ]),
  group('size', 'Size', 1, 1, [
    ['regular', 'Regular', 0],
    ['large', 'Large', 100],
  ]),
  group('milk', 'Milk', 1, 1, [
    ['whole', 'Whole milk', 0],
    ['low-fat', 'Low-fat milk', 0],
    ['oat', 'Oat milk オーツ', 60],
    ['soy', 'Soy milk 豆乳', 60],
  ]),
  group('sugar', 'Sugar', 0, 1, [
    ['no-sugar', 'No sugar', 0],
    ['less-sugar', 'Less sugar', 0],
    ['brown-sugar', 'Brown sugar', 0],
  ]),
  group('extras', 'Extras', 0, 3, [
    ['shot', 'Extra shot', 120],
    ['decaf', 'Decaf', 50],
    ['vanilla', 'Vanilla syrup', 80],
    ['caramel', 'Caramel syrup', 80],
    ['cream', 'Whipped cream', 100],
  ]),
  group('toppings', 'Toppings', 0, 4, [
    ['azuki', 'Azuki beans 小豆', 120],
    ['kuromitsu', 'Black syrup 黒蜜', 80],
    ['kinako', 'Kinako きな粉', 60],
    ['matcha', 'Matcha powder', 80],
    ['nuts', 'Roasted nuts', 90],
    ['soft-cream', 'Soft cream', 150],
  ]),
  group('egg', 'Egg', 1, 1, [
    ['boiled', 'Boiled ゆで卵', 0],
    ['fried', 'Fried 目玉焼き', 0],
    ['scrambled', 'Scrambled', 30],
  ]),
  group('set-drink', 'Drink with the meal', 0, 1, [
    ['set-coffee', 'Coffee セット', 200],
    ['set-tea', 'Tea セット', 200],
    ['set-juice', 'Orange juice セット', 250],
  ]),
];

type More = Partial<Pick<Product, 'barcodes' | 'taxClassId' | 'modifierGroupIds' | 'colour' | 'quickKey'>>;
/** SKU, name, words to find it by, yen, and what is unlike the rest of its section. */
type Entry = readonly [sku: string, name: string, keywords: string, price: number, more?: More];

interface Section {
  readonly category: Catalogue['categories'][number];
  readonly modifierGroupIds: string[];
  readonly entries: readonly Entry[];
}

const milky: More = { modifierGroupIds: ['temperature', 'size', 'milk', 'sugar', 'extras'] };
const food: More = { taxClassId: 'reduced' };

const menu: readonly Section[] = [
  {
    category: { categoryId: 'coffee', name: 'Coffee コーヒー', colour: '#8a5a3b' },
    modifierGroupIds: ['temperature', 'size', 'sugar', 'extras'],
    entries: [
      ['101', 'Blend coffee ブレンド', 'ぶれんど こーひー house drip', 480, { quickKey: 0 }],
      ['102', 'Americano アメリカーノ', 'あめりかーの black', 450],
      ['103', 'Café latte カフェラテ', 'かふぇらて milk', 560, { ...milky, quickKey: 1, colour: '#b07d56' }],
      ['104', 'Cappuccino カプチーノ', 'かぷちーの foam', 560, { ...milky, colour: '#a87148' }],
      ['105', 'Flat white フラットホワイト', 'ふらっとほわいと', 580, { ...milky, colour: '#b58a66' }],
      [
        '106',
        'Espresso エスプレッソ',
        'えすぷれっそ single',
        380,
        { modifierGroupIds: ['sugar', 'extras'], colour: '#5b3a26' },
      ],
      ['107', 'Café mocha カフェモカ', 'かふぇもか chocolate', 620, { ...milky, colour: '#6f4632' }],
      [
        '108',
        'Siphon Kilimanjaro キリマンジャロ',
        'さいふぉん きりまんじゃろ single origin',
        680,
        { modifierGroupIds: ['sugar'] },
      ],
      ['109', 'Vienna coffee ウインナー', 'ういんなー whipped cream', 640, { modifierGroupIds: ['sugar', 'extras'] }],
      ['110', 'Café au lait カフェオレ', 'かふぇおれ milk', 560, { ...milky, colour: '#c29a76' }],
    ],
  },
  {
    category: { categoryId: 'tea', name: 'Tea お茶', colour: '#5f7f4f' },
    modifierGroupIds: ['temperature', 'sugar'],
    entries: [
      [
        '201',
        'Matcha latte 抹茶ラテ',
        'まっちゃらて green',
        620,
        { modifierGroupIds: ['temperature', 'size', 'milk', 'sugar'], quickKey: 2, colour: '#7f9f4d' },
      ],
      [
        '202',
        'Hojicha latte ほうじ茶ラテ',
        'ほうじちゃ roasted',
        600,
        { modifierGroupIds: ['temperature', 'size', 'milk', 'sugar'], colour: '#9a7048' },
      ],
      ['203', 'Sencha 煎茶', 'せんちゃ green', 480],
      ['204', 'Gyokuro 玉露', 'ぎょくろ green', 780, { modifierGroupIds: [] }],
      ['205', 'Darjeeling ダージリン', 'だーじりん black tea 紅茶 こうちゃ', 560],
      ['206', 'Earl Grey アールグレイ', 'あーるぐれい black tea 紅茶 こうちゃ', 560],
      ['207', 'Royal milk tea ロイヤルミルクティー', 'ろいやるみるくてぃー 紅茶 こうちゃ', 640, { colour: '#a9805f' }],
      [
        '208',
        'Yuzu ginger tea ゆず生姜茶',
        'ゆずしょうがちゃ citron hot',
        580,
        { modifierGroupIds: ['temperature'], colour: '#c8a13a' },
      ],
    ],
  },
  {
    category: { categoryId: 'cold', name: 'Cold drinks 冷たい飲み物', colour: '#3f7f93' },
    modifierGroupIds: ['size'],
    entries: [
      [
        '301',
        'Cold brew 水出しコーヒー',
        'みずだし こーるどぶりゅー iced coffee',
        560,
        { quickKey: 3, colour: '#4a3a33' },
      ],
      [
        '302',
        'Melon cream soda クリームソーダ',
        'めろん くりーむそーだ float',
        720,
        { modifierGroupIds: [], quickKey: 4, colour: '#4f9a5d' },
      ],
      [
        '303',
        'Coffee float コーヒーフロート',
        'こーひーふろーと ice cream',
        700,
        { modifierGroupIds: [], colour: '#6b4a37' },
      ],
      ['304', 'Lemon squash レモンスカッシュ', 'れもんすかっしゅ soda', 580, { colour: '#b99a2e' }],
      ['305', 'Orange juice オレンジジュース', 'おれんじじゅーす fresh', 560, { colour: '#c7762b' }],
      ['306', 'Apple juice りんごジュース', 'りんごじゅーす aomori', 540, { colour: '#b3663c' }],
      ['307', 'Mixed juice ミックスジュース', 'みっくすじゅーす banana milk', 620, { colour: '#c48f55' }],
      ['308', 'Ginger ale ジンジャーエール', 'じんじゃーえーる homemade', 560],
      ['309', 'Sparkling water 炭酸水', 'たんさんすい mineral', 380, { modifierGroupIds: [] }],
    ],
  },
  {
    category: { categoryId: 'breakfast', name: 'Breakfast モーニング', colour: '#a8742a' },
    modifierGroupIds: ['egg', 'set-drink'],
    entries: [
      ['401', 'Morning set モーニングセット', 'もーにんぐせっと toast egg', 650, { quickKey: 5 }],
      ['402', 'Thick toast 厚切りトースト', 'あつぎりとーすと butter bread', 420, { modifierGroupIds: ['toppings'] }],
      ['403', 'Ogura toast 小倉トースト', 'おぐらとーすと azuki nagoya', 520, { modifierGroupIds: ['toppings'] }],
      ['404', 'Cheese toast チーズトースト', 'ちーずとーすと bread', 520, { modifierGroupIds: ['set-drink'] }],
      [
        '405',
        'French toast フレンチトースト',
        'ふれんちとーすと maple',
        780,
        { modifierGroupIds: ['toppings', 'set-drink'] },
      ],
      [
        '406',
        'Pancakes ホットケーキ',
        'ほっとけーき hotcake maple butter',
        820,
        { modifierGroupIds: ['toppings', 'set-drink'], quickKey: 6 },
      ],
      [
        '407',
        'Yoghurt and granola ヨーグルト',
        'よーぐると ぐらのーら fruit',
        560,
        { modifierGroupIds: ['set-drink'] },
      ],
      ['408', 'Rice breakfast 和朝食', 'わちょうしょく salmon miso onigiri', 980],
    ],
  },
  {
    category: { categoryId: 'lunch', name: 'Lunch ランチ', colour: '#a14f3a' },
    modifierGroupIds: ['set-drink'],
    entries: [
      ['501', 'Napolitan ナポリタン', 'なぽりたん spaghetti pasta ketchup', 980, { quickKey: 7, colour: '#b5482f' }],
      ['502', 'Egg sandwich たまごサンド', 'たまごさんど tamago sando', 720, { quickKey: 8, colour: '#b8923a' }],
      ['503', 'Mixed sandwich ミックスサンド', 'みっくすさんど ham cucumber', 820],
      ['504', 'Katsu sandwich カツサンド', 'かつさんど pork cutlet', 980],
      ['505', 'Beef curry ビーフカレー', 'びーふかれー rice', 1_080],
      ['506', 'Omurice オムライス', 'おむらいす omelette rice', 1_050],
      ['507', 'Doria ドリア', 'どりあ rice gratin', 1_050],
      ['508', 'Pilaf ピラフ', 'ぴらふ prawn rice', 980],
      ['509', 'Salad plate サラダプレート', 'さらだ vegetables vegetarian', 920, { colour: '#5f8a4a' }],
    ],
  },
  {
    category: { categoryId: 'cake', name: 'Cakes ケーキ', colour: '#a5607a' },
    modifierGroupIds: ['set-drink'],
    entries: [
      ['601', 'Strawberry shortcake ショートケーキ', 'いちご しょーとけーき', 620, { quickKey: 9, colour: '#b9566b' }],
      ['602', 'Baked cheesecake チーズケーキ', 'べいくど ちーずけーき', 580, { quickKey: 10, colour: '#b8924f' }],
      ['603', 'Gâteau chocolat ガトーショコラ', 'がとーしょこら chocolate', 600, { colour: '#5a3a31' }],
      ['604', 'Mont Blanc モンブラン', 'もんぶらん chestnut くり', 680, { colour: '#94704a' }],
      [
        '605',
        'Custard pudding プリン',
        'ぷりん purin caramel',
        520,
        { modifierGroupIds: ['toppings'], quickKey: 11, colour: '#b3812f' },
      ],
      ['606', 'Matcha roll cake 抹茶ロール', 'まっちゃろーる', 600, { colour: '#6f8f45' }],
      ['607', 'Apple tart りんごタルト', 'りんごたると', 620],
      [
        '608',
        'Coffee jelly コーヒーゼリー',
        'こーひーぜりー cream',
        540,
        { modifierGroupIds: ['toppings'], colour: '#4d372d' },
      ],
      ['609', 'Scone スコーン', 'すこーん jam clotted cream', 450],
    ],
  },
  {
    category: { categoryId: 'ice', name: 'Ice cream アイス', colour: '#6b6fa8' },
    modifierGroupIds: ['toppings'],
    entries: [
      ['701', 'Vanilla ice バニラ', 'ばにら あいす', 420],
      ['702', 'Matcha ice 抹茶アイス', 'まっちゃ あいす green tea', 450, { colour: '#76934f' }],
      ['703', 'Black sesame ice 黒ごまアイス', 'くろごま あいす', 450, { colour: '#55535c' }],
      ['704', 'Yuzu sorbet ゆずソルベ', 'ゆず そるべ citron', 450, { colour: '#b29b3c' }],
      ['705', 'Chocolate parfait チョコパフェ', 'ちょこぱふぇ', 980, { colour: '#6d4739' }],
      ['706', 'Strawberry parfait いちごパフェ', 'いちごぱふぇ', 1_080, { colour: '#b9566b' }],
      ['707', 'Cream anmitsu クリームあんみつ', 'くりーむあんみつ azuki agar', 880],
    ],
  },
  {
    category: { categoryId: 'shop', name: 'Shop 物販', colour: '#6a645c' },
    modifierGroupIds: [],
    entries: [
      // Two numbers: the bag was redrawn, and both are on the shelf.
      [
        '801',
        'House blend beans 200 g 珈琲豆',
        'こーひーまめ はうすぶれんど',
        1_280,
        { ...food, barcodes: ['4569951000010', '4569951000027'] },
      ],
      [
        '802',
        'Dark roast beans 200 g 深煎り',
        'こーひーまめ ふかいり',
        1_380,
        { ...food, barcodes: ['4569951000034'] },
      ],
      ['803', 'Drip bags, 5 ドリップバッグ', 'どりっぷばっぐ', 900, { ...food, barcodes: ['4569951000041'] }],
      [
        '804',
        'Sencha tin 80 g 煎茶缶',
        'せんちゃ かん tea leaves',
        1_500,
        { ...food, barcodes: ['4569951000058'], colour: '#5f7f4f' },
      ],
      ['805', 'Butter cookies クッキー缶', 'くっきー かん biscuit', 1_800, { ...food, barcodes: ['4569951000065'] }],
      ['806', 'Castella カステラ', 'かすてら cake nagasaki', 1_200, { ...food, barcodes: ['4569951000072'] }],
      [
        '807',
        'Yuzu marmalade ゆずマーマレード',
        'ゆず まーまれーど jam',
        850,
        { ...food, barcodes: ['4569951000089'] },
      ],
      ['808', 'Kissa mug マグカップ', 'まぐかっぷ cup', 2_200, { barcodes: ['4569951000096'] }],
      ['809', 'Paper filters, 100 ペーパーフィルター', 'ぺーぱーふぃるたー', 480, { barcodes: ['4569951000102'] }],
      ['810', 'Tote bag トートバッグ', 'とーとばっぐ canvas', 1_800, { barcodes: ['4569951000119'] }],
      ['811', 'Gift box ギフト箱', 'ぎふと wrapping ラッピング', 200, { taxClassId: 'added' }],
      ['812', 'Hand-drip class ドリップ教室', 'どりっぷきょうしつ workshop', 3_000, { taxClassId: 'added' }],
    ],
  },
];

export const demoCatalogue: Catalogue = {
  taxClasses,
  categories: menu.map(({ category }) => category),
  modifierGroups,
  products: menu.flatMap(({ category, modifierGroupIds, entries }) =>
    entries.map(([sku, name, keywords, price, more]) => ({
      productId: productIdSchema.parse(sku),
      name,
      keywords,
      barcodes: [inStoreBarcode(sku)],
      categoryId: category.categoryId,
      price,
      taxClassId: 'standard',
      modifierGroupIds,
      ...more,
    })),
  ),
};

/** An EAN-13 of the range that a shop may use inside its own walls, with the SKU in it. */
function inStoreBarcode(sku: string): string {
  const digits = `20${sku.padStart(10, '0')}`;
  const weighed = Array.from(digits, (digit, index) => Number(digit) * (index % 2 === 0 ? 1 : 3));
  const sum = weighed.reduce((total, value) => total + value, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

function group(
  modifierGroupId: string,
  name: string,
  min: number,
  max: number,
  modifiers: readonly (readonly [modifierId: string, name: string, price: number])[],
): Catalogue['modifierGroups'][number] {
  return {
    modifierGroupId,
    name,
    min,
    max,
    modifiers: modifiers.map(([modifierId, label, price]) => ({ modifierId, name: label, price })),
  };
}
