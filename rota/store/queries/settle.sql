-- name: unsettled (sqlite)
-- Is there anything in site.db that jobs.db may not have?
select exists(select 1 from rota_outbox where seq > :seq),
    exists(select 1 from rota_ledger where done is not null and recorded = 0)

-- name: outbox (sqlite)
select seq, key, id, root, method, parent, made_by, spec from rota_outbox where seq > :seq order by seq limit :limit

-- name: unrecorded (sqlite)
-- But for the claims :known, of which there may be many until they are swept.
select key, done, result, ended_at from rota_ledger
where done is not null and recorded = 0 and done not in (select value from json_each(:known))

-- name: sweep_outbox (sqlite)
delete from rota_outbox where seq <= :seq

-- name: sweep_ledger (sqlite)
update rota_ledger set recorded = 1 where key = :key and done = :done

-- name: ledger_floor (sqlite)
update rota_ledger_floor set claim = :claim where claim < :claim

-- name: prune_ledger (sqlite)
delete from rota_ledger where fence <= :claim + 1 and ((recorded = 1 and fence <= :claim) or done is null)

-- name: lowest_claim (sqlite)
select coalesce((select min(claim) from live where state = 2) - 1, (select claim from counter))
