/**
 * Writes docs/schemas/*.json: one JSON Schema per message of the protocol, from its only declaration.
 * `--check` writes nothing and fails when a file is missing, differs, or is left over.
 * Needs a built protocol (`tsc -b packages/protocol`).
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { toJsonSchema } from '@valibot/to-json-schema';
import { format, resolveConfig } from 'prettier';

const FOLDER = new URL('../docs/schemas/', import.meta.url);

/** The built protocol; one clear sentence where it is not built. */
async function protocol() {
  try {
    return await import('../packages/protocol/lib/index.js');
  } catch (error) {
    if (error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new Error('The protocol is not built: run `npx tsc -b packages/protocol` first.', {
        cause: error
      });
    }
    throw error;
  }
}

/** File name → text, for every message. */
async function schemas() {
  const { MESSAGES, messageName } = await protocol();
  const texts = new Map();
  for (const [side, declarations] of Object.entries(MESSAGES)) {
    for (const { method, params } of declarations) {
      const name = `${messageName(method, side)}.json`;
      const { $schema, ...shape } = toJsonSchema(params, {
        // What is sent, not what is left of it after reading: reading drops what it does not know.
        typeMode: 'input',
        // `check`: a sum over the whole, which JSON Schema has no word for.
        ignoreActions: ['finite', 'check']
      });
      const schema = {
        $schema,
        title: `${method}, sent by the ${side}`,
        type: 'object',
        properties: { method: { const: method }, params: shape },
        required: ['method', 'params']
      };
      const file = new URL(name, FOLDER);
      const options = await resolveConfig(file);
      texts.set(name, await format(JSON.stringify(schema), { ...options, parser: 'json' }));
    }
  }
  return texts;
}

async function present() {
  try {
    return (await readdir(FOLDER)).filter(name => name.endsWith('.json'));
  } catch (error) {
    if (error?.code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function check(texts) {
  const wrong = (await present()).filter(name => !texts.has(name)).map(name => `${name} is left over`);
  for (const [name, text] of texts) {
    const there = await readFile(new URL(name, FOLDER), 'utf8').catch(error => {
      if (error?.code === 'ENOENT') {
        return null;
      }
      throw error;
    });
    if (there !== text) {
      wrong.push(`${name} ${there === null ? 'is missing' : 'differs'}`);
    }
  }
  if (wrong.length > 0) {
    console.error(`docs/schemas is not what the protocol says: ${wrong.join(', ')}.`);
    console.error('Run `node scripts/generate-schemas.mjs` and commit what it writes.');
    process.exitCode = 1;
  }
}

async function write(texts) {
  await mkdir(FOLDER, { recursive: true });
  for (const name of await present()) {
    if (!texts.has(name)) {
      await rm(new URL(name, FOLDER));
    }
  }
  for (const [name, text] of texts) {
    await writeFile(new URL(name, FOLDER), text);
  }
  console.log(`${texts.size} schemas in docs/schemas.`);
}

try {
  const texts = await schemas();
  await (process.argv.includes('--check') ? check(texts) : write(texts));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
