import { HubRefusal } from '@labkeeper/protocol';
import * as v from 'valibot';

/** The body, which must be what the schema says. */
export async function json<T extends v.GenericSchema>(
  schema: T,
  response: Response
): Promise<v.InferOutput<T>> {
  return v.parse(schema, await response.json());
}

/** The status with the refusal's code; its message must be one sentence, and tell nothing of the inside. */
export async function refusal(response: Response): Promise<[number, string]> {
  const { code, message } = await json(HubRefusal, response);
  expect(message).toMatch(/^[A-Z][^\n]*\.$/);
  expect(message).not.toMatch(/\bat \S+:\d|\.[jt]s\b|sqlite|postgres/i);
  return [response.status, code];
}
