-- name: put_schedule
insert into rota.schedule (id, definition, enabled, last_due) values (:id, :definition, :enabled, :since)
on conflict (id) do update set definition = excluded.definition, enabled = excluded.enabled,
    error = null, next_due = null
where schedule.definition <> excluded.definition or schedule.enabled <> excluded.enabled

-- name: drop_schedule
delete from rota.schedule where id = :id

-- name: enable_schedule
update rota.schedule set enabled = :enabled where id = :id

-- name: note_schedule
update rota.schedule set next_due = :next_due, error = :error where id = :id

-- name: take_tick
update rota.schedule set last_due = :due where id = :id and enabled = 1 and last_due < :due

-- name: insert_tick
insert into rota.tick (schedule, due, taken_at, key, skipped) values (:id, :due, :now, :key, :skipped)

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
