import {
  FileCell,
  isEditedMetadata,
  isRearranged,
  JournalError,
  ranChange,
  SpliceError,
  type IRanCell,
  type IRanChange
} from '@labkeeper/core';
import { OUTPUTS_PART } from '@labkeeper/protocol';
import { documentPath } from './document-path.js';
import { foldBatches, type IRunToRecover } from './fold-batches.js';
import { knownStart, NotebookSince, openNotebook, savedStart, type IStart } from './notebook-start.js';
import { OpenedFiles } from './opened-files.js';
import { RecoveryError } from './recovery-error.js';
import { utf8 } from './write-splice.js';

/** A cell of the file that is longer is not taken into memory: its outputs come with a recovered copy. */
const CELL_BYTES = 32 * 1024 * 1024;
/** More than any notebook's metadata takes. */
const METADATA_BYTES = 1024 * 1024;

/** A cell of the file with what it put out in a run that is left. */
export interface ILeftCell extends IRanCell {
  /** Its place in the file. */
  readonly c: number;
  /** What the journal calls it, where its request is still known; null = it is not. */
  readonly asked: number | null;
}

/** What a run that is left holds, when all its outputs have been told. */
export type LeftEnd =
  | {
      readonly kind: 'told';
      /** Of the file whose cells were told. */
      readonly hash: string;
      /** It holds other work too. */
      readonly rest: boolean;
      /** The file was written meanwhile: all is to be told again. */
      readonly again: boolean;
    }
  /** It belongs to no file that can be read: only a recovered copy shows what it holds. */
  | { readonly kind: 'unknown'; readonly detail: string };

/**
 * Reads what cells of a notebook's file put out in a run, and tells them one by one. The file and the journal are only
 * read.
 *
 * @param rootDir - jupyter_server's root folder, absolute.
 * @param asked - cells whose requests are still known, as the journal calls them: told also where nothing changed yet.
 * @param tell - takes a cell; the next one waits for it.
 */
export async function leftOutputs(
  run: IRunToRecover,
  rootDir: string,
  asked: readonly number[],
  tell: (cell: ILeftCell) => Promise<void>
): Promise<LeftEnd> {
  const path = documentPath(rootDir, run.path);
  if (path === null || run.base === null) {
    return { kind: 'unknown', detail: 'Its path or its first record cannot be read.' };
  }
  const files = new OpenedFiles();
  try {
    const original = await openNotebook(files, path);
    const start =
      original && ((await knownStart(run, original)) ?? (await savedStart(run, original))?.start ?? null);
    if (!start) {
      return { kind: 'unknown', detail: 'The file is another one.' };
    }
    const rest = await new LeftRun(run, start).tellAll(asked, tell);
    return { kind: 'told', hash: start.hash, rest, again: await files.areChanged() };
  } catch (error) {
    if (error instanceof RecoveryError || error instanceof JournalError || error instanceof SpliceError) {
      return { kind: 'unknown', detail: error.message };
    }
    throw error;
  } finally {
    await files.close();
  }
}

class LeftRun {
  constructor(
    private readonly run: IRunToRecover,
    private readonly start: IStart
  ) {}

  /** @returns whether it holds other work too. */
  async tellAll(asked: readonly number[], tell: (cell: ILeftCell) => Promise<void>): Promise<boolean> {
    const { sink, isWhole } = await foldBatches(this.run, () => new NotebookSince(this.start));
    const { run } = sink;
    const askedIn = new Map(asked.map(number => [sink.numberOf(number), number]));
    let rest = !isWhole || isRearranged(run) || (await this.isEdited(run.metadata));
    for (const c of run.cells().filter(number => number < run.base.cells)) {
      const change = run.cell(c);
      const isAsked = askedIn.has(c);
      if (change === null && !isAsked) {
        continue;
      }
      const { ran, rest: more } =
        change instanceof FileCell || change === null
          ? await this.ranIn(c, change)
          : { ran: null, rest: true };
      const isLong = (ran?.newSource?.length ?? 0) > OUTPUTS_PART;
      rest ||= more || isLong;
      if (ran && !isLong) {
        await tell({ ...ran, c, asked: askedIn.get(c) ?? null });
      }
    }
    return rest;
  }

  private async ranIn(c: number, change: FileCell | null): Promise<IRanChange> {
    const { map, file } = this.start;
    const place = map.cells[c];
    if (place === undefined || place.to - place.from > CELL_BYTES) {
      return { ran: null, rest: true };
    }
    const cell: unknown = JSON.parse(utf8.decode(await file.read(place)));
    return typeof cell === 'object' && cell !== null
      ? ranChange({ ...cell }, c, change)
      : { ran: null, rest: true };
  }

  private async isEdited(metadata: Record<string, unknown> | null): Promise<boolean> {
    const { map, file } = this.start;
    const { from, to } = map.metadata;
    return (
      metadata !== null &&
      (to - from > METADATA_BYTES ||
        isEditedMetadata(JSON.parse(utf8.decode(await file.read(map.metadata))), metadata))
    );
  }
}
