import type { IAnchorSettings } from '../anchors/anchor-settings.js';
import { targetName } from '../anchors/anchor-queue.js';
import type { IAnchorTarget } from '../anchors/anchor-target.js';
import type { ITargetState, SqlAnchors } from '../store/sql-anchors.js';
import type { IAdvice } from './service-state.js';

/** One target, and how it stands. */
export interface IShownAnchor extends ITargetState {
  readonly kind: IAnchorTarget['kind'];
  /** null = it is not told, and neither is what it says. */
  readonly place: string | null;
}

/** What each kind is called. */
export const ANCHOR_NAMES: Readonly<Record<IAnchorTarget['kind'], string>> = {
  directory: 'Write-once directory',
  witness: 'Witness',
  timestamp: 'Timestamp authority'
};

/** For whom the service's places are not: how far it is anchored, and that something is wrong. */
export function withoutPlace(anchor: IShownAnchor): IShownAnchor {
  const altered =
    anchor.altered === null ? null : 'who reads everything at the service’s first hub sees what.';
  return { ...anchor, place: null, trouble: null, altered };
}

/** How the anchors stand; part of the status. */
export interface IShownAnchors {
  readonly lateMs: number;
  read(): Promise<readonly IShownAnchor[]>;
}

const HOUR_MS = 3_600_000;

/** Every target of the settings. */
export function shownAnchors({ targets, lateMs }: IAnchorSettings, anchors: SqlAnchors): IShownAnchors {
  return {
    lateMs,
    read: () =>
      Promise.all(
        targets.map(async ({ kind, place }) => ({
          kind,
          place,
          ...(await anchors.state(targetName({ kind, place })))
        }))
      )
  };
}

/** What to do about the anchors, the gravest first. */
export function anchorAdvice(
  shown: readonly IShownAnchor[],
  { lateMs }: Pick<IAnchorSettings, 'lateMs'>,
  nowMs: number
): readonly IAdvice[] {
  if (shown.length === 0) {
    return [
      {
        sentence: 'Digests are not anchored.',
        todo: 'Whoever owns the service’s key could make history anew. Name a witness, a timestamp authority or a write-once directory.'
      }
    ];
  }
  const altered = shown.flatMap(({ kind, place, altered: what }) =>
    what === null
      ? []
      : [
          {
            sentence: `${anchorName(kind, place)} does not hold what this log says: ${what}`,
            todo: 'Find out who changed what before anything is deleted: compare an export with what is there (labkeeper verify --anchor).'
          }
        ]
  );
  const late = shown.flatMap(({ kind, place, waiting, waitingSinceMs, trouble }) =>
    waitingSinceMs === null || nowMs - waitingSinceMs <= lateMs
      ? []
      : [
          {
            sentence: `${waiting === 1 ? 'One digest has' : `${waiting} digests have`} waited for ${Math.floor((nowMs - waitingSinceMs) / HOUR_MS)} hours for ${anchorName(kind, place, ANCHOR_NAMES[kind].toLowerCase())}.`,
            todo: lateTodo(place, trouble)
          }
        ]
  );
  return [...altered, ...late];
}

function anchorName(kind: IAnchorTarget['kind'], place: string | null, name = ANCHOR_NAMES[kind]): string {
  return place === null ? name : `${name} ${place}`;
}

function lateTodo(place: string | null, trouble: string | null): string {
  if (place === null) {
    return 'Who reads everything at the service’s first hub sees why.';
  }
  return trouble === null ? 'It is handed over next.' : `It said last: ${trouble}`;
}
