import { readFileSync } from 'node:fs';

/** Reports to the machine outside: one JSON line on the console. What was reported is outside when this returns. */
export function report(message) {
  process.stdout.write(`\n@@ ${JSON.stringify(message)}\n`);
}

/** The words `lk.<name>=<value>` of the kernel's command line. */
export const words = new Map(
  process.argv
    .filter(word => word.startsWith('lk.'))
    .map(word => {
      const [name, ...value] = word.slice(3).split('=');
      return [name, value.join('=')];
    })
);

/** What the machine outside wants, in JSON, from a disk of its own. */
export function readOrder(disk = '/dev/vdd') {
  return JSON.parse(readFileSync(disk, 'utf8').replace(/\0+$/, ''));
}
