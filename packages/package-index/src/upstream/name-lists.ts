import { createHash } from 'node:crypto';
import { reasonOf } from '@labkeeper/core';
import * as v from 'valibot';
import type { DiskCache } from '../files/disk-cache.js';
import { lineBlocks } from '../files/line-blocks.js';
import { LineDraft } from '../files/line-draft.js';
import type { OnIndexEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import { isProjectName, normalizeName } from '../project-name.js';
import { SingleFlight } from '../single-flight.js';
import { PageHead } from './page-head.js';
import type { Upstream } from './upstream.js';

/** So long a list is taken as it is: new projects have their page at once, the list is for looking around. */
const FRESH_MS = 3600_000;
/** After an upstream index failed it is not asked again for so long. */
const RETRY_MS = 60_000;
/** So many names are remembered to leave out what two indexes have; public indexes, with more, come last. */
const REMEMBERED_NAMES = 200_000;

/** What is kept of the list of one upstream index. */
const ListHead = v.object({
  form: v.literal(1),
  index: v.string(),
  ...v.pick(PageHead, ['digest', 'validators', 'checkedAtMs']).entries
});
type IListHead = Readonly<v.InferOutput<typeof ListHead>>;

/** The lists that are there. */
export interface IKnownNames {
  /** Of what they hold: the same for the same names. */
  readonly digest: string;
  /** Ids of upstream indexes whose names are not in it. */
  readonly missing: readonly string[];
  readonly lists: readonly IUpstreamList[];
}

interface IUpstreamList {
  readonly upstream: Upstream;
  readonly head: IListHead;
}

export interface INameListsOptions {
  /** In the order of priority. */
  readonly upstreams: readonly Upstream[];
  readonly disk: DiskCache;
  readonly onEvent: OnIndexEvent;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** The names that upstream indexes have, one list for each, on the disk. */
export class NameLists {
  constructor(private readonly options: INameListsOptions) {}

  /** @throws IndexRefusal when there is no list at all. */
  async find(): Promise<IKnownNames> {
    const { upstreams } = this.options;
    const heads = await Promise.all(upstreams.map(upstream => this.list(upstream)));
    const lists = upstreams.flatMap((upstream, place) => {
      const head = heads[place];
      return head ? [{ upstream, head }] : [];
    });
    if (lists.length === 0) {
      throw new IndexRefusal(
        503,
        'The list of all projects cannot be had.',
        'No package index that we take from gives it. Ask for a project by its name.'
      );
    }
    const missing = upstreams.filter((_, place) => !heads[place]).map(({ id }) => id);
    const parts = JSON.stringify([missing, lists.map(({ head }) => [head.index, head.digest])]);
    return { digest: createHash('sha256').update(parts).digest('hex'), missing, lists };
  }

  /** All names, each once, many at a time. @throws when a list was thrown away meanwhile. */
  async *names({ lists }: IKnownNames): AsyncGenerator<readonly string[]> {
    const seen = new Set<string>();
    for (const { upstream, head } of lists) {
      const isLast = upstream === lists.at(-1)?.upstream;
      const isTaken = (name: string): boolean => {
        const normal = normalizeName(name);
        if (!this.isOf(upstream, normal) || seen.has(normal)) {
          return false;
        }
        if (!isLast && seen.size < REMEMBERED_NAMES) {
          seen.add(normal);
        }
        return true;
      };
      for await (const names of this.kept(head)) {
        yield names.filter(isTaken);
      }
    }
  }

  private async *kept(head: IListHead): AsyncGenerator<readonly string[]> {
    const file = await this.options.disk.open(listKey(head.digest));
    if (!file) {
      throw new IndexRefusal(503, 'The list of all projects is being made anew.', 'Ask again in a minute.');
    }
    try {
      for await (const block of lineBlocks(file.handle)) {
        yield block.toString('latin1').trimEnd().split('\n');
      }
    } finally {
      await file.handle.close();
    }
  }

  /** Whether a name may come from an index: as for pages. */
  private isOf(upstream: Upstream, name: string): boolean {
    const owner = this.options.upstreams.find(one => one.isOwnerOf(name));
    return owner ? owner === upstream : !upstream.isLimited;
  }

  /** null = there is none. */
  private async list(upstream: Upstream): Promise<IListHead | null> {
    const head = await this.head(upstream);
    const ageMs = head && this.options.nowMs() - head.checkedAtMs;
    if (ageMs !== null && ageMs >= 0 && ageMs <= FRESH_MS) {
      return head;
    }
    const triedAtMs = this.triedAtMs.get(upstream.id);
    if (triedAtMs !== undefined && this.options.nowMs() - triedAtMs < RETRY_MS) {
      return head;
    }
    const refreshed = this.flights.run(upstream.id, () => this.refresh(upstream, head));
    // Whoever asks while there is an old one does not wait for megabytes.
    return head ?? (await refreshed);
  }

  private async head({ id }: Upstream): Promise<IListHead | null> {
    const { disk } = this.options;
    const bytes = await disk.read(headKey(id));
    const parsed = bytes && v.safeParse(v.pipe(v.string(), v.parseJson(), ListHead), bytes.toString('utf8'));
    return parsed?.success && parsed.output.index === id && disk.has(listKey(parsed.output.digest))
      ? parsed.output
      : null;
  }

  private async refresh(upstream: Upstream, head: IListHead | null): Promise<IListHead | null> {
    const { disk, nowMs } = this.options;
    const { id } = upstream;
    const draft = new LineDraft(disk);
    try {
      const answer = await upstream.names(head?.validators ?? null, draft, name => {
        if (isProjectName(name)) {
          draft.add(name);
        }
      });
      switch (answer.kind) {
        case 'page': {
          const { digest } = await draft.finish(listKey);
          if (head && head.digest !== digest) {
            disk.remove(listKey(head.digest));
          }
          const { validators } = answer;
          return await this.put({ form: 1, index: id, digest, validators, checkedAtMs: nowMs() });
        }
        case 'unchanged':
          return head && (await this.put({ ...head, checkedAtMs: nowMs() }));
        case 'unknown':
          return this.failed(id, head, 'It has none.');
        case 'failed':
          return this.failed(id, head, answer.reason);
      }
    } catch (error) {
      return this.failed(id, head, reasonOf(error));
    } finally {
      await draft.drop();
    }
  }

  private async put(head: IListHead): Promise<IListHead> {
    await this.options.disk.put(headKey(head.index), Buffer.from(JSON.stringify(head)), false);
    this.triedAtMs.delete(head.index);
    return head;
  }

  private failed(id: string, head: IListHead | null, reason: string): IListHead | null {
    const { onEvent, nowMs } = this.options;
    this.triedAtMs.set(id, nowMs());
    const message = `The list of all projects could not be read from the index ${id}: ${reason}`;
    onEvent({ kind: 'trouble', index: id, project: null, message });
    return head;
  }

  private readonly flights = new SingleFlight<IListHead | null>();
  /** Epoch ms at which an upstream index was last asked in vain. */
  private readonly triedAtMs = new Map<string, number>();
}

function headKey(id: string): string {
  return `${createHash('sha256').update(id).digest('hex')}.names-head`;
}

function listKey(digest: string): string {
  return `${digest}.names`;
}
