import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  announcedAnchors,
  digestHash,
  timestampText,
  witnessText,
  type HolderKind,
  type IAnchors,
  type IHeldStatement,
  type IVerifyTools
} from '@labkeeper/core';
import {
  AnchorLine,
  parseShape,
  SignedDigest,
  WitnessLine,
  type Anchor,
  type WitnessStatement
} from '@labkeeper/protocol';
import {
  readCertificates,
  TimestampError,
  verifyToken,
  type IPinnedCertificate
} from '../anchors/timestamp-token.js';
import { isUnfinished } from '../anchors/write-once.js';
import { sha256Hex } from '../sha256.js';
import { InputError } from './input-error.js';
import { InputFile } from './input-file.js';
import { FILE_BYTES, fingerprintOf, withFile } from './read-anchors.js';

/** What was named on the command line. */
export interface IHolderFiles {
  /** Files and directories that hold digests, witnesses' statements or timestamps. */
  readonly anchors: readonly string[];
  /** Fingerprints of witnesses' keys. */
  readonly witnesses: readonly string[];
  /** Files with certificates of timestamp authorities (PEM). */
  readonly authorities: readonly string[];
  readonly isPart: boolean;
}

/** What they hold, checked. */
export type Held = Pick<IAnchors, 'digests' | 'statements' | 'pinned' | 'isPart'>;

const DIGEST_FILE = /^labkeeper-.*\.json$/;
const NAME_DIGITS = 16;

/** Reads what holders said, from the export and from files, and checks each by a pinned key or certificate. */
export async function readHolders(
  files: IHolderFiles,
  brought: readonly Anchor[],
  tools: IVerifyTools
): Promise<Held> {
  const witnesses = files.witnesses.map(fingerprintOf);
  const authorities = files.authorities.map(path => ({ path, certificates: certificatesOf(path) }));
  const pinned = authorities.flatMap(({ certificates }) => certificates);
  const reader = new Reader(tools, witnesses, pinned);
  for (const anchor of brought) {
    await reader.anchor(anchor, null);
  }
  for (const path of files.anchors) {
    await (isFolder(path) ? reader.folder(path) : reader.file(path));
  }
  return {
    digests: reader.digests,
    statements: reader.statements,
    isPart: files.isPart,
    pinned: [
      ...witnesses.map(name => holder('witness', name, witnessName(name))),
      ...authorities.map(({ path }) => holder('timestamp', path, null))
    ]
  };
}

/** @param who - null = anybody's of that kind, since only pinned ones' hold. */
function holder(kind: HolderKind, name: string, who: string | null) {
  return {
    ...{ kind, name },
    fits: (statement: IHeldStatement) =>
      statement.kind === kind && statement.trouble === null && (who === null || statement.holder === who)
  };
}

/** Statements as they come, and digests of write-once files. */
class Reader {
  constructor(
    private readonly tools: IVerifyTools,
    private readonly witnesses: readonly string[],
    private readonly pinned: readonly IPinnedCertificate[]
  ) {}

  readonly statements: IHeldStatement[] = [];
  readonly digests: { readonly name: string; readonly digests: readonly SignedDigest[] }[] = [];

  /** @param name - of the file; null = the export brings it. What it brings by one that is not pinned says nothing. */
  async anchor(anchor: Anchor, name: string | null): Promise<void> {
    if (anchor.kind === 'witness') {
      this.witness(anchor.statement, name);
    } else if (anchor.kind === 'timestamp') {
      await this.timestamp(anchor, name);
    }
  }

  async file(path: string): Promise<void> {
    const lines = withFile(path, file =>
      file
        .text(FILE_BYTES)
        .split('\n')
        .filter(line => line.trim() !== '')
    );
    const anchors = lines[0]?.startsWith('{"labkeeperExport":')
      ? exportedAnchors(path, this.tools)
      : lines.map(line => parseShape(AnchorLine, line)?.anchor ?? null);
    for (const [i, anchor] of anchors.entries()) {
      const statement = anchor === null ? parseShape(WitnessLine, lines[i] ?? '')?.statement : undefined;
      const digest = anchor === null ? parseShape(SignedDigest, lines[i] ?? '') : null;
      if (anchor) {
        await this.anchor(anchor, path);
      } else if (statement) {
        this.witness(statement, path);
      } else if (digest) {
        this.held(path, [digest]);
      } else {
        throw new InputError(`${path}, line ${i + 1}: it is nothing that holds a digest of Labkeeper.`);
      }
    }
  }

  /** A copy of a write-once directory, or the directory itself. */
  async folder(path: string): Promise<void> {
    const digests: SignedDigest[] = [];
    for (const name of readdirSync(path).sort()) {
      if (DIGEST_FILE.test(name)) {
        const text = textOf(join(path, name));
        const digest = parseShape(SignedDigest, text);
        if (digest) {
          digests.push(digest);
        } else if (!isContinued(path, name, text)) {
          const trouble = `its file ${name} cannot be read: it was altered, or cut short as it was written.`;
          this.add(
            'directory',
            path,
            path,
            { log: null, number: -1, sha256: '', endIndex: null, atMs: 0 },
            trouble
          );
        }
      } else if (name.endsWith('.jsonl')) {
        await this.file(join(path, name));
      }
    }
    this.held(path, digests);
  }

  private held(path: string, digests: readonly SignedDigest[]): void {
    this.digests.push({ name: path, digests });
    for (const digest of digests) {
      const { log, number, firstIndex, count, closedAtMs } = digest.body;
      const sha256 = digestHash(this.tools, digest);
      this.add('directory', path, path, {
        ...{ log, number, sha256, endIndex: firstIndex + count, atMs: closedAtMs }
      });
    }
  }

  private witness({ body, publicKey, signature }: WitnessStatement, name: string | null): void {
    const { tools } = this;
    const raw = tools.fromBase64Url(publicKey) ?? new Uint8Array(0);
    const fingerprint = sha256Hex(raw);
    if (!this.witnesses.includes(fingerprint)) {
      if (name !== null) {
        this.unpinned('witness', witnessName(fingerprint), name, body.number, '--witness');
      }
      return;
    }
    const made = tools.fromBase64Url(signature);
    const holds = made !== null && tools.verify(raw, witnessText(body), made);
    const { log, number, sha256, endIndex, signedAtMs } = body;
    this.add(
      'witness',
      witnessName(fingerprint),
      name,
      { log, number, sha256, endIndex, atMs: signedAtMs },
      holds ? null : 'its signature does not hold.'
    );
  }

  private async timestamp(
    anchor: Extract<Anchor, { kind: 'timestamp' }>,
    name: string | null
  ): Promise<void> {
    const { digest: number, sha256, token, place } = anchor;
    if (this.pinned.length === 0) {
      if (name !== null) {
        this.unpinned('timestamp', place, name, number, '--tsa');
      }
      return;
    }
    const about = { log: null, number, sha256, endIndex: null };
    try {
      const stamped = Buffer.from(timestampText(sha256));
      const { atMs, signer } = await verifyToken(Buffer.from(token, 'base64'), stamped, this.pinned);
      this.add('timestamp', `timestamp authority ${signer}`, name, { ...about, atMs });
    } catch (error) {
      if (!(error instanceof TimestampError)) {
        throw error;
      }
      this.add('timestamp', place, name, { ...about, atMs: 0 }, error.message);
    }
  }

  private unpinned(kind: HolderKind, who: string, name: string, number: number, option: string): void {
    const about = { log: null, number, sha256: '', endIndex: null, atMs: 0 };
    this.add(kind, who, name, about, `nothing is pinned that it could be checked with: give ${option}.`);
  }

  private add(
    kind: HolderKind,
    who: string,
    name: string | null,
    about: Pick<IHeldStatement, 'log' | 'number' | 'sha256' | 'endIndex' | 'atMs'>,
    trouble: string | null = null
  ): void {
    this.statements.push({ kind, holder: who, name, ...about, trouble });
  }
}

function exportedAnchors(path: string, tools: IVerifyTools): readonly Anchor[] {
  return withFile(path, (file: InputFile) => announcedAnchors(file.linesBackwards(), tools));
}

function witnessName(fingerprint: string): string {
  return `witness ${fingerprint.slice(0, NAME_DIGITS)}`;
}

function certificatesOf(path: string): readonly IPinnedCertificate[] {
  const pem = withFile(path, file => file.text(FILE_BYTES));
  try {
    return readCertificates(pem);
  } catch (error) {
    throw new InputError(`${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error
    });
  }
}

function textOf(path: string): string {
  return withFile(path, opened => opened.text(FILE_BYTES));
}

/** Writing it was cut short, and what it was to be was written to the next name. */
function isContinued(folder: string, name: string, text: string): boolean {
  const [, first = '', part = '0'] = /^(.*?)(?:\.(\d))?\.json$/.exec(name) ?? [];
  const next = join(folder, `${first}.${Number(part) + 1}.json`);
  return existsSync(next) && isUnfinished(text, textOf(next));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
