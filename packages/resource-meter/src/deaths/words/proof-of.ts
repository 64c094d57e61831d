import type { Proof, Verdict } from '@labkeeper/protocol';

/** The first proof of one kind; null = the verdict has none. */
export function proofOf<K extends Proof['kind']>(
  verdict: Verdict,
  kind: K
): Extract<Proof, { kind: K }> | null {
  return verdict.proofs.find((proof): proof is Extract<Proof, { kind: K }> => proof.kind === kind) ?? null;
}
