import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportCommand } from '../src/export/cli.js';
import type { DatabaseKind } from '../src/store/database.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService, type IRunningService } from './support/running-service.js';
import { scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(120_000);

const COMPANIONS = 6;

describe.each<DatabaseKind>(['sqlite', 'postgres'])(
  'an export beside a service that goes on, on %s',
  kind => {
    const folder = scratchFolder();
    let service: IRunningService;

    beforeAll(async () => {
      service = await startService(kind);
    });
    afterAll(async () => {
      await service.close();
      folder.remove();
    });

    /** @returns what was said. */
    const exportTo = async (file: string): Promise<string> => {
      const { stateFolder, database } = service.settings;
      const lines: string[] = [];
      const code = await exportCommand({
        words: ['--out', file, '--personal'],
        variables: {
          LABKEEPER_STATE: join(stateFolder, 'state'),
          LABKEEPER_DATABASE: database.kind === 'sqlite' ? `sqlite:${database.file}` : database.url
        },
        nowMs: () => Date.now(),
        say: line => void lines.push(line),
        complain: line => void lines.push(line)
      });
      expect([code, ...lines]).toEqual([0, expect.any(String), expect.any(String)]);
      return lines.join('\n');
    };

    it('is whole, and has everything that was acknowledged before, with its receipts', async () => {
      const receipts: string[] = [];
      let isOver = false;
      const companions = Array.from({ length: COMPANIONS }, async (_, i) => {
        const ticket = await service.ticket(`user-${i}`);
        const stream = new CompanionStream();
        while (!isOver) {
          const response = await service.send(ticket, stream.batch(1 + ((i + stream.seq) % 9)));
          const answer: unknown = await response.json();
          expect(response.status).toBe(200);
          if (typeof answer === 'object' && answer !== null && 'receipt' in answer) {
            receipts.push(JSON.stringify(answer.receipt));
          }
          // The usual rate of one server.
          await new Promise(resolve => setTimeout(resolve, 60));
        }
      });
      const [one, other] = [join(folder.path, 'one.jsonl'), join(folder.path, 'other.jsonl')];
      await new Promise(resolve => setTimeout(resolve, 600));
      await exportTo(one);
      await new Promise(resolve => setTimeout(resolve, 600));
      const before = [...receipts];
      const said = await exportTo(other);
      isOver = true;
      await Promise.all(companions);

      const receiptFile = join(folder.path, 'receipts.jsonl');
      writeFileSync(receiptFile, `${before.join('\n')}\n`);
      const fingerprint = /key ([0-9a-f]{64})/.exec(said)?.[1] ?? '';
      const report = verifyFile({
        file: other,
        fingerprints: [fingerprint],
        receipts: [receiptFile],
        digests: [one],
        personal: other.replace('.jsonl', '.personal.jsonl')
      });
      expect(report.findings.first).toEqual([]);
      expect(report).toMatchObject({
        outcome: 'consistent',
        isAnchored: true,
        streams: { count: COMPANIONS }
      });
      expect(before.length).toBeGreaterThan(COMPANIONS);
      expect(report.anchors).toHaveLength(before.length + 2);
      expect(report.anchors.filter(({ verdict }) => verdict !== 'fits')).toEqual([]);
      expect(
        verifyFile({ file: one, fingerprints: [], receipts: [], digests: [], personal: null }).outcome
      ).toBe('consistent');
    });
  }
);
