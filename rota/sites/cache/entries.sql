-- name: read_entry
select kind, value, expires_at, used_at from rota.cache_entry
where key = :key and (expires_at is null or expires_at > :now)

-- name: put_entry
insert into rota.cache_entry (key, kind, value, expires_at, used_at, size)
values (:key, :kind, :value, :expires_at, :now, :size)
on conflict (key) do update set kind = excluded.kind, value = excluded.value, expires_at = excluded.expires_at,
    used_at = excluded.used_at, size = excluded.size

-- name: grow_entry
update rota.cache_entry set size = size + :size, used_at = :now where key = :key

-- name: touch_entry
update rota.cache_entry set used_at = :now where key = :key

-- name: expire_entry
update rota.cache_entry set expires_at = :expires_at
where key = :key and (expires_at is null or expires_at > :now)

-- name: delete_entry
delete from rota.cache_entry where key = :key

-- name: delete_items
delete from rota.cache_item where key = :key

-- name: delete_all_entries
delete from rota.cache_entry

-- name: delete_all_items
delete from rota.cache_item

-- name: keys
select key from rota.cache_entry
where key >= :first and (:after = '' or key < :after) and (expires_at is null or expires_at > :now) order by key

-- name: read_item
select value from rota.cache_item where key = :key and field = :field

-- name: put_item
insert into rota.cache_item (key, field, place, value) values (:key, :field, :place, :value)
on conflict (key, field) do update set value = excluded.value

-- name: delete_item
delete from rota.cache_item where key = :key and field = :field

-- name: items
select field, value from rota.cache_item where key = :key order by place, field

-- name: count_items
select count(*) from rota.cache_item where key = :key

-- name: ends
select min(place), max(place) from rota.cache_item where key = :key

-- name: slice
select field, value from rota.cache_item where key = :key order by place limit :count offset :start

-- name: totals
select count(*), coalesce(sum(size), 0) from rota.cache_entry

-- name: expired
select key from rota.cache_entry where expires_at <= :now limit :limit

-- name: least_used
select key, size from rota.cache_entry order by used_at limit :limit
