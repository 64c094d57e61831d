import type { IFirstHub } from './read-hubs-file.js';

/**
 * What the service's environment says of its first hub, as far as further hubs are compared with it: for the service's start, and
 * for who looks at their file beforehand. What it does not say as it should is not known; `readSettings` complains of it.
 */
export function readFirstHub(variables: Readonly<Record<string, string | undefined>>): IFirstHub {
  const text = (name: string): string | null => variables[name]?.trim() || null;
  const url = (name: string): URL | null => URL.parse(text(name) ?? '');
  return {
    id: text('LABKEEPER_HUB_ID') ?? 'hub',
    apiUrl: url('JUPYTERHUB_API_URL')?.href.replace(/\/+$/, '') ?? null,
    pagesOrigin: url('LABKEEPER_PAGES_URL')?.origin ?? null
  };
}
