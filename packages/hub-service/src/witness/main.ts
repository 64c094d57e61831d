import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reasonOf } from '../failure.js';
import { StateFolder } from '../keys/state-folder.js';
import { nodeVerifyTools } from '../verify/node-tools.js';
import { fingerprintOf, Witness } from './witness.js';
import { WitnessBook } from './witness-book.js';
import { witnessServer } from './witness-server.js';

const USAGE =
  'usage: labkeeper witness --state FOLDER [--listen HOST:PORT] [--service FINGERPRINT]...\n' +
  'Co-signs the digests of hub services; run it where the hub’s admins have no rights.';
const EXIT = { failed: 1, usage: 2 } as const;

process.umask(0o077);
try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`labkeeper witness: ${reasonOf(error)}\n`);
  process.exitCode ??= EXIT.failed;
}

async function run(words: readonly string[]): Promise<void> {
  const { state, listen, services } = asked(words);
  const folder = await StateFolder.open(state);
  const pem = await folder.secret('witness-key.pem', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  });
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x;
  if (publicKey === undefined || privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(`witness-key.pem in ${state} is no Ed25519 key: put it back from a backup.`);
  }
  const tools = nodeVerifyTools();
  const book = new WitnessBook(join(state, 'witness.jsonl'), publicKey, tools);
  const witness = new Witness({
    ...{ book, privateKey, publicKey, services, tools },
    nowMs: () => Date.now()
  });
  const server = witnessServer(witness, error =>
    process.stderr.write(`labkeeper witness: ${reasonOf(error)}\n`)
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => resolve());
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => server.close(() => process.exit(0)));
  }
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : listen.port;
  process.stdout.write(`Listening at http://${listen.host}:${port}. Key: ${fingerprintOf(publicKey)}\n`);
}

function asked(words: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        state: { type: 'string' },
        listen: { type: 'string', default: '127.0.0.1:8193' },
        service: { type: 'string', multiple: true, default: [] }
      }
    });
    const place = /^(\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(values.listen);
    if (values.state === undefined || place?.[1] === undefined) {
      throw new Error('Name the folder with --state, and where to listen as HOST:PORT.');
    }
    const services = values.service.map(text => text.toLowerCase().replace(/[\s:]/g, ''));
    if (services.some(text => !/^[0-9a-f]{64}$/.test(text))) {
      throw new Error('--service is a fingerprint: 64 hexadecimal digits.');
    }
    const listen = { host: place[1].replace(/^\[|\]$/g, ''), port: Number(place[2]) };
    return { state: values.state, listen, services };
  } catch (error) {
    process.exitCode = EXIT.usage;
    throw new Error(`${reasonOf(error)}\n${USAGE}`, { cause: error });
  }
}
