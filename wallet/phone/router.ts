import { useSyncExternalStore } from 'react';

/** Which screen is shown: the part of the address after `#/`, so that the phone's own back button works. */
export interface Router {
  /** For example `['groups', '0190…']`; empty at home. */
  path(): readonly string[];
  go(path: string): void;
  /** To where the customer came from, or to the parent where this screen was the first. */
  back(parent: string): void;
  listen(onChange: () => void): () => void;
}

export function openRouter(page: Window): Router {
  const listeners = new Set<() => void>();
  const visited = [page.location.hash];
  let path = read(page.location.hash);
  page.addEventListener('hashchange', () => {
    const { hash } = page.location;
    if (visited.at(-2) === hash) visited.pop();
    else visited.push(hash);
    path = read(hash);
    page.scrollTo(0, 0);
    for (const listen of listeners) listen();
  });
  return {
    path: () => path,
    go: (next) => {
      page.location.hash = `#/${next}`;
    },
    back: (parent) => {
      if (visited.length > 1) page.history.back();
      else page.location.replace(`#/${parent}`);
    },
    listen: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
  };
}

export function usePath(router: Router): readonly string[] {
  return useSyncExternalStore(router.listen, router.path);
}

function read(hash: string): readonly string[] {
  return hash.startsWith('#/') ? hash.slice(2).split('/').filter(Boolean).map(decodeURIComponent) : [];
}
