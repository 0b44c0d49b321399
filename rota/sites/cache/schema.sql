-- name: cache_is_there (sqlite)
select count(*) from sqlite_master where name = 'document_lock'

-- name: cache_is_there (postgresql)
select count(*) from pg_class where oid = to_regclass('rota.document_lock')

-- name: cache_schema (sqlite)
create table if not exists cache_entry (
    key text primary key, kind text not null, value blob, expires_at integer, used_at integer not null,
    size integer not null
) without rowid;
-- Counting and adding up all entries reads this index alone.
create index if not exists cache_entry_used on cache_entry (used_at, size);
create index if not exists cache_entry_expires on cache_entry (expires_at) where expires_at is not null;
-- Members of a hash (field, value), a set (field) and a list (place, value; the field only tells equals apart).
create table if not exists cache_item (
    key text not null, field blob not null, place integer not null, value blob not null, primary key (key, field)
) without rowid;
create index if not exists cache_item_place on cache_item (key, place);
create table if not exists document_lock (
    doctype text not null, name text not null, token text not null, expires_at integer not null,
    primary key (doctype, name)
) without rowid;

-- name: cache_schema (postgresql)
-- Unlogged: a crash of the server empties the cache, and in return it costs no write-ahead log. Locks are kept.
create schema if not exists rota;
create unlogged table if not exists rota.cache_entry (
    key text collate "C" primary key, kind text not null, value bytea, expires_at bigint, used_at bigint not null,
    size bigint not null
) with (fillfactor = 70);
create index if not exists cache_entry_used on rota.cache_entry (used_at, size);
create index if not exists cache_entry_expires on rota.cache_entry (expires_at) where expires_at is not null;
create unlogged table if not exists rota.cache_item (
    key text collate "C" not null, field bytea not null, place bigint not null, value bytea not null, primary key (key, field)
);
create index if not exists cache_item_place on rota.cache_item (key, place);
create table if not exists rota.document_lock (
    doctype text not null, name text not null, token text not null, expires_at bigint not null,
    primary key (doctype, name)
);

-- name: create_alone (postgresql)
select pg_advisory_xact_lock(7021976211)

-- name: write_alone (postgresql)
select pg_advisory_xact_lock(7021976212)

-- name: first_lock
-- From when on every process knows that documents of this site are locked; no row until the first is.
select expires_at from rota.document_lock where doctype = '' and name = ''

-- name: say_first_lock
insert into rota.document_lock (doctype, name, token, expires_at) values ('', '', '', :known_at)
on conflict (doctype, name) do nothing

-- name: lock_document
insert into rota.document_lock (doctype, name, token, expires_at) values (:doctype, :name, :token, :expires_at)
on conflict (doctype, name) do update set token = excluded.token, expires_at = excluded.expires_at
where document_lock.expires_at <= :now

-- name: unlock_document
delete from rota.document_lock where doctype = :doctype and name = :name

-- name: unlock_token
delete from rota.document_lock where token = :token

-- name: document_lock
select token from rota.document_lock where doctype = :doctype and name = :name and expires_at > :now
