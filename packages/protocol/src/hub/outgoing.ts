import * as v from 'valibot';

/** Targets of one policy, at most. */
export const OUTGOING_TARGETS = 20;

const Text = (length: number) => v.pipe(v.string(), v.maxLength(length));
const Maybe = (length: number) => v.nullable(Text(length));
const Name = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,31}$/));
const File = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const Url = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));
const Host = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

/** What is announced to webhooks and chats. */
export const OutgoingKind = v.picklist([
  'request.made',
  'request.decided',
  'kernel.died',
  'install.blocked',
  'user.offboarded'
]);
export type OutgoingKind = v.InferOutput<typeof OutgoingKind>;

const RequestData = v.strictObject({
  hub: Text(128),
  id: Text(64),
  user: Text(256),
  /** Such as `package` or `tier`. */
  kind: Text(64),
  /** What is asked for, in a few words. */
  title: Text(512),
  state: Text(64),
  /** Who decided; null = nobody yet, or the policy. */
  by: Maybe(256),
  reason: Maybe(1024),
  /** Page of the request; null = there is none. */
  link: Maybe(2048)
});

const dated = { timestamp: v.pipe(v.string(), v.isoTimestamp()) } as const;

/** One message to a webhook: the body of a Standard Webhook. */
export const Announcement = v.variant('type', [
  v.strictObject({ type: v.literal('request.made'), ...dated, data: RequestData }),
  v.strictObject({ type: v.literal('request.decided'), ...dated, data: RequestData }),
  v.strictObject({
    type: v.literal('kernel.died'),
    ...dated,
    data: v.strictObject({
      hub: Text(128),
      user: Text(256),
      server: Text(256),
      cause: Text(128),
      /** One sentence, without names of files or variables. */
      headline: Text(512)
    })
  }),
  v.strictObject({
    type: v.literal('install.blocked'),
    ...dated,
    data: v.strictObject({
      hub: Text(128),
      /** null = erased. */
      user: Maybe(256),
      server: Maybe(256),
      ecosystem: Maybe(64),
      package: Maybe(256),
      version: Maybe(128),
      rule: Maybe(256),
      reason: Maybe(1024),
      /** Of the record in the log. */
      index: v.pipe(v.number(), v.integer(), v.minValue(0))
    })
  }),
  v.strictObject({
    type: v.literal('user.offboarded'),
    ...dated,
    data: v.strictObject({
      hub: Text(128),
      user: Text(256),
      by: Text(256),
      /** Whether everything was ended. */
      complete: v.boolean(),
      /** Sentences about what was not. */
      failed: v.pipe(v.array(Text(1024)), v.maxLength(50)),
      index: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0)))
    })
  })
]);
export type Announcement = v.InferOutput<typeof Announcement>;

const common = {
  name: Name,
  /** The host of its address, where that is an internal one on purpose. */
  allow_internal: v.optional(Host),
  /** PEM of those who sign the target's certificate, instead of the public ones. */
  ca_file: v.optional(File),
  /** Only what happens at one of these hubs, where several share the service; absent = at all. */
  hubs: v.optional(
    v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(64))), v.minLength(1), v.maxLength(200))
  )
} as const;
const announced = { send: v.optional(v.pipe(v.array(OutgoingKind), v.minLength(1))) } as const;
const forwarded = {
  /** Whether names of users and servers go out: erasure does not reach what a target keeps. */
  names: v.optional(v.boolean(), false),
  /** Where a target that is new begins. */
  from: v.optional(v.picklist(['now', 'beginning']), 'now')
} as const;

/** One `[[target]]`: where something is sent. Secrets stand in files, because every version of a policy is kept. */
export const OutgoingTarget = v.variant('kind', [
  v.strictObject({ kind: v.literal('webhook'), url: Url, secret_file: File, ...common, ...announced }),
  v.strictObject({ kind: v.literal('slack'), url_file: File, ...common, ...announced }),
  v.strictObject({ kind: v.literal('syslog'), url: Url, ...common, ...forwarded }),
  v.strictObject({
    kind: v.literal('otlp'),
    url: Url,
    /** Holds the value of the header `Authorization`. */
    authorization_file: v.optional(File),
    ...common,
    ...forwarded
  })
]);
export type OutgoingTarget = v.InferOutput<typeof OutgoingTarget>;

/** `[directory]`: the firm's directory may end a person's access by a signed webhook. */
export const DirectoryPolicy = v.strictObject({
  /** Holds the secret of the webhooks, `whsec_…`. */
  secret_file: File
});
export type DirectoryPolicy = v.InferOutput<typeof DirectoryPolicy>;

/** 64-bit integers are texts in protobuf's JSON, and may be numbers. */
const Count = v.union([
  v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number)),
  v.pipe(v.number(), v.safeInteger(), v.minValue(0))
]);

/** What an OTLP target answers to records (ExportLogsServiceResponse). Others' answers may hold more. */
export const OtlpLogsAnswer = v.object({
  partialSuccess: v.nullish(
    v.object({ rejectedLogRecords: v.optional(Count), errorMessage: v.optional(v.string()) })
  )
});

/** A record of the log as it is forwarded. */
export interface IForwardedRecord {
  readonly index: number;
  readonly receivedAtMs: number;
  readonly occurredAtMs: number | null;
  readonly hub: string;
  /** null = not sent, or erased. */
  readonly user: string | null;
  readonly server: string | null;
  readonly action: string;
  readonly ecosystem: string | null;
  readonly packageName: string | null;
  readonly packageVersion: string | null;
  readonly tool: string | null;
  readonly effect: string | null;
  readonly grade: string;
  readonly stream: string;
  readonly seq: number;
  /** The exact line of the log. */
  readonly entry: string;
}

/** Records that lie one behind the other and are not there, told in their place. */
export interface IForwardedHole {
  /** `deleted`: by retention, and its act is in the log. `missing`: nothing says why. */
  readonly hole: 'deleted' | 'missing';
  readonly firstIndex: number;
  readonly count: number;
  /** When it was found, epoch ms. */
  readonly atMs: number;
}

/** What is forwarded of the log, in its order. */
export type Forwarded = IForwardedRecord | IForwardedHole;
