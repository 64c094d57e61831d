import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

jest.setTimeout(60_000);

const key = new MadeKey();
const GARBAGE = Buffer.from('this is no line of an export');

/** A log, and its lines where one who has no key made a stream anew from a record on, and put those of [from, end) in. */
async function remadeFrom(digestRecords: number, index: number, from = index, end = 60) {
  const log = new MadeLog({ key, records: 60, streams: 3, digestRecords, uncovered: 0 });
  const remade = new MadeLog({
    ...log.made,
    key: new MadeKey(),
    remade: (record, at) => (at === index ? { ...record, observedAtMs: 1 } : record)
  });
  const [lines, others] = await Promise.all(
    [log, remade].map(async of => linesOf((await exported(of)).bytes))
  );
  const isRecord = (line: Buffer): boolean => line.toString('latin1').startsWith('{"index":');
  const changed = (lines ?? []).map((line, at) => {
    const other = others?.[at];
    return isRecord(line) && at > from && at <= end && other ? other : line;
  });
  const touched = changed.flatMap((line, at) => (line.equals(lines?.[at] ?? GARBAGE) ? [] : [at - 1]));
  const found = (all: readonly Buffer[]): string[] =>
    verified(fileOf(all)).findings.first.map(({ what }) => what);
  return { log, changed, others: others ?? [], touched, found };
}

it('the record before a tail that was made anew is not said to be the one that was altered', async () => {
  const { changed, touched, found } = await remadeFrom(60, 0, 16);
  expect(touched.length).toBe(14);
  const text = found(changed).join(' ');
  expect(text).toMatch(/Altered: record 15, or record 16 and those after it in its stream: /);
  expect(text).not.toMatch(/Record 15 was altered/);
  expect(text).not.toMatch(/record 15 is not what|records 15 and 16 are not what/);
  expect(text).toMatch(/digest 0 was signed over\. Which one cannot be known\./);
});

it('a digest that holds for the next ones of the stream tells that the one before was altered', async () => {
  const { changed, touched, found } = await remadeFrom(30, 22, 22, 23);
  expect(touched).toEqual([22]);
  const text = found(changed).join(' ');
  expect(text).toMatch(/Record 22 was altered: .* \(index 22\) is not the one that record/);
  expect(text).toContain('record 22 is not what it was signed over');
});

it('a digest that nobody signed tells nothing', async () => {
  const { changed, others, touched, found } = await remadeFrom(30, 22, 22, 30);
  expect(touched).toEqual([22, 23, 24]);
  const at = changed.findIndex(line => line.toString().startsWith('{"digest":'));
  const text = found(changed.with(at, others[at] ?? GARBAGE)).join(' ');
  expect(text).toMatch(/Digest 0 is signed with key/);
  expect(text).toMatch(/Record 24 was altered: /);
});

it('of a whole stream that was made anew it is not said that one record was', async () => {
  const { changed, touched, found } = await remadeFrom(60, 0);
  expect(touched).toHaveLength(20);
  expect(found(changed).join(' ')).toMatch(
    /one or more of records 0 to 59 are not what digest 0 was signed over\. .*: if only one was changed, it is one of records/
  );
});
