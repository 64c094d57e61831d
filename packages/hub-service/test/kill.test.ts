import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { canonicalJson, merkleRoot } from '@labkeeper/core';
import { BatchAnswer, HUB_PATHS, StreamHead } from '@labkeeper/protocol';
import * as v from 'valibot';
import { sha256 } from '../src/sha256.js';
import { openDatabase, type DatabaseKind, type DatabasePlace } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { buildProgram } from './support/build-program.js';
import { CompanionStream } from './support/companion-stream.js';
import { freePort } from './support/free-port.js';
import { HubStandIn } from './support/hub-stand-in.js';
import { sendBatch, ticketFor } from './support/running-service.js';
import { scratchDatabase, scratchFolder } from './support/scratch-databases.js';
import { ServiceProcess } from './support/service-process.js';

jest.setTimeout(120_000);

const COMPANIONS = 12;
const PREFIX = '/services/labkeeper/';

/** A companion as the protocol wants it: one batch under way; after trouble it asks for the head, and goes on from there. */
async function companion(
  url: string,
  token: string,
  stream: CompanionStream,
  until: () => boolean,
  told: () => void
): Promise<IAcknowledged> {
  let ticket: string | null = null;
  const acknowledged: IAcknowledged = { seq: 0, receipts: [] };
  let waiting: { body: Buffer; seq: number; head: string } | null = null;
  while (!until()) {
    try {
      ticket ??= await ticketFor(url, token);
      waiting ??= {
        body: stream.batch(1 + Math.floor(Math.random() * 8)),
        seq: stream.seq,
        head: stream.head
      };
      const response = await sendBatch(url, ticket, waiting.body);
      if (response.status === 200) {
        const { head, receipt } = v.parse(BatchAnswer, await response.json());
        acknowledged.seq = head.seq;
        acknowledged.receipts.push(receipt?.body ?? {});
        waiting = null;
        told();
      } else {
        throw new Error(`status ${response.status}`);
      }
    } catch {
      // The service was killed: whether the batch was stored is open.
      await pause(20 + Math.random() * 30);
      const head = ticket === null ? null : await headOf(url, ticket, stream.boot);
      if (head && waiting && head.seq === waiting.seq) {
        expect(head.hash).toBe(waiting.head);
        acknowledged.seq = head.seq;
        waiting = null;
      }
    }
  }
  return acknowledged;
}

interface IAcknowledged {
  seq: number;
  receipts: object[];
}

/** null = the service is not there. */
async function headOf(url: string, ticket: string, boot: string): Promise<StreamHead | null> {
  const headers = { authorization: `Bearer ${ticket}` };
  const response = await fetch(`${url}${HUB_PATHS.records}?boot=${boot}`, { headers }).catch(() => null);
  return response?.status === 200 ? v.parse(StreamHead, await response.json()) : null;
}

function addressOf(place: DatabasePlace): string {
  return place.kind === 'sqlite' ? `sqlite:${place.file}` : place.url;
}

describe('a service that is killed under load', () => {
  it.each<[number, DatabaseKind]>([
    [10, 'sqlite'],
    [4, 'postgres']
  ])('keeps every acknowledged record once, in each of %d kills on %s', async (kills, kind) => {
    const folder = scratchFolder();
    const scratch = await scratchDatabase(kind);
    const hub = await HubStandIn.start();
    const program = join(folder.path, 'hub-service.mjs');
    await buildProgram(join(__dirname, '../src/main.ts'), program);
    const port = await freePort();
    const service = new ServiceProcess(program, {
      JUPYTERHUB_API_TOKEN: 'service-token',
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_SERVICE_NAME: 'labkeeper',
      JUPYTERHUB_SERVICE_PREFIX: PREFIX,
      JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
      LABKEEPER_STATE: join(folder.path, 'state'),
      LABKEEPER_DATABASE: addressOf(scratch.place)
    });
    try {
      await service.start();
      const url = `http://127.0.0.1:${port}${PREFIX}`;
      const streams = Array.from({ length: COMPANIONS }, () => new CompanionStream());
      let [isOver, batches] = [false, 0];
      const companions = streams.map((stream, i) =>
        companion(
          url,
          hub.serverToken(`token-${i}-0123456789`, `user-${i}`, ''),
          stream,
          () => isOver,
          () => void (batches += 1)
        )
      );
      for (let kill = 0; kill < kills; kill++) {
        // However slow the machine is, it is under load.
        const before = batches;
        while (batches < before + COMPANIONS) {
          await pause(20);
        }
        await pause(Math.random() * 300);
        await service.end('SIGKILL');
        await service.start();
      }
      await pause(300);
      isOver = true;
      const acknowledged = await Promise.all(companions);
      expect(await service.end('SIGTERM')).toBe(0);

      const database = await openDatabase(scratch.place, () => undefined);
      const range = new LogRange(database);
      const end = await range.end();
      expect(end).toBeGreaterThan(100);
      const heads = new Map<string, { seq: number; hash: string }>();
      const leaves: Uint8Array[] = [];
      let next = 0;
      for await (const { index, entry } of range.entries(0, end, null, false)) {
        expect(index).toBe(next);
        next += 1;
        const { stream, seq, record } = v.parse(ENTRY, JSON.parse(entry));
        const before = heads.get(stream) ?? { seq: 0, hash: '0'.repeat(64) };
        expect([seq, record.prev]).toEqual([before.seq + 1, before.hash]);
        const hash = createHash('sha256').update(canonicalJson(record)).digest('hex');
        heads.set(stream, { seq, hash });
      }
      expect(next).toBe(end);
      const rows = await database.read.selectFrom('stream').select(['uuid', 'boot', 'seq', 'head']).execute();
      for (const [i, stream] of streams.entries()) {
        const row = rows.find(({ boot }) => boot === stream.boot);
        expect(row?.seq).toBeGreaterThanOrEqual(acknowledged[i]?.seq ?? Infinity);
        expect(heads.get(row?.uuid ?? '')).toEqual({ seq: row?.seq, hash: row?.head });
      }
      // What was signed for is where the receipt says.
      const byPlace = new Map(
        (await database.read.selectFrom('record').select(['idx', 'stream_id', 'seq']).execute()).map(row => [
          row.idx,
          row
        ])
      );
      for (const receipt of acknowledged.flatMap(({ receipts }) => receipts)) {
        const { firstIndex, first } = v.parse(
          v.object({ firstIndex: v.number(), first: v.number() }),
          receipt
        );
        expect(byPlace.get(firstIndex)?.seq).toBe(first);
      }
      // The orderly end had a digest made over the rest.
      for await (const leaf of range.leaves(0, end)) {
        leaves.push(leaf);
      }
      const digests = await range.digests(0, end);
      expect(digests.map(({ count }) => count).reduce((a, b) => a + b, 0)).toBe(end);
      for (const { firstIndex, count, signed } of digests) {
        const root = merkleRoot(sha256, leaves.slice(firstIndex, firstIndex + count));
        expect(signed).toContain(`"root":"${Buffer.from(root).toString('hex')}"`);
      }
      await database.close();
    } finally {
      await service.end('SIGKILL');
      await hub.close();
      await scratch.remove();
      folder.remove();
    }
  });
});

const ENTRY = v.object({
  stream: v.string(),
  seq: v.number(),
  record: v.looseObject({ prev: v.string() })
});
