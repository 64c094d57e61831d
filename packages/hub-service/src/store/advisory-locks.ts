/**
 * Numbers of PostgreSQL's advisory locks, by which one replica at a time does a thing. They are one space, of sessions and of
 * transactions alike, so each job has its own.
 */
export const ADVISORY_LOCKS = { digests: 5_013_265, retention: 5_013_266, months: 5_013_267 } as const;
