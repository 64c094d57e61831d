import { packagesDoubts } from '@labkeeper/core';
import type { Policy } from '@labkeeper/protocol';
import { findLine } from './find-line.js';

/**
 * What a policy says that its author hardly means: sentences with file and line. It can be used all the same.
 *
 * @param bytes - of the file that the policy was read from.
 */
export function policyDoubts({ packages }: Policy, bytes: Uint8Array, file: string): readonly string[] {
  if (packages === undefined) {
    return [];
  }
  const text = new TextDecoder().decode(bytes);
  return packagesDoubts(packages).map(({ rule, sentence }) => {
    const path = rule === null ? ['packages', 'default'] : ['packages', 'rule', rule];
    return `${file}, line ${findLine(text, path)}: ${sentence}.`;
  });
}
