import type { CSSProperties } from 'react';
import styles from './product-tile.module.css';

interface ProductTileProps {
  readonly name: string;
  readonly price: string;
  readonly colour: string | undefined;
  /** A data URL. */
  readonly image: string | undefined;
  readonly testId: string;
  readonly onPress: () => unknown;
}

/** One product: its colour as a band, its name, its price. A plain button, because a shelf mounts dozens at once. */
export function ProductTile({ name, price, colour, image, testId, onPress }: ProductTileProps) {
  return (
    <button
      type="button"
      className={styles['tile']}
      style={colour === undefined ? undefined : ({ '--tile': colour } as CSSProperties)}
      data-testid={testId}
      onClick={() => void onPress()}
    >
      {image?.startsWith('data:image/') === true && <img className={styles['image']} src={image} alt="" />}
      <span className={styles['name']}>{name}</span>
      <span className={styles['price']}>{price}</span>
    </button>
  );
}

/** Holds the place of a tile that is on its way. */
export function TileGhost() {
  return <span className={styles['ghost']} aria-hidden="true" />;
}
