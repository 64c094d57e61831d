import { readHubsFile } from './read-hubs-file.js';

/**
 * `check-hubs FILE [FIRST]`: whether the service could use a file of further hubs. No hub is asked.
 *
 * @param firstId - what the service calls its first hub.
 * @param print - takes one line, without its end.
 * @returns the program's exit code: 0 = all of it can be used, 1 = something cannot.
 */
export async function checkHubsCommand(
  path: string,
  firstId: string,
  print: (line: string) => void
): Promise<number> {
  const { hubs, troubles } = await readHubsFile(path, { id: firstId, apiUrl: '', pagesOrigin: null });
  troubles.forEach(({ sentence }) => print(sentence));
  if (troubles.length > 0) {
    return 1;
  }
  const names = hubs.map(({ id }) => id).join(', ');
  print(`${path}: ${hubs.length === 0 ? 'names no further hub.' : `can be used: ${names}.`}`);
  return 0;
}
