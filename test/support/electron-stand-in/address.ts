/**
 * The one thing that the stand-in cannot give a page: an address with a scheme of its own, because Chromium refuses
 * schemes that its embedder did not compile in. A registered `scheme://host/path` is shown to Chromium as
 * `https://host.scheme.localhost/path`, which is a secure origin too, and every address that comes back is translated.
 * So a page sees `https://till.warikan.localhost` in `location`; what runs in Node sees the product's own address.
 */
export interface Address {
  register(scheme: string): void;
  toChromium(url: string): string;
  toElectron(url: string): string;
  /** The registered scheme of an address as Chromium sees it. */
  schemeOf(url: string): string | undefined;
  schemes(): readonly string[];
}

export function makeAddress(): Address {
  const schemes = new Set<string>();

  function split(url: string): { scheme: string; host: string; rest: string } | undefined {
    const [, host, scheme, rest = ''] =
      /^https:\/\/([^/?#]+)\.([a-z][a-z0-9+-]*)\.localhost([/?#].*)?$/s.exec(url) ?? [];
    return scheme !== undefined && host !== undefined && schemes.has(scheme) ? { scheme, host, rest } : undefined;
  }

  return {
    register: (scheme) => void schemes.add(scheme),
    schemes: () => [...schemes],
    schemeOf: (url) => split(url)?.scheme,
    toChromium(url) {
      const [, scheme = '', host, rest = ''] = /^([a-z][a-z0-9+-]*):\/\/([^/?#]+)(.*)$/s.exec(url) ?? [];
      return schemes.has(scheme) ? `https://${host}.${scheme}.localhost${rest || '/'}` : url;
    },
    toElectron(url) {
      const parts = split(url);
      return parts === undefined ? url : `${parts.scheme}://${parts.host}${parts.rest}`;
    },
  };
}
