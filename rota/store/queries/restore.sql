-- name: last_claim (sqlite)
select claim from counter

-- name: known_claim (sqlite)
-- The highest claim number that site.db knows to be given out. A raised fence is above the claim that it shuts out.
select max((select claim from rota_ledger_floor),
    coalesce((select max(fence - (done is null)) from rota_ledger where fence = (select max(fence) from rota_ledger)), 0))

-- name: written (sqlite)
-- Of the latest jobs that finished, those that the ledger finished.
select key, claim from (select key, claim, written from done where state = 4 order by ended_at desc limit :limit)
where written = 1

-- name: not_in_ledger (sqlite)
-- Of jobs that the ledger finished, as [key, claim], those of which it has no row that it must still have.
select json_extract(given.value, '$[0]') from json_each(:written) given
where json_extract(given.value, '$[1]') > (select claim from rota_ledger_floor)
    and not exists (select 1 from rota_ledger where key = json_extract(given.value, '$[0]') and done is not null)

-- name: forget_written (sqlite)
update done set written = null where key = :key

-- name: end_leases
update rota.dispatcher set lease_until = 0

-- name: highest_fence (sqlite)
select max((select claim from rota_ledger_floor), coalesce((select max(fence) from rota_ledger), 0))

-- name: raise_counter (sqlite)
update counter set claim = max(claim, :claim)

-- name: raise_claim_number (postgresql)
select setval('rota.claim_number', greatest((select last_value from rota.claim_number),
    coalesce((select max(claim) from rota.live), 0), coalesce((select max(claim) from rota.done), 0)) + 1)

-- name: ledger_done (sqlite)
select key, done, result, ended_at from rota_ledger where done is not null

-- name: take_restored (sqlite)
delete from live where key = :key
returning key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested
