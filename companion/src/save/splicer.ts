import type { serverHello } from '@labkeeper/protocol';
import type * as v from 'valibot';
import type { Log } from '../log.js';
import { canSign } from '../recovery/notebook-signature.js';
import { spliceApart } from '../recovery/splice-apart.js';
import type { Splices } from './splices.js';

/** Where the server's documents are, and how it trusts them. */
export type IDocumentFiles = Pick<
  v.InferOutput<typeof serverHello.params>,
  'rootDir' | 'plainFiles' | 'signatures'
>;

/** Puts what changed into a file; null = nothing here may write documents. */
type Splicer = ConstructorParameters<typeof Splices>[0]['splice'];

export interface ISplicerOptions {
  readonly home: string | null;
  readonly serverName: string;
  readonly boot: string;
  /** null = nothing is recovered, and nothing spliced. */
  readonly recoveryProgram: string | null;
  readonly log: Log;
}

/** The splicer for the server's files, in a process of its own. */
export function splicerOf(
  { home, serverName, boot, recoveryProgram, log }: ISplicerOptions,
  server: IDocumentFiles
): Splicer {
  const { rootDir } = server;
  if (home === null || recoveryProgram === null || !server.plainFiles) {
    return null;
  }
  const program = { nodePath: process.execPath, scriptPath: recoveryProgram };
  const isSigned = canSign();
  if (!isSigned) {
    log(
      `Node ${process.versions.node} has no SQLite: outputs of notebooks that are saved in place are not trusted when they are opened again. From 22.13 on it has.`
    );
  }
  return ({ run, seq, trusted }, bytes) => {
    const signatures = trusted && isSigned ? (server.signatures ?? null) : null;
    return spliceApart(program, { home, serverName, boot, run, rootDir, seq, signatures }, bytes);
  };
}
