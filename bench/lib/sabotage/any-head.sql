-- PostgreSQL that stores a batch wherever its stream stands: what comes again is there twice. The index that every month has,
-- and that of the time before the log was kept by months.
do $$ declare
  unique_index regclass;
begin
  for unique_index in
    select indexrelid::regclass from pg_index
      where indisunique and pg_get_indexdef(indexrelid) like '%(stream_id, seq)'
        and not exists (select 1 from pg_inherits where inhrelid = indexrelid)
  loop
    execute format('drop index %s', unique_index);
  end loop;
  execute replace(
    pg_get_functiondef('append_batches'::regproc), 'and seq = b_before[i] and head = b_before_head[i]', '');
end $$;
