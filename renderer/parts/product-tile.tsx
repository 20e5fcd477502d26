import { type CSSProperties, memo } from 'react';
import type { ProductId } from '#contract/ids.ts';
import styles from './product-tile.module.css';

interface ProductTileProps {
  readonly productId: ProductId;
  readonly name: string;
  readonly price: string;
  readonly colour: string | undefined;
  /** A data URL. */
  readonly image: string | undefined;
  readonly testId: string;
  /** The same function for every tile, so that a tile whose product stays is not painted again. */
  readonly onPress: (productId: ProductId) => unknown;
}

/** One product: its colour as a band, its name, its price. A plain button, because a shelf mounts dozens at once. */
export const ProductTile = memo(function ProductTile(props: ProductTileProps) {
  const { productId, name, price, colour, image, testId, onPress } = props;
  return (
    <button
      type="button"
      className={styles['tile']}
      style={colour === undefined ? undefined : ({ '--tile': colour } as CSSProperties)}
      data-testid={testId}
      onClick={() => void onPress(productId)}
    >
      {image?.startsWith('data:image/') === true && <img className={styles['image']} src={image} alt="" />}
      <span className={styles['name']}>{name}</span>
      <span className={styles['price']}>{price}</span>
    </button>
  );
});

/** Holds the place of a tile that is on its way. */
export function TileGhost() {
  return <span className={styles['ghost']} aria-hidden="true" />;
}
