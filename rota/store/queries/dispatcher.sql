-- name: register
insert into rota.dispatcher (token, host, pid, boot_id, queues, started_at, seen_at, lease_until)
values (:token, :host, :pid, :boot_id, :queues, :now, :now, :until)

-- name: renew
update rota.dispatcher set lease_until = :until, seen_at = :now where token = :token

-- name: end_lease
update rota.dispatcher set lease_until = 0 where token = :token

-- name: drop_dispatcher
delete from rota.dispatcher where token = :token

-- name: drop_workers
delete from rota.worker where token = :token

-- name: insert_worker
insert into rota.worker (token, pid, state, key, born_at, finished, failed, busy, seen_at)
values (:token, :pid, :state, :key, :born_at, :finished, :failed, :busy, :now)

-- name: still_held (sqlite)
-- The plus keeps the key out of the index: each pair of the two lists would be looked up.
select key, claim, cancel_requested from live
where +key in (select value from json_each(:keys)) and claim in (select value from json_each(:claims)) and state = 2
    and token = :token

-- name: still_held (postgresql)
select key, claim, cancel_requested from rota.live
where key = any(:keys::uuid[]) and state = 2 and token = :token
    and claim = (:claims::bigint[])[width_bucket(key, :keys::uuid[])]

-- name: expired
-- Dispatchers whose lease is over. A lease of another boot counts from a clock that is gone.
select token from rota.dispatcher where lease_until < :now or (:boot_id <> '' and substr(boot_id, 1, 36) <> :boot_id)

-- name: started_by (sqlite)
-- Claims under these tokens; with :orphans also those under tokens that no dispatcher's row has, as after a restore.
select l.key, l.claim, j.id, j.root, j.method, j.queue, j.username, l.attempt, l.crashes, l.failures, l.token,
    (select host from dispatcher d where d.token = l.token), j.body
from live l cross join job j on j.key = l.key
where l.state = 2 and (l.token in (select value from json_each(:tokens))
    or :orphans and l.token not in (select token from dispatcher)) limit :limit

-- name: started_by (postgresql)
select l.key, l.claim, j.id, j.root, j.method, j.queue, j.username, l.attempt, l.crashes, l.failures, l.token,
    (select host from rota.dispatcher d where d.token = l.token), j.body
from (select * from rota.live where state = 2
        and (token = any(:tokens::text[]) or :orphans and token not in (select token from rota.dispatcher))
    limit :limit) l
join rota.job j on j.key = l.key

-- name: started_of (sqlite)
select 1 from live where state = 2 and token = :token limit 1

-- name: started_of (postgresql)
select 1 from rota.live where state = 2 and token = :token limit 1
