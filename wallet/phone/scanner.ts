/**
 * Reads a table's code by the camera, with the Shape Detection API where the browser has it. Undefined where it has
 * not, or where there is no camera: then the code is typed.
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
  new (options: { readonly formats: readonly string[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

const LOOK_MS = 200;

export async function openScanner(page: Window): Promise<Scanner | undefined> {
  const maker = (page as { readonly BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  if (maker === undefined) return undefined;
  let stream: MediaStream | undefined;
  try {
    if (!(await maker.getSupportedFormats()).includes('qr_code')) return undefined;
    stream = await page.navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
  } catch {
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

/** A table's code out of what was read: the code itself, or an address that ends in `#table=` and the code. */
export function tableCodeIn(text: string): string {
  const match = /#table=([^&]+)$/.exec(text.trim());
  return match?.[1] === undefined ? text.trim() : decodeURIComponent(match[1]);
}
