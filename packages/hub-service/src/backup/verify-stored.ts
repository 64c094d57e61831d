import { ExportVerifier, type AnnouncedRetirement, type IVerifyReport } from '@labkeeper/core';
import { AnchorLine, parseShape, RetireLine, SignedDigest, type Anchor } from '@labkeeper/protocol';
import { exportLog } from '../export/export-log.js';
import type { IKeys } from '../keys/keys.js';
import type { IDatabase } from '../store/database.js';
import { LogRange } from '../store/log-range.js';
import { nodeVerifyTools } from '../verify/node-tools.js';
import { readHolders, type IHolderFiles } from '../verify/read-statements.js';

/** Verifies a whole log as an export of it would be, without writing one. */
export async function verifyStored(
  database: IDatabase,
  keys: IKeys,
  holders: IHolderFiles,
  nowMs: number
): Promise<IVerifyReport> {
  const source = new LogRange(database);
  const stored = await source.digests(0, await source.end());
  const digests = stored.flatMap(({ signed }) => parseShape(SignedDigest, signed) ?? []);
  const anchors: Anchor[] = (await source.anchors(0, stored.at(-1)?.number ?? -1)).flatMap(
    text => parseShape(AnchorLine, `{"anchor":${text}}`)?.anchor ?? []
  );
  const retirements: AnnouncedRetirement[] = [];
  for await (const { index, record } of source.retirements(0, await source.end())) {
    const line = parseShape(RetireLine, `{"retire":{"index":${index},"record":${record}}}`);
    retirements.push(...(line ? [line.retire] : []));
  }
  const tools = nodeVerifyTools();
  const held = await readHolders(holders, anchors, tools);
  const verifier = new ExportVerifier(tools, {
    digests,
    retirements,
    anchors: { fingerprints: [], receipts: [], ...held },
    personal: null
  });
  const out = {
    write: (bytes: Uint8Array) => {
      verifier.push(bytes);
      return Promise.resolve();
    }
  };
  await exportLog(
    { source, signer: keys, out, personalOut: null, nowMs },
    { filter: null, firstIndex: 0, endIndex: null }
  );
  return verifier.finish();
}
