import { announcedDigests, NotAnExportError } from '@labkeeper/core';
import type { ExportKey } from '@labkeeper/protocol';
import { nodeVerifyTools } from '../src/verify/node-tools.js';
import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog, uuid } from './support/made-log.js';

const key = new MadeKey();
const log = new MadeLog({ key, records: 260, streams: 7, digestRecords: 20, uncovered: 33 });

/** What was found, one sentence after the other. */
function found(bytes: Buffer, ...rest: [Parameters<typeof verified>[1]?]): string {
  return verified(bytes, ...rest)
    .findings.first.map(({ what }) => what)
    .join(' ');
}

/** The export with its lines changed. */
async function with_(change: (lines: Buffer[]) => Buffer[]): Promise<Buffer> {
  return fileOf(change(linesOf((await exported(log)).bytes)));
}

/** Line of a record: the head is before it. */
const at = (index: number): number => index + 1;

describe('an export', () => {
  it('is whole, says what is in it, and that nothing anchors it', async () => {
    const { bytes, personal } = await exported(log);
    const report = verified(bytes, {}, personal);
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({
      outcome: 'consistent',
      isAnchored: false,
      signer: { fingerprint: key.fingerprint, isPinned: null },
      records: 260,
      proven: 220,
      streams: { count: 7, unbroken: 7, partial: 0 },
      digests: { count: 11, whole: 11, partial: 0, first: 0, last: 10 },
      unreadable: { count: 3 },
      gaps: { count: 6, byCause: { 'spool-lost': 3, 'clock-step': 3 } },
      personal: { unprovable: 0, absent: 0 }
    });
    expect(report.personal?.same).toBe(log.lines.filter(({ personal }) => personal !== null).length);
    expect(report.unreadable.first[0]).toEqual({
      index: 13,
      stream: expect.any(String),
      seq: expect.any(Number)
    });
  });

  it('is the same in pieces of any size', async () => {
    const { bytes } = await exported(log);
    for (const size of [1, 7, 1000, 1 << 20]) {
      expect(verified(bytes, {}, null, size).outcome).toBe('consistent');
    }
  });

  it('is whole as a part of the log, whose streams and digests go on beyond it', async () => {
    const report = verified((await exported(log, { firstIndex: 50, endIndex: 190 })).bytes);
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({
      outcome: 'consistent',
      records: 140,
      proven: 120,
      digests: { count: 8, whole: 6, partial: 2, first: 2, last: 9 },
      streams: { partial: 7 }
    });
  });

  it('is whole without a record', async () => {
    expect(verified((await exported(log, { firstIndex: 60, endIndex: 60 })).bytes).outcome).toBe(
      'consistent'
    );
    const empty = new MadeLog({ key, records: 0, streams: 1, digestRecords: 5, uncovered: 0 });
    expect(verified((await exported(empty)).bytes).outcome).toBe('consistent');
  });

  it('proves each line of a filter', async () => {
    const { bytes } = await exported(log, { filter: { package: 'pack-3' } });
    const report = verified(bytes);
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({
      outcome: 'consistent',
      about: { filter: { package: 'pack-3' }, endIndex: 220 }
    });
    expect(report.records).toBeGreaterThan(30);
    expect(report.proven).toBe(report.records);

    const lines = linesOf(bytes);
    const [one, other] = [lines[3], lines[4]].map(line => line?.toString() ?? '');
    const proof = /"proof":\[[^\]]*\]/;
    lines[3] = Buffer.from(one?.replace(proof, proof.exec(other ?? '')?.[0] ?? '') ?? '');
    expect(found(fileOf(lines))).toMatch(
      /Record \d+ was altered, or its proof: it is not what digest 0 was signed over/
    );
    lines[3] = Buffer.from(one?.replace(/,"digest":0,"proof":\[[^\]]*\]/, '') ?? '');
    expect(found(fileOf(lines))).toMatch(/Record \d+ has no proof/);
  });
});

describe('what was done to an export is named', () => {
  it('a changed byte of a record: its stream, its place, its digest', async () => {
    const bytes = await with_(lines => {
      const line = lines[at(65)] ?? Buffer.alloc(0);
      line.write('x', line.indexOf('pack-') + 1);
      return lines;
    });
    const report = verified(bytes);
    const stream = /"stream":"([^"]*)"}}$/.exec(linesOf(bytes)[at(65)]?.toString() ?? '')?.[1];
    expect(report.outcome).toBe('altered');
    expect(report.findings.first.map(({ kind }) => kind)).toEqual(['chain', 'root', 'end']);
    expect(report.findings.first[0]).toMatchObject({ stream });
    expect(report.findings.first[0]?.what).toMatch(
      /^Record 65 was altered: .* \(index 65\) is not the one that record/
    );
    expect(report.findings.first[1]?.what).toBe(
      'Digest 3 does not hold for records 60 to 79: record 65 is not what it was signed over.'
    );
    expect(report.digests).toMatchObject({ whole: 10 });
  });

  it('a record that is no JSON any more', async () => {
    const bytes = await with_(lines => {
      const line = lines[at(65)] ?? Buffer.alloc(0);
      line.write('x', line.indexOf('"record":') + 10);
      return lines;
    });
    expect(found(bytes)).toContain('Record 65 was altered: it cannot be read.');
  });

  it('a removed line', async () => {
    const bytes = await with_(lines => lines.toSpliced(at(70), 1));
    const report = verified(bytes);
    expect(report.findings.first).toContainEqual({
      ...{ kind: 'missing', index: 70, stream: null },
      what: 'Missing from the log: record 70.'
    });
    expect(found(bytes)).toMatch(/Missing from stream \S+ before its record \d+: record \d+ \(index \d+\)/);
    expect(report.digests.whole).toBe(10);
  });

  it('many removed lines, the first and the last', async () => {
    expect(found(await with_(lines => lines.toSpliced(at(70), 9)))).toContain(
      'Missing from the log: records 70 to 78.'
    );
    expect(found(await with_(lines => lines.toSpliced(at(0), 1)))).toContain(
      'Missing from the log: record 0.'
    );
    expect(found(await with_(lines => lines.toSpliced(at(259), 1)))).toContain(
      'The end of the range is missing: record 259.'
    );
  });

  it('two swapped lines, beside each other and far apart', async () => {
    const swap = (one: number, other: number): Promise<Buffer> =>
      with_(lines =>
        lines
          .with(at(one), lines[at(other)] ?? Buffer.alloc(0))
          .with(at(other), lines[at(one)] ?? Buffer.alloc(0))
      );
    expect(found(await swap(80, 81))).toBe('Lines 82 and 83 are swapped (records 81 and 80).');
    expect(found(await swap(80, 120))).toBe('Lines 82 and 122 are swapped (records 120 and 80).');
  });

  it('a line twice, and one of another export', async () => {
    const twice = await with_(lines => lines.toSpliced(at(90), 0, lines[at(88)] ?? Buffer.alloc(0)));
    expect(found(twice)).toBe('Line 92 is line 90 again (record 88).');
    expect(verified(twice).digests.whole).toBe(11);
    const foreign = await with_(lines => lines.toSpliced(at(90), 0, Buffer.from('{"hello":1}')));
    expect(found(foreign)).toContain('Line 92, after record 89, cannot be read.');
    expect(verified(foreign).digests.whole).toBe(11);
  });

  it('a wrong index', async () => {
    const bytes = await with_(lines =>
      lines.with(at(90), Buffer.from(lines[at(90)]?.toString().replace('"index":90,', '"index":900,') ?? ''))
    );
    expect(found(bytes)).toBe('Where record 90 belongs stands one that says 900 (line 92).');
  });

  it('a file that was cut off, between lines and in one', async () => {
    const { bytes } = await exported(log);
    const lines = linesOf(bytes);
    const report = verified(fileOf(lines.slice(0, at(130))));
    expect(report).toMatchObject({ outcome: 'incomplete', records: 130 });
    expect(report.findings.first).toHaveLength(1);
    expect(report.findings.first[0]?.what).toBe(
      'The file ends after record 129, before its last line with hash and signature.'
    );
    const torn = verified(bytes.subarray(0, bytes.length - 900));
    expect(torn.outcome).toBe('incomplete');
    expect(verified(bytes.subarray(0, bytes.length - 1)).outcome).toBe('incomplete');
  });

  it('removed digests: in the middle, the first, the last', async () => {
    const digest = 1 + 260;
    expect(found(await with_(lines => lines.toSpliced(digest + 4, 1)))).toContain(
      'Missing between digests 3 and 5: 1.'
    );
    expect(found(await with_(lines => lines.toSpliced(digest, 1)))).toContain(
      'Missing: the digests before number 1, of records 0 to 19.'
    );
    expect(found(await with_(lines => lines.toSpliced(digest + 10, 1)))).toContain(
      'The last line tells of 272 lines before it, 11 of them digests; there are 271, 10 of them digests.'
    );
  });

  it('a changed digest', async () => {
    const bytes = await with_(lines =>
      lines.with(261 + 4, Buffer.from(lines[261 + 4]?.toString().replace('"count":20', '"count":19') ?? ''))
    );
    expect(found(bytes)).toContain('Digest 4 was altered: its signature does not hold.');
    expect(found(bytes)).toContain('Digest 4 is not the one that number 5 was made after.');
  });

  it('a changed first line, and then nothing is signed', async () => {
    const bytes = await with_(lines =>
      lines.with(0, Buffer.from(lines[0]?.toString().replace('"log"', '"lok"') ?? ''))
    );
    expect(found(bytes)).toContain('The first line was altered: it cannot be read.');
    const clock = await with_(lines =>
      lines.with(0, Buffer.from(lines[0]?.toString().replace('"createdAtMs":1', '"createdAtMs":2') ?? ''))
    );
    expect(found(clock)).toBe('Bytes of the file were altered: their hash is not the one in the last line.');
  });

  it('a signature that only decodes to the same bytes', async () => {
    const bytes = await with_(lines => {
      const last = lines.at(-1)?.toString() ?? '';
      const spelt = /"signature":"([^"]*)(.)"/.exec(last);
      const other = { A: 'B', Q: 'R', g: 'h', w: 'x' }[spelt?.[2] ?? ''] ?? '';
      return lines.with(
        -1,
        Buffer.from(last.replace(spelt?.[0] ?? '', `"signature":"${spelt?.[1]}${other}"`))
      );
    });
    expect(found(bytes)).toBe('The last line was altered: its signature does not hold.');
  });

  it('a personal part', async () => {
    const { bytes, personal } = await exported(log);
    const lines = linesOf(personal);
    const broken = (change: (lines: Buffer[]) => Buffer[]): string =>
      verified(bytes, {}, fileOf(change([...lines])))
        .findings.first.map(({ what }) => what)
        .join(' ');
    const first = lines[0]?.toString() ?? '';
    expect(broken(all => all.with(0, Buffer.from(first.replace('pip', 'pop'))))).toBe(
      'The personal part for record 1 is not the one that the record was made with.'
    );
    expect(broken(all => all.with(0, Buffer.from(first.replace('"index":1,', '"index":2,'))))).toBe(
      'The personal part for record 2 is one too many: the record was made without.'
    );
    expect(broken(all => all.with(0, Buffer.from('{}')))).toBe(
      'Line 1 of the file with personal parts cannot be read.'
    );
    expect(broken(all => [...all, Buffer.from('{"index":900,"personal":{}}')])).toBe(
      'The personal part for record 900 belongs to no record of the export.'
    );
    expect(verified(bytes, {}, fileOf(lines.slice(1)))).toMatchObject({
      outcome: 'consistent',
      personal: { absent: 1 }
    });
  });
});

describe('a history that the owner of the key made anew', () => {
  const remade = new MadeLog({
    ...log.made,
    remade: (record, index) =>
      index === 65 && record.package ? { ...record, package: { ...record.package, name: 'other' } } : record
  });

  it('is consistent, and not anchored', async () => {
    const report = verified((await exported(remade)).bytes, { fingerprints: [key.fingerprint] });
    expect(report).toMatchObject({ outcome: 'consistent', isAnchored: false, signer: { isPinned: true } });
  });

  it.each([
    ['a receipt of the record', { receipts: [{ name: 'r', receipt: log.receipt(65) }] }],
    [
      'a receipt of a later record of its stream',
      { receipts: [{ name: 'r', receipt: log.receipt(later(65)) }] }
    ],
    ['its digest', { digests: [{ name: 'd', digests: log.signedDigests.slice(3, 4) }] }],
    ['a later digest', { digests: [{ name: 'd', digests: log.signedDigests.slice(9, 10) }] }]
  ])('is found with %s', async (_, anchors) => {
    const report = verified((await exported(remade)).bytes, anchors);
    expect(report).toMatchObject({ outcome: 'altered', isAnchored: false });
    expect(report.findings.first.map(({ kind }) => kind)).toEqual(['anchor']);
    expect(verified((await exported(log)).bytes, anchors)).toMatchObject({
      // It holds a part of the history.
      outcome: 'consistent',
      isAnchored: true
    });
  });

  it('is found with the digests of an older export', async () => {
    const older = await exported(log, { endIndex: 130 });
    const digests = announcedDigests(linesOf(older.bytes).reverse(), nodeVerifyTools());
    expect(digests).toHaveLength(7);
    const anchors = { digests: [{ name: 'older.jsonl', digests }] };
    expect(found((await exported(remade)).bytes, anchors)).toMatch(
      /^older.jsonl: Digest \d in it is not digest \d of the export.$/
    );
    expect(verified((await exported(log)).bytes, anchors)).toMatchObject({
      outcome: 'consistent',
      anchoredEnd: 140
    });
  });

  it.each<[string, Partial<MadeLog['made']>, boolean]>([
    ['that calls itself another log', { log: uuid(9, 8) }, false],
    ['with another key', { key: new MadeKey(), remade: remade.made.remade }, true],
    ['with other streams', { streams: 6 }, true],
    ['with other digests', { digestRecords: 50 }, false],
    ['without digests', { digestRecords: 500 }, false]
  ])('is found %s', async (_, change, isSeenByReceipt) => {
    const { bytes } = await exported(new MadeLog({ ...log.made, ...change }));
    expect(verified(bytes).outcome).toBe('consistent');
    const digests = [{ name: 'd', digests: log.signedDigests.slice(3, 4) }];
    expect(verified(bytes, { digests })).toMatchObject({ outcome: 'altered', isAnchored: false });
    const receipts = [{ name: 'r', receipt: log.receipt(65) }];
    expect(verified(bytes, { receipts }).outcome).toBe(isSeenByReceipt ? 'altered' : 'consistent');
  });

  it('is found with the digest beside the range', async () => {
    const part = await exported(remade, { firstIndex: 60, endIndex: 80 });
    const digest = (number: number) => ({
      digests: [{ name: 'd', digests: log.signedDigests.slice(number, number + 1) }]
    });
    expect(verified(part.bytes, digest(4)).outcome).toBe('altered');
    expect(verified(part.bytes, digest(2))).toMatchObject({ outcome: 'consistent', isAnchored: false });
    expect(verified(part.bytes, digest(7)).anchors[0]).toMatchObject({ verdict: 'outside' });
  });
});

describe('anchors', () => {
  it('that were forged prove nothing, and accuse nobody', async () => {
    const { bytes } = await exported(log);
    const receipt = log.receipt(65);
    const forged = { ...receipt, body: { ...receipt.body, head: '1'.repeat(64) } };
    const report = verified(bytes, { receipts: [{ name: 'r', receipt: forged }] });
    expect(report).toMatchObject({
      outcome: 'consistent',
      isAnchored: false,
      anchors: [{ verdict: 'not-genuine' }]
    });
  });

  it('outside of the range say nothing', async () => {
    const { bytes } = await exported(log, { endIndex: 60 });
    const report = verified(bytes, { receipts: [{ name: 'r', receipt: log.receipt(65) }] });
    expect(report).toMatchObject({
      outcome: 'consistent',
      isAnchored: false,
      anchors: [{ verdict: 'outside' }]
    });
  });

  it('that name another key than the one that signed are told', async () => {
    const { bytes } = await exported(log);
    const report = verified(bytes, { fingerprints: ['1'.repeat(64)] });
    expect(report).toMatchObject({
      outcome: 'altered',
      signer: { isPinned: false },
      anchors: [{ verdict: 'contradicts' }]
    });
    expect(found(bytes, { fingerprints: ['1'.repeat(64)] })).toBe(
      `The export is signed with another key than the pinned one: ${key.fingerprint}.`
    );
  });
});

describe('a service with a new key', () => {
  const next = new MadeKey();
  /** The digests are signed with the old key, the export with the new one. */
  class Renewed extends MadeLog {
    constructor(private readonly listed: readonly MadeKey[]) {
      super(log.made);
    }

    override keys(): Promise<readonly ExportKey[]> {
      return Promise.resolve(
        this.listed.map(({ signingKeyId: id, publicKey }, i) => ({ id, publicKey, fromMs: i }))
      );
    }
  }

  it('signs for its older keys too, which the export lists', async () => {
    const { bytes } = await exported(new Renewed([key, next]), {}, next);
    expect(verified(bytes, { fingerprints: [next.fingerprint] })).toMatchObject({
      ...{ outcome: 'consistent', proven: 220, signer: { isPinned: true } }
    });
    expect(verified(bytes, { fingerprints: [key.fingerprint] }).outcome).toBe('altered');
    expect(verified(bytes, { receipts: [{ name: 'r', receipt: log.receipt(65) }] }).isAnchored).toBe(true);
  });

  it('is told where it leaves an older key out, or lists another in its name', async () => {
    const { bytes } = await exported(new Renewed([next]), {}, next);
    expect(found(bytes)).toContain(
      `Digest 0 is signed with key ${key.signingKeyId}, which the first line does not list.`
    );
    const digests = { digests: [{ name: 'd', digests: log.signedDigests.slice(0, 1) }] };
    expect(verified(bytes, digests).anchors[0]).toMatchObject({ verdict: 'contradicts' });
    const lying = Object.assign(new MadeKey(), { signingKeyId: key.signingKeyId });
    const { bytes: other } = await exported(new Renewed([lying, next]), {}, next);
    expect(found(other)).toContain(
      `The key that the first line lists as ${key.signingKeyId} is another one.`
    );
  });
});

describe('what is no export', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'is empty.'],
    [
      'garbage',
      Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256)),
      'is no export of Labkeeper'
    ],
    ['a line without an end', Buffer.alloc(9_000_000, 'x'), 'is no export of Labkeeper'],
    ['other JSON', Buffer.from('{"a":1}\n{"b":2}\n'), 'is no export of Labkeeper'],
    [
      'a later format',
      Buffer.from('{"labkeeperExport":3,"x":1}\n'),
      'has format 3, and this Labkeeper reads formats 1 and 2.'
    ]
  ])('is told so: %s', (_, bytes, sentence) => {
    const verify = (): unknown => verified(bytes, {}, null, 1 << 20);
    expect(verify).toThrow(NotAnExportError);
    expect(verify).toThrow(sentence);
  });

  it('a line of 9 MB in the middle is named, and the rest verified', async () => {
    const bytes = await with_(lines => lines.toSpliced(at(90), 0, Buffer.alloc(9_000_000, 'x')));
    const report = verified(bytes, {}, null, 1 << 20);
    expect(report.findings.first[0]?.what).toBe('Line 92 is longer than any line of an export.');
    expect(report).toMatchObject({ records: 260, digests: { whole: 11 } });
  });
});

/** Index of the next record of the same stream. */
function later(index: number): number {
  const stream = /"stream":"([^"]*)"}$/.exec(log.lines[index]?.entry ?? '')?.[1] ?? '';
  return log.lines.findIndex(line => line.index > index && line.entry.endsWith(`"stream":"${stream}"}`));
}
