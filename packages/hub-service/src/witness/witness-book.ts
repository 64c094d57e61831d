import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { canonicalJson, witnessText, type IWitnessed, type IVerifyTools } from '@labkeeper/core';
import { parseShape, WitnessLine, type WitnessStatement } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';

/** The last of one log. */
export interface ILastSigned extends IWitnessed {
  readonly signer: string;
  readonly statement: WitnessStatement;
}

/** Everything that a witness ever signed: a file that is only added to. Blocking: one line at a time is the point. */
export class WitnessBook {
  /** @param publicKey - raw, base64url: every line has to be by it. @throws when the file is not as it was written. */
  constructor(
    private readonly path: string,
    publicKey: string,
    tools: Pick<IVerifyTools, 'verify' | 'fromBase64Url'>
  ) {
    const raw = tools.fromBase64Url(publicKey) ?? new Uint8Array(0);
    this.read().forEach((text, i) => {
      const line = parseShape(WitnessLine, text);
      const statement = line?.statement;
      const signature = statement && tools.fromBase64Url(statement.signature);
      const holds =
        statement?.publicKey === publicKey &&
        signature &&
        tools.verify(raw, witnessText(statement.body), signature);
      if (!line || !holds) {
        throw new Error(`${path}, line ${i + 1}: it is not as I wrote it. Put the file back from a backup.`);
      }
      this.remember(line.statement, line.signer);
    });
  }

  last(log: string): ILastSigned | null {
    return this.byLog.get(log) ?? null;
  }

  get logs(): number {
    return this.byLog.size;
  }

  /** Durable when it returns. @throws when it cannot be written: then nothing may be answered. */
  add(statement: WitnessStatement, signer: string): void {
    const file = openSync(this.path, 'a', 0o600);
    try {
      writeSync(file, `${canonicalJson({ statement, signer })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.remember(statement, signer);
  }

  private remember(statement: WitnessStatement, signer: string): void {
    const { log, ...body } = statement.body;
    this.byLog.set(log, { ...body, signer, statement });
  }

  /** A line without its newline was being written when the machine stopped, and nobody was told: it is cut off by a newline. */
  private read(): readonly string[] {
    let text = '';
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        throw error;
      }
    }
    const lines = text.split('\n').filter(line => line !== '');
    if (text !== '' && !text.endsWith('\n')) {
      throw new Error(
        `${this.path}: its last line was cut short, and no service was told of it: remove that line, and start again.`
      );
    }
    return lines;
  }

  private readonly byLog = new Map<string, ILastSigned>();
}
