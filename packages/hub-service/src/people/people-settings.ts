/** What is needed to know the people who come to the pages. */
export interface IPeopleSettings {
  /** How this service calls the hub in its records. */
  readonly hub: string;
  readonly serviceName: string;
  /** Scheme, host and port of the pages' own host, without a slash at the end. */
  readonly origin: string;
  /** What the Host header says there. */
  readonly host: string;
  /** Served by https: cookies are for https only. */
  readonly secure: boolean;
  readonly clientId: string;
  /** As it is registered at JupyterHub, to the letter. */
  readonly redirectUri: string;
  /** The hub's own address for browsers, with `/hub/` at the end. */
  readonly hubUrl: string;
}

/** The pages cannot be served as configured; the message is a sentence for the administrator. */
export class PeopleSettingsError extends Error {
  override readonly name = 'PeopleSettingsError';
}

/**
 * Reads the variables. An empty variable counts as not set.
 *
 * @returns null - no LABKEEPER_PAGES_URL: there are no pages.
 * @throws PeopleSettingsError
 */
export function readPeopleSettings(
  variables: Readonly<Record<string, string | undefined>>
): IPeopleSettings | null {
  const text = (name: string): string | null => variables[name]?.trim() || null;
  const pages = text('LABKEEPER_PAGES_URL');
  if (pages === null) {
    return null;
  }
  const url = webAddress('LABKEEPER_PAGES_URL', pages);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new PeopleSettingsError(
      `LABKEEPER_PAGES_URL is ${pages}: the pages need a host name of their own, without a path.`
    );
  }
  const serviceName = text('JUPYTERHUB_SERVICE_NAME') ?? 'labkeeper';
  const hubUrl = hubAddress(text);
  // Another port is not enough: browsers send cookies to every port of a host, so to every user's server.
  if (new URL(hubUrl).hostname === url.hostname) {
    throw new PeopleSettingsError(
      `LABKEEPER_PAGES_URL has the hub's own host ${url.hostname}: every user's page could act there in a reader's name.`
    );
  }
  return {
    hub: text('LABKEEPER_HUB_ID') ?? 'hub',
    serviceName,
    origin: url.origin,
    host: url.host,
    secure: url.protocol === 'https:',
    clientId: text('JUPYTERHUB_CLIENT_ID') ?? `service-${serviceName}`,
    // Not `url.origin`: JupyterHub compares letters, and the administrator's glue wrote them from the same variable.
    redirectUri: `${pages.replace(/\/+$/, '')}/oauth_callback`,
    hubUrl
  };
}

/** The hub for browsers: its API is where only servers reach it. */
function hubAddress(text: (name: string) => string | null): string {
  const host = text('JUPYTERHUB_HOST');
  const named =
    text('LABKEEPER_HUB_PUBLIC_URL') ??
    text('JUPYTERHUB_PUBLIC_HUB_URL') ??
    (host === null ? null : `${host.replace(/\/+$/, '')}${text('JUPYTERHUB_BASE_URL') ?? '/'}`);
  if (named === null) {
    throw new PeopleSettingsError(
      'LABKEEPER_HUB_PUBLIC_URL is not set: the pages do not know where people sign in. It is the address of JupyterHub in a browser.'
    );
  }
  const url = webAddress('LABKEEPER_HUB_PUBLIC_URL', named);
  const path = url.pathname.replace(/\/*$/, '/');
  return `${url.origin}${path.endsWith('/hub/') ? path : `${path}hub/`}`;
}

function webAddress(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new PeopleSettingsError(
      `${name} is "${text}", it should be an address such as https://name.example.org.`
    );
  }
  return url;
}
