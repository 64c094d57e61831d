import { reportText } from '../src/verify/report-text.js';
import { exported, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

const log = new MadeLog({ key: new MadeKey(), records: 40, streams: 3, digestRecords: 10, uncovered: 0 });

describe('the report for people', () => {
  const textOf = async (filter: { readonly package: string } | null): Promise<string> => {
    const { bytes } = await exported(log, { filter });
    return reportText('export.jsonl', verified(bytes));
  };

  it('says what a filtered export does not prove', async () => {
    expect(await textOf({ package: 'pack-2' })).toMatch(
      /^Complete +each record here is proven by itself; that no other one fits the filter, nothing but the signature says\./m
    );
    expect(await textOf(null)).not.toContain('Complete');
  });
});
