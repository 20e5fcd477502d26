import { create } from 'qrcode';
import { type JSX, memo } from 'react';

/** Modules of quiet around the symbol, ISO/IEC 18004 §6.3.8. */
const QUIET = 4;

/**
 * A QR code as one path, black on white in every theme: scanners read nothing else. The text stands beside it for
 * those who test or type it; `data-code` holds it.
 */
export const QrCode = memo(function QrCode({ text, label }: { text: string; label: string }): JSX.Element {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const whole = modules.size + 2 * QUIET;
  let path = '';
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) {
      if (modules.get(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  return (
    <svg className="qr" role="img" aria-label={label} data-code={text} viewBox={`0 0 ${whole} ${whole}`}>
      <rect width={whole} height={whole} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
});
