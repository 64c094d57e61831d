import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  canonicalJson,
  digestText,
  leafHash,
  merkleRoot,
  NO_HASH,
  opaqueEntry,
  receiptText,
  recordEntry,
  type ISignedDigest
} from '@labkeeper/core';
import type { AuditRecord, ExportKey, SignedReceipt } from '@labkeeper/protocol';
import type { IExportSigner, IExportSource, ILoggedEntry } from '../../src/export/export-source.js';
import { sha256, sha256Hex } from '../../src/sha256.js';
import type { ILogFilter } from '../../src/store/log-reader.js';

const NOW_MS = 1_795_000_000_000;
/** Not an easy one for whoever looks for its end. */
const HUB = 'hub "one"\\';

/** A UUID that a number stands for. */
export function uuid(kind: number, number: number): string {
  return `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** A signing key as the service has one. */
export class MadeKey implements IExportSigner {
  constructor(pair = generateKeyPairSync('ed25519')) {
    this.privateKey = pair.privateKey;
    this.publicKey = pair.publicKey.export({ format: 'jwk' }).x ?? '';
    this.fingerprint = sha256Hex(Buffer.from(this.publicKey, 'base64url'));
    this.signingKeyId = this.fingerprint.slice(0, 16);
  }

  readonly publicKey: string;
  readonly fingerprint: string;
  readonly signingKeyId: string;

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.privateKey).toString('base64url');
  }

  private readonly privateKey: KeyObject;
}

/** What a made log is like. */
export interface IMadeLog {
  readonly key: MadeKey;
  readonly records: number;
  readonly streams: number;
  /** Records of each digest. */
  readonly digestRecords: number;
  /** Records at the end that no digest covers. */
  readonly uncovered: number;
  /** What its owner changed when she re-made it: record by index. */
  readonly remade?: (record: AuditRecord, index: number) => AuditRecord;
  /** Which log it says it is; another one where its owner began anew. */
  readonly log?: string;
  /** When each record came, epoch ms, by its index. */
  readonly receivedMs?: (index: number) => number;
  /** When digests say that they were closed, epoch ms. */
  readonly closedMs?: number;
}

interface IStream {
  seq: number;
  head: string;
}

/** A log made of numbers, with real hashes and signatures: the same numbers give the same log. */
export class MadeLog implements IExportSource {
  constructor(readonly made: IMadeLog) {
    this.id = made.log ?? uuid(9, 9);
    for (let index = 0; index < made.records; index++) {
      this.append(index);
    }
    for (
      let first = 0;
      first + made.digestRecords <= made.records - made.uncovered;
      first += made.digestRecords
    ) {
      this.close(first, made.digestRecords);
    }
  }

  readonly id: string;
  readonly lines: ILoggedEntry[] = [];
  readonly signedDigests: ISignedDigest[] = [];

  log(): Promise<string> {
    return Promise.resolve(this.id);
  }

  end(): Promise<number> {
    return Promise.resolve(this.lines.length);
  }

  async *entries(
    firstIndex: number,
    endIndex: number,
    filter: ILogFilter | null,
    isPersonal: boolean
  ): AsyncGenerator<ILoggedEntry> {
    for (const line of this.lines.slice(firstIndex, endIndex)) {
      if (filter?.package === undefined || line.entry.includes(`"name":"${filter.package}"`)) {
        yield isPersonal ? line : { ...line, personal: null };
      }
    }
  }

  async *leaves(firstIndex: number, endIndex: number): AsyncGenerator<Uint8Array> {
    yield* this.leafList(firstIndex, endIndex);
  }

  digests(firstIndex: number, endIndex: number): Promise<readonly { readonly signed: string }[]> {
    return Promise.resolve(
      this.signedDigests
        .filter(({ body }) => body.firstIndex < endIndex && body.firstIndex + body.count > firstIndex)
        .map(digest => ({ signed: canonicalJson(digest) }))
    );
  }

  keys(): Promise<readonly ExportKey[]> {
    const { signingKeyId: id, publicKey } = this.made.key;
    return Promise.resolve([{ id, publicKey, fromMs: NOW_MS }]);
  }

  /** The receipt that was given for the record at an index. */
  receipt(index: number): SignedReceipt {
    const { key } = this.made;
    const place = this.places[index];
    const body = {
      hub: HUB,
      stream: uuid(1, place?.stream ?? 0),
      boot: uuid(2, place?.stream ?? 0),
      first: place?.seq ?? 1,
      seq: place?.seq ?? 1,
      head: place?.hash ?? NO_HASH,
      firstIndex: index,
      receivedAtMs: NOW_MS + index
    };
    return { body, key: key.signingKeyId, signature: key.sign(receiptText(body)) };
  }

  private append(index: number): void {
    // Neither in turn nor by chance: streams begin and go on at different times.
    const stream = (index * 3 + Math.floor(index / 5)) % this.made.streams;
    const state = this.states.get(stream) ?? { seq: 0, head: NO_HASH };
    const seq = state.seq + 1;
    const frame = {
      hub: HUB,
      person: uuid(3, stream % 3),
      server: uuid(4, stream),
      stream: uuid(1, stream),
      seq,
      receivedAtMs: this.made.receivedMs?.(index) ?? NOW_MS + index
    };
    const personal =
      index % 4 === 1 ? canonicalJson({ argv: ['pip', 'install', `x${index}`], salt: '0'.repeat(32) }) : null;
    if (index % 97 === 13) {
      const bytes = Buffer.from([0xff, 0x00, index % 256, 0x7b]);
      this.lines.push({ index, entry: opaqueEntry(frame, bytes.toString('base64')), personal: null });
      this.advance(index, stream, seq, sha256Hex(bytes));
      return;
    }
    const record = this.record(index, stream, seq, state.head, personal);
    const line = canonicalJson(this.made.remade?.(record, index) ?? record);
    this.lines.push({ index, entry: recordEntry(frame, line), personal });
    this.advance(index, stream, seq, sha256Hex(line));
  }

  private record(
    index: number,
    stream: number,
    seq: number,
    prev: string,
    personal: string | null
  ): AuditRecord {
    const isGap = index % 41 === 40;
    return {
      schema: 'labkeeper.install/1',
      eventId: uuid(5, index),
      boot: uuid(2, stream),
      seq,
      prev,
      occurredAtMs: NOW_MS + index,
      observedAtMs: NOW_MS + index,
      action: isGap ? 'gap' : seq === 1 ? 'opened' : 'install',
      personal: personal === null ? null : sha256Hex(personal),
      surface: 'terminal',
      tool: { name: 'pip', version: '25.3' },
      environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
      package: isGap
        ? null
        : {
            ecosystem: 'pypi',
            name: `pack-${index % 5}`,
            version: '1.0',
            requested: true,
            installer: 'pip',
            recordDigest: sha256Hex(`${index}`),
            files: index,
            origin: 'index'
          },
      decision: null,
      outcome: { ok: true, code: 0 },
      evidence: [{ source: 'disk', ref: 'é "},"seq":1,"server":"a","stream":"b"}' }],
      gap: isGap ? { cause: index % 2 === 0 ? 'spool-lost' : 'clock-step', sinceMs: NOW_MS, count: 3 } : null
    };
  }

  private advance(index: number, stream: number, seq: number, head: string): void {
    this.states.set(stream, { seq, head });
    this.places[index] = { stream, seq, hash: head };
  }

  private close(firstIndex: number, count: number): void {
    const { key } = this.made;
    const before = this.signedDigests.at(-1);
    const body = {
      log: this.id,
      number: this.signedDigests.length,
      firstIndex,
      count,
      root: Buffer.from(merkleRoot(sha256, this.leafList(firstIndex, firstIndex + count))).toString('hex'),
      previous: before ? sha256Hex(canonicalJson(before)) : NO_HASH,
      closedAtMs: this.made.closedMs ?? NOW_MS + firstIndex + count
    };
    this.signedDigests.push({ body, key: key.signingKeyId, signature: key.sign(digestText(body)) });
  }

  private leafList(firstIndex: number, endIndex: number): Uint8Array[] {
    return this.lines.slice(firstIndex, endIndex).map(({ entry }) => leafHash(sha256, Buffer.from(entry)));
  }

  private readonly states = new Map<number, IStream>();
  private readonly places: { readonly stream: number; readonly seq: number; readonly hash: string }[] = [];
}
