-- name: aged
select key from rota.done where state = :state and ended_at < :cutoff order by state, ended_at limit :limit

-- name: nth_newest
select ended_at from rota.done where state = :state order by state desc, ended_at desc limit 1 offset :count

-- name: final_keys (sqlite)
select d.key from done d join job j on j.key = d.key
where d.state in (select value from json_each(:states)) and (:queue is null or j.queue = :queue)
    and (:method is null or j.method = :method)
order by d.key desc limit :limit

-- name: final_keys (postgresql)
select d.key from rota.done d join rota.job j on j.key = d.key
where d.state = any(:states::smallint[]) and (:queue::text is null or j.queue = :queue)
    and (:method::text is null or j.method = :method)
order by d.key desc limit :limit

-- name: not_swept (sqlite)
-- Keys whose rows in site.db would bring their job back.
select key from rota_outbox where key in (select value from json_each(:keys))
union
select key from rota_ledger where done is not null and recorded = 0 and key in (select value from json_each(:keys))

-- name: delete_done (sqlite)
delete from done where key in (select value from json_each(:keys)) returning key

-- name: delete_done (postgresql)
delete from rota.done where key = any(:keys::uuid[]) returning key

-- name: delete_job (sqlite)
delete from job where key in (select value from json_each(:keys))

-- name: delete_job (postgresql)
delete from rota.job where key = any(:keys::uuid[])

-- name: delete_attempts (sqlite)
delete from attempt where key in (select value from json_each(:keys))

-- name: delete_attempts (postgresql)
delete from rota.attempt where key = any(:keys::uuid[])

-- name: delete_log (sqlite)
delete from log where key in (select value from json_each(:keys))

-- name: delete_log (postgresql)
delete from rota.log where key = any(:keys::uuid[])

-- name: delete_progress (sqlite)
delete from progress where key in (select value from json_each(:keys))

-- name: delete_progress (postgresql)
delete from rota.progress where key = any(:keys::uuid[])

-- name: delete_cursors (postgresql)
delete from rota.job_cursor where key = any(:keys::uuid[])

-- name: delete_meta (sqlite)
delete from meta where key in (select value from json_each(:keys))

-- name: delete_meta (postgresql)
delete from rota.meta where key = any(:keys::uuid[])

-- name: delete_steering (sqlite)
delete from steering where key in (select value from json_each(:keys))

-- name: delete_steering (postgresql)
delete from rota.steering where key = any(:keys::uuid[])

-- name: old_results
select key from rota.done where result_until < :now order by result_until limit :limit

-- name: drop_result
update rota.done set result = null, result_until = null where key = :key

-- name: prune_ticks
delete from rota.tick where due < :cutoff and exists(select 1 from rota.tick where due < :cutoff)

-- name: prune_events
delete from rota.event where at < :cutoff and number <= (select max(number) from rota.event) - :keep

-- name: cursor_keys (sqlite)
select key from rota_job_cursor limit :limit

-- name: outbox_has (sqlite)
select key from rota_outbox where key in (select value from json_each(:keys))
