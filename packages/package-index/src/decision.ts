/** What is known of a file before anybody has it. */
export interface IFileFacts {
  readonly ecosystem: 'pypi';
  /** Normalised: `foo-bar`. */
  readonly name: string;
  /** As the file's name says it; null = its name tells none. */
  readonly version: string | null;
  readonly filename: string;
  /** Epoch ms; null = the upstream index does not say. */
  readonly uploadedAtMs: number | null;
  /** null = the upstream index does not say. */
  readonly sizeBytes: number | null;
  /** The reason, which may be empty; null = not yanked. */
  readonly yanked: string | null;
  readonly requiresPython: string | null;
  readonly sha256: string | null;
  /** Id of the upstream index that the name belongs to. */
  readonly index: string;
}

/** What policy says of one file, and why, in words for people. */
export interface IDecision {
  readonly decision: 'allow' | 'warn' | 'deny' | 'require-approval';
  /** Id of the rule; null = none, it is the default. */
  readonly rule: string | null;
  /** A sentence; empty with `allow`. */
  readonly reason: string;
  /** A sentence; empty = there is nothing to do. */
  readonly whatNext: string;
  /** Epoch ms from which it is to be decided anew, as with a minimum age; null = holds as long as the policy does. */
  readonly untilMs: number | null;
}

/** Somebody who asks the index, with what policy says to them. */
export interface IAsker {
  /** For the record. */
  readonly who: string;
  /** Askers of one class get the same decisions under one version of the policy. */
  readonly decisionClass: string;
  /** Another one with everything that can change a decision, but for time. */
  readonly policyVersion: string;
  decide(file: IFileFacts): IDecision;
}

/** Whether a decision keeps the file from whoever asks. */
export function isRefused({ decision }: IDecision): boolean {
  return decision === 'deny' || decision === 'require-approval';
}
