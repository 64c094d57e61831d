import { readArguments, type IVerifyArguments } from './arguments.js';
import { InputError } from './input-error.js';
import { reportText } from './report-text.js';
import { verifyHeldFile } from './verify-file.js';

/** Exit codes, for scripts. */
const EXIT = { whole: 0, notWhole: 1, unreadable: 2 } as const;

// `labkeeper verify … | head`: nobody reads on.
process.stdout.on('error', () => undefined);
process.exitCode = await run(process.argv.slice(2));

async function run(words: readonly string[]): Promise<number> {
  try {
    const asked = readArguments(words);
    return await verify(asked);
  } catch (error) {
    if (error instanceof InputError) {
      process.stderr.write(`labkeeper verify: ${error.message}\n`);
    } else {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`labkeeper verify: it failed, please report this: ${reason}\n`);
    }
    return EXIT.unreadable;
  }
}

async function verify(asked: IVerifyArguments): Promise<number> {
  const report = await verifyHeldFile(asked);
  process.stdout.write(asked.json ? `${JSON.stringify(report, null, 1)}\n` : reportText(asked.file, report));
  // An anchor that does not hold is no success, even where it says nothing about the export.
  const hold = report.anchors.every(({ verdict }) => verdict === 'fits' || verdict === 'outside');
  const isInOrder = report.outcome === 'whole' || report.outcome === 'consistent';
  return isInOrder && hold ? EXIT.whole : EXIT.notWhole;
}
