/** What people can choose about the install log. */
export interface IInstallLogSettings {
  /** Records about the recording itself are listed too. */
  readonly showRecording: boolean;
}

/** Reads the settings as the registry gives them: checked against the schema, but every value may be missing. */
export function readSettings(values: Readonly<Record<string, unknown>>): IInstallLogSettings {
  return { showRecording: values['showRecording'] === true };
}
