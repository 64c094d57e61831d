import type { ISpooledFacts } from '@labkeeper/core';
import { AuditRecord, parseShape } from '@labkeeper/protocol';
import type { Spool } from './spool.js';

/**
 * What lies in the spool, newest first: the own stream, and what earlier companions left to be sent.
 *
 * @param acknowledged - how far the hub has a stream; 0 = nothing of it, as far as is known.
 * @param most - records, at most.
 * @throws the system's error.
 */
export async function spooledFacts(
  { own, earlier }: Pick<Spool, 'own' | 'earlier'>,
  acknowledged: (boot: string) => number,
  most: number
): Promise<ISpooledFacts[]> {
  const facts: ISpooledFacts[] = [];
  for (const stream of [own, ...[...earlier.waiting].reverse()]) {
    const { boot } = stream;
    const reached = acknowledged(boot);
    for (const { bytes, head } of await stream.newest(most - facts.length)) {
      facts.push({
        boot,
        seq: head.seq,
        record: parseShape(AuditRecord, bytes.toString('utf8', 0, bytes.indexOf('\n'))),
        isAcknowledged: head.seq <= reached
      });
    }
  }
  return facts;
}
