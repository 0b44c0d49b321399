-- name: put_schedule
insert into rota.schedule (id, definition, enabled, last_due) values (:id, :definition, :enabled, :since)
on conflict (id) do update set definition = excluded.definition, enabled = excluded.enabled,
    error = null, next_due = null
where schedule.definition <> excluded.definition or schedule.enabled <> excluded.enabled

-- name: drop_schedule
delete from rota.schedule where id = :id

-- name: enable_schedule
update rota.schedule set enabled = :enabled where id = :id

-- name: note_schedule (sqlite)
update schedule set next_due = :next_due, error = :error where id = :id

-- name: note_schedule (postgresql)
update rota.schedule s set next_due = r.next_due, error = r.error
from json_to_recordset(:rows::json) r(id text, next_due bigint, error text) where s.id = r.id

-- name: take_ticks (sqlite)
-- One due time of each schedule; back come the schedules of which it was to be had.
update schedule set last_due = r.due
from (select value ->> 'id' as of_id, value ->> 'due' as due from json_each(:rows)) r
where id = r.of_id and enabled = 1 and last_due < r.due returning id

-- name: take_ticks (postgresql)
-- The rows are locked as they are given, by id: two schedulers can't wait for each other in a circle.
with mine as materialized (
    select s.id, r.due
    from json_to_recordset(:rows::json) r(id text, due bigint)
    cross join lateral (
        select id from rota.schedule where id = r.id and enabled = 1 and last_due < r.due for update
    ) s
)
update rota.schedule s set last_due = mine.due from mine where s.id = mine.id returning s.id

-- name: insert_tick (sqlite)
insert into tick (schedule, due, taken_at, key, skipped) values (:id, :due, :now, :key, :skipped)

-- name: insert_tick (postgresql)
insert into rota.tick (schedule, due, taken_at, key, skipped)
select id, due, now, key, skipped
from json_to_recordset(:rows::json) r(id text, due bigint, now bigint, key uuid, skipped text)

-- name: schedules
select id, definition, enabled, last_due, next_due, error from rota.schedule order by id

-- name: schedule
select id, definition, enabled, last_due, next_due, error from rota.schedule where id = :id

-- name: ticks
select schedule, due, taken_at, key, skipped from rota.tick order by due desc limit :limit

-- name: ticks_of
select schedule, due, taken_at, key, skipped from rota.tick where schedule = :id order by due desc limit :limit

-- name: pauses
select scope, name, paused_by, why, paused_at, paused_until from rota.pause
where paused_until is null or paused_until > :now order by scope, name

-- name: next_pause_end
select min(paused_until) from rota.pause where paused_until > :now

-- name: pause
insert into rota.pause (scope, name, paused_by, why, paused_at, paused_until)
values (:scope, :name, :by, :why, :now, :until)
on conflict (scope, name) do update set paused_by = excluded.paused_by, why = excluded.why,
    paused_at = excluded.paused_at, paused_until = excluded.paused_until

-- name: resume
delete from rota.pause where scope = :scope and name = :name

-- name: paused_methods_with_jobs
select distinct method from rota.live where waits = 5
