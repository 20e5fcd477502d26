import { useLayoutEffect, useRef } from 'react';
import styles from './receipt.module.css';

/**
 * The receipt as it would be printed. The picture is put into the page and not into an image, because only so does it
 * find the page's fonts; whatever could run is taken out of it first.
 */
export function ReceiptPicture(props: { readonly svg: string; readonly label: string; readonly testId: string }) {
  const paper = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const picture = readPicture(props.svg);
    paper.current?.replaceChildren(...(picture ? [picture] : []));
  }, [props.svg]);
  return <div ref={paper} className={styles['paper']} role="img" aria-label={props.label} data-testid={props.testId} />;
}

const drawing = new Set([
  'svg',
  'g',
  'defs',
  'path',
  'rect',
  'line',
  'text',
  'tspan',
  'image',
  'clippath',
  'filter',
  'use',
  'title',
]);

/** Undefined for what is no SVG. */
function readPicture(svg: string): SVGSVGElement | undefined {
  const { documentElement } = new DOMParser().parseFromString(svg, 'image/svg+xml');
  const picture = document.importNode(documentElement, true);
  if (!(picture instanceof SVGSVGElement)) return undefined;
  for (const element of picture.querySelectorAll('*')) {
    if (!drawing.has(element.localName.toLowerCase()) && !element.localName.startsWith('fe')) element.remove();
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on') || (name.endsWith('href') && !/^(#|data:image\/)/.test(value)))
        element.removeAttribute(name);
    }
  }
  return picture;
}
