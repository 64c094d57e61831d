import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cause, encode, MESSAGES, messageName, Receiver, type IDeclaration, type Side } from './index.js';

const FOLDER = join(__dirname, '../fixtures/v1');

const ALL = (Object.keys(MESSAGES) as Side[]).flatMap(side =>
  MESSAGES[side].map(declaration => ({
    name: messageName(declaration.method, side),
    declaration: declaration as IDeclaration
  }))
);

function frame(name: string): { method: string; params: unknown } {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

describe('golden fixtures', () => {
  it('are one for every message, and no more', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(ALL.map(({ name }) => `${name}.json`).sort());
  });

  it.each(ALL)('$name is read whole and comes back as it was sent', ({ name, declaration }) => {
    const sent = frame(name);
    const read: unknown[] = [];
    const receiver = new Receiver().on(declaration, params => read.push(params));
    expect(receiver.receive(JSON.stringify(sent))).toBe(true);
    expect(read).toEqual([sent.params]);
    expect(JSON.parse(encode(declaration, read[0]))).toEqual(sent);
  });

  it('show every cause there is', () => {
    const { deaths } = frame('kernel-deaths.companion').params as {
      deaths: { verdict: { cause: string } }[];
    };
    const { notices } = frame('notices.companion').params as { notices: { verdict: { cause: string } }[] };
    const shown = new Set([...deaths, ...notices].map(({ verdict }) => verdict.cause));
    expect([...shown].sort()).toEqual([...Cause.options].sort());
  });
});
