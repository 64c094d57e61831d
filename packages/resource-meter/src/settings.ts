/** Which stretch of time the charts show. */
export type ChartRange = 'recent' | 'day';

/** The user's choices; the schema is `settings/resource-meter.json`. */
export interface IMeterSettings {
  /** Shares of the limit, 0 to 1. `warning` is below `danger`. */
  readonly warning: number;
  readonly danger: number;
  readonly showMemory: boolean;
  readonly showCpu: boolean;
  readonly showGpu: boolean;
  readonly chartRange: ChartRange;
  readonly notices: boolean;
  readonly deathDialog: boolean;
  readonly markCell: boolean;
}

export const DEFAULT_SETTINGS: IMeterSettings = {
  warning: 0.8,
  danger: 0.9,
  showMemory: true,
  showCpu: true,
  showGpu: true,
  chartRange: 'recent',
  notices: true,
  deathDialog: true,
  markCell: true
};

/** Settings as they hold, and whether the thresholds had to be replaced by the standard ones. */
export interface IReadSettings {
  readonly settings: IMeterSettings;
  /** The warning threshold is not below the danger threshold: a schema cannot say this. */
  readonly thresholdsSwapped: boolean;
}

/**
 * Reads the composite settings of the plugin. What is missing or of another type takes its default.
 *
 * @param composite - as the setting registry gives it.
 */
export function readSettings(composite: Readonly<Record<string, unknown>>): IReadSettings {
  const share = (value: unknown, fallback: number): number =>
    typeof value === 'number' && value > 0 && value <= 1 ? value : fallback;
  const flag = (value: unknown, fallback: boolean): boolean =>
    typeof value === 'boolean' ? value : fallback;
  const defaults = DEFAULT_SETTINGS;
  const warning = share(composite['warning'], defaults.warning);
  const danger = share(composite['danger'], defaults.danger);
  const thresholdsSwapped = warning >= danger;
  return {
    thresholdsSwapped,
    settings: {
      warning: thresholdsSwapped ? defaults.warning : warning,
      danger: thresholdsSwapped ? defaults.danger : danger,
      showMemory: flag(composite['showMemory'], defaults.showMemory),
      showCpu: flag(composite['showCpu'], defaults.showCpu),
      showGpu: flag(composite['showGpu'], defaults.showGpu),
      chartRange: composite['chartRange'] === 'day' ? 'day' : 'recent',
      notices: flag(composite['notices'], defaults.notices),
      deathDialog: flag(composite['deathDialog'], defaults.deathDialog),
      markCell: flag(composite['markCell'], defaults.markCell)
    }
  };
}
