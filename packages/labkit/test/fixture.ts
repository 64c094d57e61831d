import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../protocol/fixtures/v1');

/** A message as an earlier release sent it. */
export interface IFixture {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Every message that a companion sends to a page. */
export function companionFixtures(): readonly IFixture[] {
  return readdirSync(FOLDER)
    .filter(name => name.endsWith('.companion.json'))
    .map(name => readFixture(name));
}

/** The message in the file `NAME.companion.json`. */
export function fixture(name: string): IFixture {
  return readFixture(`${name}.companion.json`);
}

function readFixture(file: string): IFixture {
  const value: IFixture = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
  return value;
}
