import { isAbsolute } from 'node:path';
import { IMAGE_LENGTH } from '@labkeeper/protocol';

/** Where Python packages may be installed, as the server extension sees it. */
export interface ISites {
  /** `sys.prefix` of the server's own Python; null = not known. */
  readonly prefix: string | null;
  /** Its version, such as `3.11`; null = not known. */
  readonly python: string | null;
  /** Its folders of installed distributions. */
  readonly folders: readonly string[];
  /** Where `pip install --user` installs; null = nowhere. */
  readonly userFolder: string | null;
  /** Where kernelspecs are. */
  readonly kernelFolders: readonly string[];
}

/** What the audited log needs to know. */
export interface IAuditEnvironment {
  /** Where the hub service is, ending with a slash; null = records are only spooled. `LABKEEPER_SERVICE_URL`. */
  readonly serviceUrl: URL | null;
  /** The server's own token. `JUPYTERHUB_API_TOKEN`. */
  readonly token: string;
  /** Whose server this is, as the hub says; null or absent = it does not. `JUPYTERHUB_USER`. */
  readonly user?: string | null;
  /** How the service calls the hub of this server; null = it is not said, and the service's first one is meant. `LABKEEPER_HUB_ID`. */
  readonly hub: string | null;
  /** The image that the server runs in, as the spawner says; null = not known. `LABKEEPER_IMAGE`, `JUPYTER_IMAGE_SPEC`. */
  readonly image: string | null;
  readonly sites: ISites;
  /** Sentences for the server's log about what was not understood, and what is done instead. */
  readonly warnings: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables; null = nothing is recorded: without a hub nobody would read it, unless `LABKEEPER_AUDIT=1` asks for
 * records that stay here.
 */
export function readAuditEnvironment(variables: Variables): IAuditEnvironment | null {
  const warnings: string[] = [];
  const token = variables['JUPYTERHUB_API_TOKEN']?.trim() ?? '';
  const address = variables['LABKEEPER_SERVICE_URL']?.trim() ?? '';
  let serviceUrl = address === '' ? null : readServiceUrl(address);
  if (address === '' && variables['LABKEEPER_AUDIT']?.trim() !== '1') {
    return null;
  }
  if (address !== '' && serviceUrl === null) {
    warnings.push(
      'LABKEEPER_SERVICE_URL is no address that begins with http: or https:, so records are kept here only.'
    );
  } else if (serviceUrl !== null && token === '') {
    warnings.push('There is no JUPYTERHUB_API_TOKEN, so records are kept here and not sent to the hub.');
    serviceUrl = null;
  }
  const sites = readSites(variables['LABKEEPER_SITES'] ?? '', warnings);
  return {
    ...{ serviceUrl, token, sites, warnings },
    user: variables['JUPYTERHUB_USER']?.trim() || null,
    hub: readHub(variables, warnings),
    image: readImage(variables)
  };
}

function readHub(variables: Variables, warnings: string[]): string | null {
  const hub = variables['LABKEEPER_HUB_ID']?.trim() ?? '';
  if (hub === '' || /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(hub)) {
    return hub || null;
  }
  warnings.push("LABKEEPER_HUB_ID is no name of a hub, so the service's first hub is meant.");
  return null;
}

/** KubeSpawner and DockerSpawner set the second and third. A longer name than the hub takes is as good as none. */
function readImage(variables: Variables): string | null {
  const names = ['LABKEEPER_IMAGE', 'JUPYTER_IMAGE_SPEC', 'JUPYTER_IMAGE'];
  const image = names.map(name => variables[name]?.trim() ?? '').find(text => text !== '') ?? '';
  return image === '' || image.length > IMAGE_LENGTH ? null : image;
}

function readServiceUrl(address: string): URL | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return null;
  }
  url.search = url.hash = '';
  url.pathname = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
  return url;
}

/** What labkeeper/audit_environment.py writes. */
function readSites(text: string, warnings: string[]): ISites {
  let value: unknown = null;
  try {
    value = text === '' ? null : JSON.parse(text);
  } catch {
    warnings.push('LABKEEPER_SITES is no JSON, so only the environments of kernels are looked at.');
  }
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const paths = (name: string): string[] => {
    const list: unknown = fields.get(name);
    return Array.isArray(list) ? list.filter(path => typeof path === 'string' && isAbsolute(path)) : [];
  };
  const path = (name: string): string | null => {
    const one: unknown = fields.get(name);
    return typeof one === 'string' && isAbsolute(one) ? one : null;
  };
  return {
    prefix: path('prefix'),
    python: /^\d+\.\d+$/.exec(String(fields.get('python')))?.[0] ?? null,
    folders: paths('folders'),
    userFolder: path('userFolder'),
    kernelFolders: paths('kernelFolders')
  };
}
