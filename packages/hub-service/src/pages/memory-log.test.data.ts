import { canonicalJson, type Grade, gradeOf, NO_HASH, opaqueEntry, recordEntry } from '@labkeeper/core';
import { ACT_SCHEMA, type Act, AUDIT_SCHEMA, type AuditRecord, type PersonalPart } from '@labkeeper/protocol';
import type { IActFacts } from '../store/act-facts.js';
import type {
  ILogFilter,
  ILogPlace,
  ILogReader,
  ILogRow,
  ILogStatus,
  ILogStory,
  ILook,
  INewRows
} from '../store/log-reader.js';

export const STREAM = '0f8fad5b-d9cb-469f-a165-70867728950e';
/** 2026-11-27 04:00 UTC. */
export const START_MS = Date.UTC(2026, 10, 27, 4);

/** Something that was recorded, with what of it matters to a test. */
export interface IMadeUp {
  readonly hub?: string;
  readonly user?: string | null;
  readonly server?: string | null;
  readonly groups?: readonly string[];
  readonly record?: Partial<AuditRecord>;
  readonly personal?: PersonalPart | null;
  readonly grade?: Grade;
  /** Bytes that are no record. */
  readonly opaque?: string;
  /** An act of the service in place of a record, with what is known beside it. */
  readonly act?: { readonly did: Act; readonly facts: IActFacts };
  readonly digest?: number | null;
}

/** A log in memory, for tests of the pages. */
export class MemoryLog implements ILogReader {
  readonly seen: (ILook & { readonly atMs: number })[] = [];
  /** From which indexes on `newer` was asked. */
  readonly asked: number[] = [];
  /** What `looked` throws. */
  trouble: Error | null = null;
  /** What everything else throws. */
  broken: Error | null = null;

  add(made: IMadeUp): number {
    const index = this.kept.length;
    const receivedAtMs = START_MS + index * 1000;
    const record: AuditRecord = {
      schema: AUDIT_SCHEMA,
      eventId: STREAM,
      boot: STREAM,
      seq: index + 1,
      prev: NO_HASH,
      occurredAtMs: receivedAtMs - 900,
      observedAtMs: receivedAtMs - 800,
      action: 'install',
      personal: null,
      surface: 'terminal',
      tool: { name: 'pip', version: '25.3' },
      environment: { id: '0123456789abcdef', kind: 'venv', python: '3.11' },
      package: {
        ecosystem: 'pypi',
        name: 'polars',
        version: '1.31.0',
        requested: true,
        installer: 'pip',
        recordDigest: 'a'.repeat(64),
        files: 120,
        origin: 'index'
      },
      decision: null,
      outcome: { ok: true, code: 0 },
      evidence: [
        { source: 'disk', ref: null },
        { source: 'report', ref: 'pip --report' }
      ],
      gap: null,
      ...made.record
    };
    const { hub = 'hub', user = 'alice', server = '', opaque, groups = [], act } = made;
    const frame = {
      hub,
      person: STREAM,
      server: STREAM,
      stream: STREAM,
      seq: index + 1,
      receivedAtMs
    };
    const item = opaque === undefined && !act ? record.package : null;
    const own = act && {
      ...{ schema: ACT_SCHEMA, eventId: STREAM, boot: STREAM, seq: index + 1, prev: NO_HASH },
      ...{ action: act.did.action, act: act.did, key: '0123456789abcdef', signature: 'x' }
    };
    const row: ILogRow = {
      receivedAtMs,
      index,
      hub,
      user,
      server,
      occurredAtMs: opaque === undefined ? record.occurredAtMs : null,
      action: opaque === undefined ? (act?.did.action ?? record.action) : 'unreadable',
      ecosystem: item?.ecosystem ?? null,
      packageName: item?.name ?? null,
      packageVersion: item?.version ?? null,
      tool: opaque === undefined && !act ? (record.tool?.name ?? null) : null,
      effect: record.decision?.effect ?? null,
      grade: made.grade ?? (act ? 'stream' : opaque === undefined ? gradeOf(record).grade : 'unreadable')
    };
    this.kept.push({
      groups,
      story: {
        row,
        entry:
          opaque === undefined
            ? recordEntry(frame, canonicalJson(own ?? record))
            : opaqueEntry(frame, opaque),
        personal: made.personal ? canonicalJson(made.personal) : null,
        personalErased: false,
        image: 'registry.example.org/research/scipy-notebook:2026-11',
        stream: STREAM,
        seq: index + 1,
        act: act?.facts ?? null,
        digest: made.digest ?? null,
        neighbours: []
      }
    });
    return index;
  }

  async list(filter: ILogFilter, after: ILogPlace | null, limit: number): Promise<readonly ILogRow[]> {
    const rows = this.matching(filter).reverse();
    return rows.filter(({ index }) => after === null || index < after.index).slice(0, limit);
  }

  async end(): Promise<number> {
    this.check();
    return this.kept.length;
  }

  async newer(filter: ILogFilter, than: number, limit: number): Promise<INewRows> {
    this.asked.push(than);
    const rows = this.matching(filter).reverse();
    return { rows: rows.filter(({ index }) => index > than).slice(0, limit), endIndex: this.kept.length };
  }

  async count(filter: ILogFilter, cap: number): Promise<number> {
    return Math.min(cap, this.matching(filter).length);
  }

  async story(index: number): Promise<ILogStory | null> {
    this.check();
    const found = this.kept[index];
    const around = this.kept.slice(Math.max(0, index - 5), index + 6).map(({ story }) => story.row);
    return found ? { ...found.story, neighbours: around.filter(row => row.index !== index) } : null;
  }

  async streamEnds(): Promise<readonly number[]> {
    this.check();
    return [];
  }

  async looked(...looks: readonly ILook[]): Promise<void> {
    if (this.trouble) {
      throw this.trouble;
    }
    looks.forEach(look => this.seen.unshift({ ...look, atMs: START_MS }));
  }

  async looks(limit: number): Promise<readonly (ILook & { readonly atMs: number })[]> {
    this.check();
    return this.seen.slice(0, limit);
  }

  async status(): Promise<ILogStatus> {
    this.check();
    const covered = this.kept.filter(({ story }) => story.digest !== null).length;
    return {
      records: this.kept.length,
      liveStreams: this.kept.length > 0 ? 1 : 0,
      newestMs: this.kept.at(-1)?.story.row.receivedAtMs ?? null,
      digests: covered > 0 ? 1 : 0,
      uncovered: this.kept.length - covered
    };
  }

  private matching(filter: ILogFilter): ILogRow[] {
    this.check();
    const { text, fromMs = 0, untilMs = Infinity } = filter;
    const same = (asked: string | undefined, is: string | null): boolean =>
      asked === undefined || asked === is;
    return this.kept
      .filter(({ groups }) => filter.group === undefined || groups.includes(filter.group))
      .map(({ story }) => story.row)
      .filter(
        row =>
          same(filter.hub, row.hub) &&
          same(filter.user, row.user) &&
          same(filter.server, row.server) &&
          same(filter.package, row.packageName) &&
          same(filter.version, row.packageVersion) &&
          same(filter.tool, row.tool) &&
          same(filter.action, row.action) &&
          same(filter.effect, row.effect) &&
          same(filter.grade, row.grade) &&
          row.receivedAtMs >= fromMs &&
          row.receivedAtMs < untilMs &&
          (text === undefined || (row.packageName ?? '').includes(text))
      );
  }

  private check(): void {
    if (this.broken) {
      throw this.broken;
    }
  }

  private readonly kept: { readonly story: ILogStory; readonly groups: readonly string[] }[] = [];
}
