// Records of two years as many servers send them: persons, groups and packages come and go, some are everywhere and some
// were seen once long ago. Each is the exact line that ingest would have stored, in the chain of its stream.
import { hash, randomUUID } from 'node:crypto';
import { leafHash, recordEntry } from '../../packages/core/lib/index.js';
import { readPair } from '../../packages/hub-service/lib/ingest/read-record.js';
import { sha256 } from '../../packages/hub-service/lib/sha256.js';

export const PERSONS = 4000;
export const GROUPS = 80;
export const GROUP_SETS = 500;
const PACKAGES = 30_000;
/** All records lie within two years. */
export const YEARS_MS = 2 * 365 * 86_400_000;
/** A server is started anew after so many records. */
const STREAM_RECORDS = 400;
/** Records of one group of the store. */
const GROUP_RECORDS = 20;
/** One record of so many is read as ingest reads it, and must be found to say the same. */
const CHECKED = 5000;
const DIGEST = 'ab'.repeat(32);

/** What is drawn here comes again in the next run. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    // Mulberry32, by Tommy Ettinger.
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The first are drawn often, the last hardly ever. */
export const skewed = (u: number, count: number): number => Math.floor(count * u ** 3);

const pick = <T,>(u: number, shares: readonly (readonly [T, number])[]): T => {
  let left = u;
  for (const [value, share] of shares) if ((left -= share) < 0) return value;
  return shares[0]![0];
};

export const TOOLS = [
  ...[
    ['pip', 0.55],
    ['uv', 0.25],
    ['conda', 0.14],
    ['mamba', 0.05],
    ['poetry', 0.0098]
  ],
  ['npm', 0.0002]
] as [string, number][];
const ACTIONS = [
  ...[
    ['found-on-disk', 0.6],
    ['install', 0.28],
    ['upgrade', 0.06],
    ['remove', 0.03],
    ['deny', 0.02]
  ],
  ...[
    ['request', 0.0095],
    ['altered', 0.0005]
  ]
] as [string, number][];

export const packageName = (rank: number): string =>
  `${['py', 'credit', 'data', 'fast', 'risk', 'yield', 'torch', 'x'][rank % 8]}-${['lib', 'model', 'tools', 'core', 'io'][rank % 5]}-${rank}`;
export const versionOf = (rank: number, u: number): string =>
  `${rank % 7}.${Math.floor(u ** 2 * 60)}.${rank % 4}`;
export const groupName = (group: number): string => `group-${group}`;
/** The groups of a set: one or two; few sets have the last ones. */
export const groupsOf = (set: number): readonly number[] => [
  ...new Set([skewed((set + 0.5) / GROUP_SETS, GROUPS), (set * 7) % 11])
];
/** Of the servers of a person the default one has the number of the person. */
export const serversOf = (person: number): readonly string[] =>
  person % 5 === 0 ? ['', `gpu-${person % 97}`] : [''];

/** One row of the table `record`, with its line. */
export interface IMadeRecord {
  readonly receivedAtMs: number;
  readonly idx: number;
  readonly person: number;
  readonly server: number;
  readonly set: number;
  readonly stream: number;
  readonly seq: number;
  readonly action: string;
  readonly name: string;
  readonly version: string;
  readonly tool: string;
  readonly effect: string | null;
  readonly grade: string;
  readonly leaf: Uint8Array;
  readonly entry: string;
}

/** Streams that were begun: number, server and boot of each. */
export interface IMadeStream {
  readonly id: number;
  readonly server: number;
  readonly boot: string;
  seq: number;
  head: string;
}

/** Makes `count` records, the oldest first, until `endMs`. @param streams - told of each that is begun. */
export function* madeRecords(
  count: number,
  endMs: number,
  streams: (stream: IMadeStream) => void
): Generator<IMadeRecord> {
  const draw = dice(count);
  const open = new Map<number, IMadeStream>();
  let begun = 0;
  for (let idx = 0; idx < count; idx++) {
    const share = idx / count;
    const receivedAtMs = Math.floor(
      endMs - YEARS_MS * (1 - (Math.floor(idx / GROUP_RECORDS) * GROUP_RECORDS) / count)
    );
    // Half of the persons are here at a time: they come and go in these two years.
    const person = 1 + Math.floor(share * (PERSONS / 2)) + skewed(draw(), PERSONS / 2);
    const names = serversOf(person);
    const server = draw() < 0.8 || names.length === 1 ? person : PERSONS + person;
    const set = 1 + skewed((person * 0.618033) % 1, GROUP_SETS);
    const rank =
      draw() < 0.9
        ? skewed(draw(), PACKAGES / 2)
        : PACKAGES / 2 + Math.floor(((share + draw() / 50) % 1) * (PACKAGES / 2));
    const [name, version] = [packageName(rank), versionOf(rank, draw())];
    const [tool, action] = [pick(draw(), TOOLS), pick(draw(), ACTIONS)];
    const effect =
      action === 'found-on-disk'
        ? null
        : action === 'deny'
          ? 'deny'
          : action === 'request'
            ? 'require-approval'
            : draw() < 0.01
              ? 'warn'
              : 'allow';
    const isSeen = action === 'found-on-disk' || draw() < 0.7;
    let stream = open.get(server);
    if (stream === undefined || stream.seq >= STREAM_RECORDS) {
      stream = { id: ++begun, server, boot: randomUUID(), seq: 0, head: '0'.repeat(64) };
      open.set(server, stream);
      streams(stream);
    }
    stream.seq += 1;
    const { seq, boot } = stream;
    const decision =
      effect === null
        ? 'null'
        : `{"effect":"${effect}","policyDigest":"${DIGEST}","reason":"On the list of packages that every group may install without being asked.","ruleId":"default-allow"}`;
    const evidence = isSeen
      ? '[{"ref":"site-packages","source":"disk"},{"ref":"pip report","source":"report"}]'
      : '[{"ref":"pip report","source":"report"}]';
    const line = `{"action":"${action}","boot":"${boot}","decision":${decision},"environment":{"id":"0123456789abcdef","kind":"venv","python":"3.12"},"eventId":"${randomUUID()}","evidence":${evidence},"gap":null,"observedAtMs":${receivedAtMs},"occurredAtMs":${receivedAtMs - 3},"outcome":{"code":0,"ok":true},"package":{"ecosystem":"pypi","files":112,"installer":"pip","name":"${name}","origin":"index","recordDigest":"${DIGEST}","requested":true,"version":"${version}"},"personal":null,"prev":"${stream.head}","schema":"labkeeper.install/1","seq":${seq},"surface":"terminal","tool":{"name":"${tool}","version":"25.3"}}`;
    stream.head = hash('sha256', line);
    const frame = {
      hub: 'hub',
      person: uuidOf(1, person),
      server: uuidOf(2, server),
      stream: uuidOf(3, stream.id)
    };
    const entry = recordEntry({ ...frame, seq, receivedAtMs }, line);
    const made: IMadeRecord = {
      ...{
        receivedAtMs,
        idx,
        person,
        server,
        set,
        stream: stream.id,
        seq,
        action,
        name,
        version,
        tool,
        effect
      },
      ...{ grade: isSeen ? 'corroborated' : 'claimed', leaf: leafHash(sha256, Buffer.from(entry)), entry }
    };
    if (idx % CHECKED === 0) check(made, line);
    yield made;
  }
}

/** A UUID that a number stands for. */
export function uuidOf(kind: number, number: number): string {
  return `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** @throws when ingest would have stored something else. */
function check(made: IMadeRecord, line: string): void {
  const { incoming } = readPair(made.seq, Buffer.from(line), Buffer.from('null'));
  const { columns } = incoming;
  const kept = [
    columns.action,
    columns.packageName,
    columns.packageVersion,
    columns.tool,
    columns.effect,
    columns.grade
  ];
  const meant = [made.action, made.name, made.version, made.tool, made.effect, made.grade];
  if (JSON.stringify(kept) !== JSON.stringify(meant))
    throw new Error(`ingest makes ${JSON.stringify(kept)} of what is ${JSON.stringify(meant)} here: ${line}`);
}
