/** Longest text of a channel that is parsed, in characters: real answers have a few hundred. */
export const TEXT_CHARACTERS = 64 * 1024;

/** A JSON object whose fields are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value that a JSON text holds; undefined = it is no JSON, or too long to be looked at. */
export function readJson(text: string): unknown {
  if (text.length > TEXT_CHARACTERS) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // What was sent is no JSON: that is the answer, and the caller says so.
    return undefined;
  }
}

/** Whether a value is a JSON object, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field's text; null = it is not there or no text. */
export function textOf(object: JsonObject, field: string): string | null {
  const value = Object.hasOwn(object, field) ? object[field] : undefined;
  return typeof value === 'string' ? value : null;
}
