import { reasonOf } from '../failure.js';
import { sha256Hex } from '../sha256.js';
import { parsePolicy, PolicyError } from './parse-policy.js';
import { policyDoubts } from './policy-doubts.js';
import { PolicyFile } from './policy-file.js';

/**
 * Says whether a policy file can be used, in one line, and changes nothing. Where it can, a line more for each thing in it
 * that its author hardly means.
 *
 * @returns the exit status: 0 = it can, 1 = it cannot, 2 = it cannot be read.
 */
export async function checkPolicyCommand(path: string, say: (line: string) => void): Promise<number> {
  try {
    const look = await new PolicyFile(path).look(true);
    if (look.kind !== 'read') {
      say(`${path}: expected a file, got none.`);
      return 2;
    }
    const policy = parsePolicy(look.bytes, path);
    const parts = [counted(policy.switch.length, 'switch', 'switches')];
    if (policy.packages) {
      const { mode, rule } = policy.packages;
      parts.push(`packages: ${mode}, ${counted(rule.length, 'rule', 'rules')}`);
    }
    say(`${path}: ${parts.join(', ')}, policy ${sha256Hex(look.bytes).slice(0, 16)}.`);
    policyDoubts(policy, look.bytes, path).forEach(say);
    return 0;
  } catch (error) {
    say(error instanceof PolicyError ? error.message : `${path}: ${reasonOf(error)}.`);
    return error instanceof PolicyError ? 1 : 2;
  }
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}
