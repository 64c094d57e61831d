import * as v from 'valibot';
import { notification } from '../envelope.js';
import { Bytes, Count, EpochMs, Text } from '../values/units.js';

/** Parts that an admin can switch off by `LABKEEPER_DISABLE`. */
export const Part = v.picklist([
  'companion',
  'meter',
  'deaths',
  'notices',
  'oom-score',
  'flight-recorder',
  'gpu',
  'save-guard',
  'reclaim',
  'audit'
]);
export type Part = v.InferOutput<typeof Part>;
export const PARTS: readonly Part[] = Part.options;

const Greeting = { protocol: Count, build: Text };

/** What is known once about the machine. */
export const Machine = v.object({
  hostname: Text,
  platform: Text,
  cpuModel: v.nullable(Text),
  cpuCores: Count,
  memoryBytes: v.nullable(Bytes)
});
export type Machine = v.InferOutput<typeof Machine>;

/** First message of the companion to a page. */
export const companionHello = notification(
  'hello',
  v.object({
    ...Greeting,
    disabled: v.array(Text),
    /**
     * The hub service has not answered since this companion began, so what policy switches is what it said then; null or absent
     * = it has answered, or there is nothing that it said before.
     */
    policySaidAtMs: v.optional(v.nullable(EpochMs)),
    machine: Machine,
    /** Where people read more about a death; the admin's, null = none. */
    runbookUrl: v.nullable(Text),
    /** What the hub calls this server; empty without a hub or for the default server. */
    serverName: Text,
    /** Version of the server's own Python, and the image that it runs in; null or absent = not known. */
    python: v.optional(v.nullable(Text)),
    image: v.optional(v.nullable(Text)),
    /** One id per companion process: a new one tells the page to forget unfinished things. */
    boot: Text
  })
);
export type CompanionHello = v.InferOutput<typeof companionHello.params>;

/** As much of a hello as any version says: enough to find that the two sides do not speak the same protocol. */
export const anyHello = notification('hello', v.looseObject({ protocol: Count }));

/** First message of a page to the companion. */
export const pageHello = notification(
  'hello',
  v.object({ ...Greeting, client: v.picklist(['lab', 'notebook', 'page']), visible: v.boolean() })
);

/** First message of the jupyter_server extension to the companion. */
export const serverHello = notification(
  'hello',
  v.object({
    ...Greeting,
    serverPid: Count,
    serverName: Text,
    baseUrl: Text,
    /** The folder that paths of documents begin at. */
    rootDir: Text,
    /**
     * Documents are files in `rootDir` and nothing more: jupyter_server's own contents manager, without hooks. Only
     * then may a file be written past it. Absent = false.
     */
    plainFiles: v.optional(v.boolean()),
    /** Where kernels' connection files are, `kernel-<id>.json`. Absent = not known. */
    runtimeDir: v.optional(Text),
    /** Where jupyter_server keeps its secret and the signatures of trusted notebooks. Absent = not as it does by itself. */
    signatures: v.optional(v.object({ secretFile: Text, dbFile: Text }))
  })
);
