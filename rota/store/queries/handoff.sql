-- name: outbox_insert (sqlite)
insert into rota_outbox (key, id, root, method, mode, parent, made_by, spec)
values (:key, :id, :root, :method, :mode, :parent, :made_by, :spec)

-- name: fence (sqlite)
insert into rota_ledger (key, fence) select :key, :claim from rota_ledger_floor where claim < :claim
on conflict (key) do update set fence = excluded.fence where fence <= excluded.fence and done is null

-- name: finish (sqlite)
insert into rota_ledger (key, fence, done, result, ended_at)
select :key, :claim, :claim, :result, :now from rota_ledger_floor where claim < :claim
on conflict (key) do update set fence = excluded.fence, done = excluded.done, result = excluded.result,
    ended_at = excluded.ended_at
where fence <= excluded.fence and done is null

-- name: raise_fence (sqlite)
insert into rota_ledger (key, fence) values (:key, :claim + 1)
on conflict (key) do update set fence = max(fence, excluded.fence) where done is null

-- name: is_done (sqlite)
select 1 from rota_ledger where key = :key and done is not null

-- name: holds_claim_now (postgresql)
select 1 from rota.live where key = :key and state = 2 and claim = :claim

-- name: read_cursor (sqlite)
select value from rota_job_cursor where key = :key

-- name: read_cursor (postgresql)
select value from rota.job_cursor where key = :key

-- name: write_cursor (sqlite)
insert into rota_job_cursor (key, claim, value) values (:key, :claim, :value)
on conflict (key) do update set claim = excluded.claim, value = excluded.value

-- name: write_cursor (postgresql)
insert into rota.job_cursor (key, claim, value) values (:key, :claim, :value)
on conflict (key) do update set claim = excluded.claim, value = excluded.value

-- name: got_on (sqlite)
select 1 from rota_job_cursor where key = :key and claim = :claim

-- name: got_on (postgresql)
select 1 from rota.job_cursor where key = :key and claim = :claim

-- name: drop_cursor (sqlite)
delete from rota_job_cursor where key = :key

-- name: drop_cursor (postgresql)
delete from rota.job_cursor where key = :key

-- name: notify (postgresql)
select pg_notify('rota_jobs', :payload)

-- name: listen (postgresql)
listen rota_jobs
