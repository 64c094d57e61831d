import { readFirstHub } from './read-first-hub.js';
import { readHubsFile, type IFirstHub } from './read-hubs-file.js';

/** What the check is given by its process. */
export interface ICheckHubs {
  /** What comes after `check-hubs`: the file, and maybe what the service calls its first hub. */
  readonly words: readonly string[];
  /** Those of the service, as far as they are known. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Takes one line, without its end. */
  readonly print: (line: string) => void;
}

/**
 * `check-hubs FILE [FIRST]`: whether the service could use a file of further hubs, read as its start does. No hub is asked.
 *
 * @returns the program's exit code: 0 = all of it can be used, as far as it was looked at; 1 = something cannot.
 */
export async function checkHubsCommand({ words, variables, print }: ICheckHubs): Promise<number> {
  const [path = 'hubs.toml', id] = words;
  const told = readFirstHub(variables);
  const first = id === undefined ? told : { ...told, id };
  const { hubs, troubles } = await readHubsFile(path, first);
  troubles.forEach(({ sentence }) => print(sentence));
  if (troubles.length === 0) {
    const names = hubs.map(hub => hub.id).join(', ');
    print(`${path}: ${hubs.length === 0 ? 'names no further hub.' : `can be used: ${names}.`}`);
  }
  if (hubs.length > 0) {
    notChecked(first).forEach(print);
  }
  return troubles.length > 0 ? 1 : 0;
}

/** Where the first hub's address is not known, this is not the service's environment: nothing is known of its pages either. */
function notChecked({ apiUrl, pagesOrigin }: IFirstHub): readonly string[] {
  if (apiUrl !== null) {
    return [];
  }
  return [
    "not checked: that none of them is the service's own hub; JUPYTERHUB_API_URL says no address.",
    ...(pagesOrigin === null
      ? ["not checked: that none has the pages' host; LABKEEPER_PAGES_URL says no address."]
      : [])
  ];
}
