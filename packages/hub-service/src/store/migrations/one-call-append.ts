import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * PostgreSQL alone: a group of batches is appended by one call, whose plans a connection keeps. The log's head is locked from
 * its update to the end of the call, in which there is no round trip.
 *
 * Rows of `stream` and `log_head` change all the time: room in their pages lets them change without a new entry in each
 * index. `seen_at_ms` is in one, so it moves only every few seconds.
 */
export const oneCallAppend: Migration = {
  async up(db) {
    await sql`alter table stream set (fillfactor = 50)`.execute(db);
    await sql`alter table log_head set (fillfactor = 10)`.execute(db);
    await sql.raw(FUNCTION).execute(db);
  }
};

// Numbers of batches and records begin with 1. `r_entries` is joined by newlines, of which canonical JSON has none;
// `r_leaves` has 32 bytes for each; the encrypted parts lie one behind the other in `r_sealed`, 0 bytes = there is none.
const FUNCTION = `
create function labkeeper_append(
  at_ms bigint,
  b_stream integer[], b_hub integer[], b_person integer[], b_server integer[], b_groups integer[],
  b_first bigint[], b_last bigint[], b_prev text[], b_head text[],
  r_batch integer[], r_seq bigint[], r_occurred bigint[], r_action text[], r_ecosystem text[], r_name text[],
  r_version text[], r_tool text[], r_effect text[], r_grade text[], r_environment text[],
  r_leaves bytea, r_entries text, r_sealed bytea, r_sealed_from integer[], r_sealed_bytes integer[]
) returns table (batch integer, first_index bigint, head_seq bigint, head_hash text)
language plpgsql set plan_cache_mode = force_generic_plan as $append$
declare
  b record;
  total bigint := 0;
  base bigint;
  -- Place of a batch's first record among all that are stored; null = its stream was elsewhere.
  places bigint[] := array_fill(null::bigint, array[cardinality(b_stream)]);
begin
  -- In the order of their numbers, so that two replicas never wait for one another.
  perform 1 from stream where id = any (b_stream) order by id for no key update;
  for b in
    select * from unnest(b_stream, b_first, b_last, b_prev, b_head)
      with ordinality as x(stream, first, last, prev, head, number) order by x.number
  loop
    update stream s set seq = b.last, head = b.head,
      seen_at_ms = case when at_ms - s.seen_at_ms between 0 and 4999 then s.seen_at_ms else at_ms end
      where s.id = b.stream and s.seq = b.first - 1 and s.head = b.prev;
    if found then
      places[b.number] := total;
      total := total + b.last - b.first + 1;
    end if;
  end loop;
  if total > 0 then
    update log_head set next_index = next_index + total returning next_index - total into strict base;
    with r as materialized (
      select base + g.place + x.seq - g.first as idx, x.*, g.*
      from unnest(r_batch, r_seq, r_occurred, r_action, r_ecosystem, r_name, r_version, r_tool, r_effect, r_grade,
          r_environment, r_sealed_from, r_sealed_bytes, string_to_array(r_entries, E'\\n'))
        with ordinality as x(of_batch, seq, occurred, action, ecosystem, name, version, tool, effect, grade,
          environment, sealed_from, sealed_bytes, entry, number)
      join unnest(b_stream, b_hub, b_person, b_server, b_groups, b_first, places)
        with ordinality as g(stream, hub, person, server, groups, first, place, of_group)
        on g.of_group = x.of_batch
      where g.place is not null
    ), narrow as (
      insert into record (idx, received_at_ms, hub_id, person_id, server_id, group_set_id, stream_id, seq,
        occurred_at_ms, action, ecosystem, package_name, package_version, tool, effect, grade, environment, leaf)
      select r.idx, at_ms, r.hub, r.person, r.server, r.groups, r.stream, r.seq,
        r.occurred, r.action, r.ecosystem, r.name, r.version, r.tool, r.effect, r.grade, r.environment,
        substring(r_leaves from (r.number * 32 - 31)::integer for 32)
      from r
    ), parts as (
      insert into personal (received_at_ms, idx, person_id, sealed)
      select at_ms, r.idx, r.person, substring(r_sealed from r.sealed_from for r.sealed_bytes)
      from r where r.sealed_bytes > 0
    )
    insert into record_body (received_at_ms, idx, entry) select at_ms, r.idx, r.entry from r;
  end if;
  return query
    select x.number::integer, base + places[x.number], s.seq, s.head
    from unnest(b_stream) with ordinality as x(stream, number) join stream s on s.id = x.stream order by x.number;
end
$append$`;
