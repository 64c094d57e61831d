import { verifyExport, type IAnchors, type IExportSource, type IVerifyReport } from '@labkeeper/core';
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
  return verifyExport(new MemorySource(bytes, blockBytes), tools, {
    anchors: { ...NO_ANCHORS, ...anchors },
    personal: personal && (() => nextOf(linesOf(personal)))
  });
}

/** A file in memory. */
class MemorySource implements IExportSource {
  constructor(
    private readonly bytes: Buffer,
    private readonly blockBytes: number
  ) {}

  *blocks(from = 0, to = Infinity): Generator<Uint8Array> {
    // One block that is overwritten, as a program reads a file.
    const block = Buffer.alloc(this.blockBytes);
    const end = Math.min(to, this.bytes.length);
    for (let at = from; at < end; at += this.blockBytes) {
      yield block.subarray(0, this.bytes.copy(block, 0, at, Math.min(end, at + this.blockBytes)));
    }
  }

  linesBackwards(from = 0, to = this.bytes.length): Iterable<Uint8Array> {
    return linesOf(this.bytes.subarray(from, to)).reverse();
  }
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
