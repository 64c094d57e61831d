import * as v from 'valibot';

/** Hubs of one file, at most. */
export const MOST_HUBS = 100;

/** As `labkeeper.hub.configure` takes it. It stands in addresses. */
export const HubId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/));
/** What a header can carry. */
const Secret = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{8,128}$/));
const File = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const Name = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/));
/** Of an address, as it was written and as it is kept; acts have room for it, with `/hub/` at its end. */
const ADDRESS = 2048;
const Address = v.pipe(v.string(), v.maxLength(ADDRESS), v.check(isAddress));

/** One `[[hub]]` of the file that `LABKEEPER_HUBS` names. */
export const HubEntry = v.strictObject({
  id: HubId,
  /** Its REST API, as the service reaches it. */
  api_url: Address,
  /** Where browsers reach it. */
  public_url: Address,
  /** What that hub calls the service. */
  service_name: v.optional(Name, 'labkeeper'),
  /** Of the service's OAuth client there. */
  client_id: v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/))),
  /** Without either it is the token, as JupyterHub makes it. */
  client_secret: v.optional(Secret),
  client_secret_file: v.optional(File),
  /** The service's own at that hub. */
  token: v.optional(Secret),
  token_file: v.optional(File)
});
export type HubEntry = v.InferOutput<typeof HubEntry>;

/** A hub that the service trusts beside the one of its environment. */
export interface IHubSettings {
  readonly id: string;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** For browsers, with `/hub/` at its end. */
  readonly publicUrl: string;
  readonly serviceName: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly token: string;
}

/** Something in the file that is not as it should be. */
export interface IHubTrouble {
  /** null = it cannot be said of which hub. */
  readonly id: string | null;
  /** Names file and line, and what was expected. Never with what stands there: it may be a secret. */
  readonly sentence: string;
}

/** What the file says. What is wrong with one hub is left out, and keeps no other out. */
export interface IHubsFile {
  readonly hubs: readonly IHubSettings[];
  readonly troubles: readonly IHubTrouble[];
  /** Whether there is not one byte in it. */
  readonly isEmpty: boolean;
  /** Files of secrets that it names. */
  readonly files: readonly string[];
}

/** In words, where a schema's own are for programs. */
export const EXPECTED = new Map<string, string>([
  ['id', '1 to 64 letters, digits and . _ -'],
  ['api_url', "the address of the hub's API, such as https://hub.example.org/hub/api"],
  ['public_url', 'the address of the hub for browsers, such as https://hub.example.org/'],
  ['service_name', 'small letters, digits and . _ -'],
  ['client_id', 'at most 255 letters without spaces'],
  ['client_secret', 'a text of 8 to 128 characters without spaces'],
  ['client_secret_file', 'the path of a file'],
  ['token', 'a text of 8 to 128 characters without spaces'],
  ['token_file', 'the path of a file']
]);

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    // What is written short may be long when its letters are escaped.
    url.href.length <= ADDRESS &&
    ['http:', 'https:'].includes(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every(part => part === '')
  );
}
