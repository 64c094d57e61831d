import {
  announcedDigests,
  announcedRetirements,
  ExportVerifier,
  type IAnchors,
  type IVerifyReport
} from '@labkeeper/core';
import { exportLog } from '../../src/export/export-log.js';
import type { IExportOut, IExportRange, IExportSigner } from '../../src/export/export-source.js';
import { nodeVerifyTools } from '../../src/verify/node-tools.js';
import type { MadeLog } from './made-log.js';

/** An export and its personal parts, in memory. */
export interface IExportedBytes {
  readonly bytes: Buffer;
  readonly personal: Buffer;
}

/** Takes what is written into memory. */
export class Kept implements IExportOut {
  private readonly parts: Uint8Array[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.parts.push(bytes);
    return Promise.resolve();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

export async function exported(
  log: MadeLog,
  range: Partial<IExportRange> = {},
  signer: IExportSigner = log.made.key
): Promise<IExportedBytes> {
  const [out, personalOut] = [new Kept(), new Kept()];
  await exportLog(
    { source: log, signer, out, personalOut, nowMs: 1_795_000_100_000 },
    { filter: null, firstIndex: 0, endIndex: null, ...range }
  );
  return { bytes: out.bytes, personal: personalOut.bytes };
}

export const NO_ANCHORS: IAnchors = { fingerprints: [], receipts: [], digests: [] };

const tools = nodeVerifyTools();

/** @param blockBytes - the bytes come in pieces of this size. */
export function verified(
  bytes: Buffer,
  anchors: Partial<IAnchors> = {},
  personal: Buffer | null = null,
  blockBytes = 4096
): IVerifyReport {
  const verifier = new ExportVerifier(tools, {
    digests: announcedDigests(linesOf(bytes).reverse(), tools),
    retirements: announcedRetirements(linesOf(bytes).reverse(), tools),
    anchors: { ...NO_ANCHORS, ...anchors },
    personal: personal && nextOf(linesOf(personal))
  });
  // One block that is overwritten, as a program reads a file.
  const block = Buffer.alloc(blockBytes);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const length = bytes.copy(block, 0, at, at + blockBytes);
    verifier.push(block.subarray(0, length));
  }
  return verifier.finish();
}

/** Lines without their newlines. */
export function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    lines.push(bytes.subarray(from, end === -1 ? bytes.length : end));
    from = end === -1 ? bytes.length : end + 1;
  }
  return lines;
}

/** Lines as a file. */
export function fileOf(lines: readonly Uint8Array[]): Buffer {
  return Buffer.concat(lines.flatMap(line => [line, Buffer.from('\n')]));
}

function nextOf(lines: Buffer[]): () => Uint8Array | null {
  return () => lines.shift() ?? null;
}
