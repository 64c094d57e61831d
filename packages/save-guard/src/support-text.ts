import type { JournalState } from '@labkeeper/protocol';
import type { ISaveRow } from './view/saves.js';

/** What support staff need to know about saving, as text; not translated, because they read many. */
export function supportText(rows: readonly ISaveRow[], journal: JournalState | null): string {
  const lines = [
    'Labkeeper saves',
    `journal: ${journal === null ? 'none' : JSON.stringify(journal)}`,
    ...rows.map(({ path, light, savedAtMs, kept, detail }) =>
      [
        path,
        `${light.level} (${light.place}, ${Math.round(light.ageMs)} ms)`,
        `reason: ${light.reason ?? 'none'}`,
        `saved: ${savedAtMs === null ? 'not since it was opened' : new Date(savedAtMs).toISOString()}`,
        ...(kept === null ? [] : [`other version: ${kept}`]),
        ...(detail === null ? [] : [`server: ${detail}`])
      ].join(' | ')
    )
  ];
  return `${lines.join('\n')}\n`;
}
