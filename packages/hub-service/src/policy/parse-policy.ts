import { packagesMistakes } from '@labkeeper/core';
import { Policy } from '@labkeeper/protocol';
import { parseToml, refuseMistakes } from './parse-toml.js';

export { POLICY_BYTES, PolicyError } from './parse-toml.js';

const PERIOD = 'a period from 30 days to 100 years, such as "7 years", "18 months" or "90 days"';
const TEXTS = 'a list of 1 to 500 texts';
const DAYS = 'a whole number of days from 1 to 36600';
/** In words, where a schema's own are for programs. */
const EXPECTED = new Map<string, string>([
  ...(['installs', 'disk', 'streams', 'looks'] as const).map(name => [name, PERIOD] as const),
  ['share', 'a number from 0 to 1'],
  ['hubs', 'a list of 1 to 200 names of hubs'],
  ['people', 'a list of 1 to 200 names at a hub, such as "ana@main"'],
  ['support', 'at most 100 entries that begin with [[support]]'],
  ['groups', 'a list of 1 to 200 names of groups'],
  ['images', 'a list of 1 to 200 patterns'],
  ['reason', 'a text of 1 to 500 characters'],
  ['days', 'a whole number from 1 to 400'],
  ['switch', 'at most 500 entries that begin with [[switch]]'],
  ['packages', 'a table, [packages]'],
  ['packages.rule', 'at most 500 entries that begin with [[packages.rule]]'],
  ['packages.rule.id', 'a short name: a-z, 0-9 and single dashes between them, 32 characters at most'],
  ['packages.rule.version', 'a specifier of PEP 440, such as ">=1.2,<2"'],
  ['packages.rule.next', 'a text of 1 to 500 characters'],
  ...(['names', 'licences', 'advisories', 'indexes', 'hubs', 'groups', 'images'] as const).map(
    name => [`packages.rule.${name}`, TEXTS] as const
  ),
  ...(['min_age_days', 'younger_than_days'] as const).map(name => [`packages.rule.${name}`, DAYS] as const)
]);

/**
 * Reads a policy file, strictly: what is not known is a mistake.
 *
 * @param file - its name, for messages.
 * @throws PolicyError
 */
export function parsePolicy(bytes: Uint8Array, file: string): Policy {
  const { value, text } = parseToml(Policy, bytes, file, EXPECTED);
  const mistakes = value.packages === undefined ? [] : packagesMistakes(value.packages);
  refuseMistakes(
    mistakes.map(mistake => ({ ...mistake, path: ['packages', ...mistake.path] })),
    text,
    file
  );
  return value;
}
