/** What people can choose about saving. */
export interface ISaveSettings {
  readonly mode: 'full' | 'journal';
  readonly showLight: boolean;
}

/** Reads the settings as the registry gives them: checked against the schema, but every value may be missing. */
export function readSettings(values: Readonly<Record<string, unknown>>): ISaveSettings {
  return {
    mode: values['mode'] === 'journal' ? 'journal' : 'full',
    showLight: values['showLight'] !== false
  };
}
