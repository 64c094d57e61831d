import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Recovery } from '../../packages/protocol/lib/index.js';
import type { ILoss, KillLog } from './kill-log.mts';
import { Patience } from './patience.mts';
import type { Decision, RecoveryList } from './recovery-list.mts';
import { copiesOf, held, type IHeld, wholeVersion } from './recovered-work.mts';
import type { Tracked } from './scripted-pages.mts';
import { hashOf } from './scripted-save.mts';

const DECISIONS: readonly Decision[] = ['restore', 'restore', 'keep-both', 'discard'];
const DECIDED_MS = 600_000;
/** A decision whose companion was killed may not have been heard: it is made again after this time. */
const AGAIN_MS = 2500;

/**
 * Waits until everything that was acknowledged is in a file or a recovered copy; what is not there in time is lost.
 *
 * @param waiting - called again and again meanwhile.
 */
export async function whenHeld(
  list: RecoveryList,
  documents: readonly Tracked[],
  patienceMs: number,
  waiting: () => void = () => undefined
): Promise<{ lost: ILoss[]; fromJournal: number }> {
  const patience = new Patience(patienceMs);
  let fromJournal = 0;
  let missing = [...documents];
  const asked = new Set<string>();
  for (;;) {
    missing = missing.filter(document => {
      const { version, name } = held(document);
      const isHeld = version >= document.acknowledged;
      if (isHeld && name !== document.path) fromJournal += 1;
      return !isHeld;
    });
    if (missing.length === 0 || patience.isOver) break;
    // A process that recovers was killed, and this was told as a problem: whoever asks again gets the copy.
    for (const { id, path, copyPath } of list.recoveries ?? [])
      if (
        copyPath === null &&
        !asked.has(`${id} ${list.boot}`) &&
        missing.some(known => known.path === path)
      ) {
        asked.add(`${id} ${list.boot}`);
        list.decide(id, 'keep-both');
      }
    waiting();
    await sleep(250);
  }
  return { lost: missing.map(document => lossOf(document, list)), fromJournal };
}

/**
 * Decides about everything that is told of these documents, as their owner would, and looks at what came of it.
 *
 * @returns those whose file has their newest version again, and nothing else is left of: they can be edited on.
 */
export async function decideAll(
  list: RecoveryList,
  documents: readonly Tracked[],
  log: KillLog
): Promise<Tracked[]> {
  const settled: Tracked[] = [];
  for (const document of documents) {
    const isTold = (list.recoveries ?? []).some(({ path }) => path === document.path);
    const newest = held(document);
    // Nobody wants what is older than the file.
    const wishes = newest.name === document.path ? (['discard'] as const) : DECISIONS;
    const decision = wishes[Math.floor(Math.random() * wishes.length)] ?? 'discard';
    log.decided(isTold ? decision : 'nothing');
    for (const name of copiesOf(document))
      document.whole.add(hashOf(readFileSync(join(document.folder, name))));
    const wrong = isTold ? await decide(list, document, decision, newest) : null;
    if (wrong !== null)
      log.verified({ lost: [{ ...lossOf(document, list), detail: wrong }], fromJournal: 0 }, []);
    const now = wholeVersion(document, document.path);
    if (wrong === null && copiesOf(document).length === 0 && now === newest.version) {
      document.saved = now;
      document.acknowledged = now;
      settled.push(document);
    } else {
      removeAll(document);
    }
  }
  return settled;
}

/**
 * Decides until it is done, however often the companion is killed meanwhile: a new one first tells of nothing.
 *
 * @returns what is wrong with the outcome; null = nothing.
 */
async function decide(
  list: RecoveryList,
  document: Tracked,
  decision: Decision,
  newest: IHeld
): Promise<string | null> {
  const file = wholeVersion(document, document.path);
  const patience = new Patience(DECIDED_MS);
  for (let askedAtMs = -Infinity; ;) {
    const told = list.recoveries?.filter(({ path }) => path === document.path) ?? null;
    const wrong = outcome(document, decision, newest, file);
    if (told?.length === 0 && wrong === null) return null;
    if (patience.isOver) return `${wrong ?? 'it is told still'}; told: ${JSON.stringify(told)}`;
    if (Date.now() - askedAtMs > AGAIN_MS) {
      askedAtMs = Date.now();
      // Where there are several, only the newest is wanted.
      const isNewest = ({ copyPath }: Recovery): boolean =>
        copyPath !== null && wholeVersion(document, copyPath) === newest.version;
      const isThere = told?.some(isNewest) ?? false;
      for (const one of told ?? [])
        list.decide(one.id, isNewest(one) || (!isThere && wrong !== null) ? decision : 'discard');
    }
    await sleep(20);
  }
}

/** What is wrong with what a decision did; null = nothing. */
function outcome(document: Tracked, decision: Decision, newest: IHeld, file: number | string): string | null {
  const now = wholeVersion(document, document.path);
  if (newest.name === document.path)
    return now === newest.version ? null : `its file was the newest, and is now ${now}`;
  if (decision === 'restore') {
    const kept = namesOf(document).filter(name => name.includes(' (before recovery '));
    const isKept = kept.some(name => wholeVersion(document, name) === file);
    return now === newest.version && isKept
      ? null
      : `restored: ${now}, instead of ${newest.version}; it was ${file}; kept: ${kept.join()}`;
  }
  const copies = copiesOf(document).map(name => wholeVersion(document, name));
  const isRight = decision === 'discard' ? copies.length === 0 : copies.includes(newest.version);
  return now === file && isRight
    ? null
    : `${decision}: the file is ${now}, was ${file}; copies: ${copies.join()}`;
}

function lossOf(document: Tracked, list: RecoveryList): ILoss {
  const { version, name, odd } = held(document);
  const told = (list.recoveries ?? []).filter(({ path }) => path === document.path);
  const detail = `newest ${version} of ${document.made}, saved ${document.saved}, unforeseen ${document.unforeseen}, in "${name}"; ${odd.join('; ')}; told: ${JSON.stringify(told)}`;
  const { path, acknowledged } = document;
  return { path, what: 'lost', acknowledged, missing: Math.max(0, acknowledged - version), detail };
}

function namesOf({ folder, path }: Tracked): string[] {
  const stem = path.slice(0, -extname(path).length);
  return readdirSync(folder).filter(name => name === path || name.startsWith(`${stem} (`));
}

/** Nobody needs it any more. */
function removeAll(document: Tracked): void {
  for (const name of namesOf(document)) rmSync(join(document.folder, name), { force: true });
}
