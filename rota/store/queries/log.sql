-- name: insert_log
insert into rota.log (key, attempt, at, level, text) values (:key, :attempt, :at, :level, :text)

-- name: put_progress
insert into rota.progress (key, at, done, total, message) values (:key, :at, :done, :total, :message)
on conflict (key) do update set at = excluded.at, done = excluded.done, total = excluded.total,
    message = excluded.message

-- name: insert_event
insert into rota.event (room, name, payload, at) values (:room, :name, :payload, :at)

-- name: meta
select value from rota.meta where key = :key

-- name: put_meta
insert into rota.meta (key, value) select key, :value from rota.job where key = :key
on conflict (key) do update set value = excluded.value

-- name: lines
select key, attempt, at, level, text from rota.log where key = :key order by attempt, number

-- name: lines_of
select key, attempt, at, level, text from rota.log where key = :key and attempt = :attempt order by number

-- name: progress
select key, at, done, total, message from rota.progress where key = :key

-- name: attempts
select key, attempt, claim, ending, started_at, ended_at, next_at, error, host from rota.attempt
where key = :key order by claim

-- name: events
select room, name, payload, at, number from rota.event where number > :after order by number limit :limit

-- name: last_event
select coalesce(max(number), 0) from rota.event
