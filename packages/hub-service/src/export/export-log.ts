import { createHash } from 'node:crypto';
import { canonicalJson, exportText } from '@labkeeper/core';
import {
  EXPORT_FORMAT,
  parseShape,
  RETIRED_FORMAT,
  SignedDigest,
  type ExportFilter,
  type ExportHead
} from '@labkeeper/protocol';
import type { ILogFilter } from '../store/log-reader.js';
import { blocks } from './blocks.js';
import { DigestProofs } from './digest-proofs.js';
import { GoneLines } from './gone-lines.js';
import {
  ExportRangeError,
  type IExportOut,
  type IExportRange,
  type IExportSigner,
  type IExportSource,
  type ILoggedEntry
} from './export-source.js';
import { unsignable } from './vanished.js';

/** What an export is made of. */
export interface IExportParts {
  readonly source: IExportSource;
  readonly signer: IExportSigner;
  readonly out: IExportOut;
  /** Where personal parts go, in the clear; null = nowhere. */
  readonly personalOut: IExportOut | null;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Of the records before this index none had vanished a moment ago; absent = nobody has counted yet. */
  readonly countedEnd?: number;
}

/** What was written. */
export interface IExported {
  readonly records: number;
  readonly firstIndex: number;
  readonly endIndex: number;
}

/**
 * Writes an export that `labkeeper verify` can read: head, entries, digests, and a last line with the hash of everything
 * before it and the signature. Holds a block of entries at a time, the digests of the range, and with a filter the tree
 * of one digest. With a filter it ends where the digests end, since each of its lines needs a proof.
 *
 * @throws ExportRangeError before anything is written, and an error where with a filter one of the range has vanished.
 */
export async function exportLog(parts: IExportParts, range: IExportRange): Promise<IExported> {
  const { source, signer, out, personalOut } = parts;
  const { firstIndex } = range;
  const logEnd = await source.end();
  const stored = await source.digests(firstIndex, Math.min(range.endIndex ?? logEnd, logEnd));
  const all = stored.map(({ signed }) => signedDigest(signed));
  const endIndex = endOf(range, logEnd, all);
  const digests = all.filter(({ body }) => body.firstIndex < endIndex);
  const filter = range.filter && filterMembers(range.filter);
  const trouble = filter && (await unsignable(source, Math.max(firstIndex, parts.countedEnd ?? 0), endIndex));
  if (trouble !== null) {
    throw new Error(trouble);
  }
  const rotations = (await source.rotations?.()) ?? [];
  const head: ExportHead = {
    labkeeperExport: (await isThinned(source, firstIndex, endIndex)) ? RETIRED_FORMAT : EXPORT_FORMAT,
    log: await source.log(),
    createdAtMs: parts.nowMs,
    ...{ filter, firstIndex, endIndex },
    keys: (await source.keys()).map(({ id, publicKey, fromMs }) => ({ id, publicKey, fromMs })),
    ...(rotations.length > 0 ? { rotations: [...rotations] } : {})
  };
  const lines = new HashedLines(out);
  await lines.write([JSON.stringify(head)]);
  const proofs = filter && new DigestProofs(source, digests);
  const gone = new GoneLines(source, firstIndex);
  let count = 0;
  for await (const block of blocks(
    source.entries(
      firstIndex,
      endIndex,
      range.filter,
      personalOut !== null,
      filter === null ? leftToVerify : undefined
    )
  )) {
    count += block.length;
    await proofs?.load(block);
    for await (const some of proofs
      ? [block.map(entry => proofs.line(entry))]
      : gone.around(block, plainLine)) {
      await lines.write(some);
    }
    await personalOut?.write(Buffer.from(block.map(personalLine).join('')));
  }
  for await (const some of proofs ? [] : gone.rest(endIndex)) {
    await lines.write(some);
  }
  await lines.write(digests.map(digest => `{"digest":${canonicalJson(digest)}}`));
  for await (const { index, record } of source.retirements?.(firstIndex, endIndex) ?? []) {
    await lines.write([`{"retire":{"index":${index},"record":${record}}}`]);
  }
  const [firstDigest, lastDigest] = [digests[0], digests.at(-1)];
  if (source.anchors && firstDigest && lastDigest) {
    const anchors = await source.anchors(firstDigest.body.number, lastDigest.body.number);
    await lines.write(anchors.map(anchor => `{"anchor":${anchor}}`));
  }
  const body = { lines: lines.count, sha256: lines.hex(), filter, firstIndex, endIndex, count };
  const end = { body, key: signer.signingKeyId, signature: signer.sign(exportText(body)) };
  await lines.write([canonicalJson({ end })]);
  return { records: count, firstIndex, endIndex };
}

/** Whether retention deleted something of the range. What it deletes while the export is written is told all the same. */
async function isThinned(source: IExportSource, firstIndex: number, endIndex: number): Promise<boolean> {
  for await (const act of source.retirements?.(firstIndex, endIndex) ?? []) {
    return act.index >= 0;
  }
  return false;
}

/** Of a whole range verify says what is missing of it: a log that was damaged can be taken away as it is. */
function leftToVerify(): Promise<void> {
  return Promise.resolve();
}

function plainLine({ index, entry }: ILoggedEntry): string {
  return `{"index":${index},"entry":${entry}}`;
}

function personalLine({ index, personal }: ILoggedEntry): string {
  return personal === null ? '' : `{"index":${index},"personal":${personal}}\n`;
}

function signedDigest(text: string): SignedDigest {
  const digest = parseShape(SignedDigest, text);
  if (!digest) {
    throw new Error('A digest in the database cannot be read.');
  }
  return digest;
}

function endOf(
  { filter, firstIndex, endIndex }: IExportRange,
  logEnd: number,
  digests: readonly SignedDigest[]
): number {
  const last = digests.at(-1)?.body;
  const covered = last ? last.firstIndex + last.count : firstIndex;
  const asked = Math.min(endIndex ?? logEnd, logEnd);
  if (firstIndex > asked) {
    throw new ExportRangeError(
      `There is no range from record ${firstIndex} to ${endIndex ?? logEnd}: the log ends before record ${logEnd}.`
    );
  }
  return filter === null ? asked : Math.min(asked, covered);
}

function filterMembers(filter: ILogFilter): ExportFilter {
  const members: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(filter)) {
    if (typeof value === 'string' || typeof value === 'number') {
      members[name] = value;
    }
  }
  return members;
}

/** Lines on their way out, counted and hashed. */
class HashedLines {
  constructor(private readonly out: IExportOut) {}

  get count(): number {
    return this.lines;
  }

  async write(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) {
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      this.lines += lines.length;
      this.hash.update(bytes);
      await this.out.write(bytes);
    }
  }

  /** Of every byte so far, hexadecimal. */
  hex(): string {
    return this.hash.copy().digest('hex');
  }

  private readonly hash = createHash('sha256');
  private lines = 0;
}
