import readerUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';

/**
 * Reads a table's code by the camera: with the Shape Detection API where the browser has it, else with a reader of the
 * page's own, which is fetched when it is first needed. Undefined where there is no camera: then the code is typed.
 */
export interface Scanner {
  /** Gives each QR code's text as it is seen. */
  watch(video: HTMLVideoElement, onText: (text: string) => void): Promise<void>;
  stop(): void;
}

/** What this page uses of `BarcodeDetector`, which no library of types knows yet. */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
interface DetectorMaker {
  new (options: { formats: 'qr_code'[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

const LOOK_MS = 200;

export async function openScanner(page: Window): Promise<Scanner | undefined> {
  let stream: MediaStream | undefined;
  let maker: DetectorMaker;
  try {
    stream = await page.navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
    maker = (await ownDetector(page)) ?? (await loadDetector());
  } catch {
    for (const track of stream?.getTracks() ?? []) track.stop();
    return undefined;
  }
  const camera = stream;
  const detector = new maker({ formats: ['qr_code'] });
  let timer = 0;
  let isOver = false;

  return {
    watch: async (video, onText) => {
      video.srcObject = camera;
      await video.play();
      const look = async (): Promise<void> => {
        const found = await detector.detect(video).catch(() => []);
        if (isOver) return;
        const [first] = found;
        if (first !== undefined) onText(first.rawValue);
        timer = page.setTimeout(() => void look(), LOOK_MS);
      };
      await look();
    },
    stop: () => {
      isOver = true;
      page.clearTimeout(timer);
      for (const track of camera.getTracks()) track.stop();
    },
  };
}

/** The browser's own, where it has one that reads QR codes: Chromium on Linux has one that reads nothing. */
async function ownDetector(page: Window): Promise<DetectorMaker | undefined> {
  const maker = (page as { readonly BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  const formats = (await maker?.getSupportedFormats()) ?? [];
  return formats.includes('qr_code') ? maker : undefined;
}

async function loadDetector(): Promise<DetectorMaker> {
  const { BarcodeDetector, prepareZXingModule } = await import('barcode-detector/ponyfill');
  // From this server, not from where the library would fetch it.
  prepareZXingModule({ overrides: { locateFile: () => readerUrl } });
  return BarcodeDetector;
}

/** A table's code out of what was read: the code itself, or an address that ends in `#table=` and the code. */
export function tableCodeIn(text: string): string {
  const match = /#table=([^&]+)$/.exec(text.trim());
  return match?.[1] === undefined ? text.trim() : decodeURIComponent(match[1]);
}
