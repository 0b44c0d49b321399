-- MariaDB's functions where PostgreSQL has none that means the same. Run again at will: everything is created or replaced.
-- NULL in, NULL out (strict), and what depends on its arguments only is immutable, so that it is computed once.

create schema if not exists rota;
create extension if not exists citext;

-- Text as numbers, dates and times --

create or replace function rota.number(value text) returns double precision
language sql immutable strict parallel safe as $$
    select coalesce(substring(value from '^\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)'), '0')::double precision
$$;

create or replace function rota.integer(value text) returns bigint
language sql immutable strict parallel safe as $$
    select coalesce(substring(value from '^\s*([+-]?[0-9]+)'), '0')::bigint
$$;

create or replace function rota.valid_date(year integer, month integer, day integer) returns date
language sql immutable strict parallel safe as $$
    select case when year between 1 and 9999 and month between 1 and 12 and day between 1 and 31
        and day <= extract(day from make_date(year, month, 1) + interval '1 month - 1 day')
        then make_date(year, month, day) end
$$;

create or replace function rota.to_datetime(value text) returns timestamp
language plpgsql immutable strict parallel safe as $$
declare
    found text[];
    day date;
    year integer;
begin
    found := regexp_match(value,
        '^\s*(\d{4}|\d{2})[^\w\s](\d{1,2})[^\w\s](\d{1,2})(?:[T\s]+(\d{1,2})(?:[^\w\s](\d{1,2})(?:[^\w\s](\d{1,2}(?:\.\d+)?))?)?)?');
    if found is null then
        found := regexp_match(value, '^\s*(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}(?:\.\d+)?))?\s*$');
    end if;
    if found is null then
        return null;
    end if;
    year := found[1]::integer;
    if length(found[1]) = 2 then
        year := year + case when year < 70 then 2000 else 1900 end;
    end if;
    day := rota.valid_date(year, found[2]::integer, found[3]::integer);
    if day is null or coalesce(found[4], '0')::integer > 23 or coalesce(found[5], '0')::integer > 59
        or coalesce(found[6], '0')::numeric >= 60 then
        return null;
    end if;
    return day + make_interval(hours => coalesce(found[4], '0')::integer, mins => coalesce(found[5], '0')::integer,
        secs => coalesce(found[6], '0')::double precision);
end
$$;

create or replace function rota.to_date(value text) returns date
language sql immutable strict parallel safe as $$ select rota.to_datetime(value)::date $$;

create or replace function rota.to_time(value text) returns interval
language plpgsql immutable strict parallel safe as $$
declare
    found text[];
    moment timestamp;
    span interval;
begin
    if value ~ '^\s*\d{2,4}-\d{1,2}-\d{1,2}' then
        moment := rota.to_datetime(value);
        return moment - date_trunc('day', moment);
    end if;
    found := regexp_match(value, '^\s*(-?)(?:(\d+) )?(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?\s*$');
    if found is null then
        found := regexp_match(lpad(trim(value), 6, '0'), '^(-?)()(\d+)(\d{2})(\d{2})$');
    end if;
    if found is null or found[4]::integer > 59 or coalesce(found[5], '0')::numeric >= 60 then
        return null;
    end if;
    span := make_interval(hours => coalesce(nullif(found[2], ''), '0')::integer * 24 + found[3]::integer,
        mins => found[4]::integer, secs => coalesce(found[5], '0')::double precision);
    return case when found[1] = '-' then -span else span end;
end
$$;

create or replace function rota.time_text(span interval, digits integer) returns text
language sql immutable strict parallel safe as $$
    select case when span < interval '0' then '-' else '' end
        || lpad(trunc(abs(extract(epoch from span)) / 3600)::text, greatest(2, length(trunc(abs(extract(epoch from span)) / 3600)::text)), '0')
        || to_char(make_interval(secs => (abs(extract(epoch from span))::numeric % 3600)::double precision),
            case when digits > 0 then ':MI:SS.US' else ':MI:SS' end)
$$;

create or replace function rota.time_digits(span interval) returns numeric
language sql immutable strict parallel safe as $$ select replace(rota.time_text(span, 6), ':', '')::numeric $$;

-- Text --

create or replace function rota."left"(value text, count integer) returns text
language sql immutable strict parallel safe as $$ select left(value, greatest(count, 0)) $$;

create or replace function rota.substring(value text, start integer) returns text
language sql immutable strict parallel safe as $$
    select case when start > 0 then substr(value, start)
        when start < 0 and -start <= length(value) then right(value, -start) else '' end
$$;

create or replace function rota.substring(value text, start integer, count integer) returns text
language sql immutable strict parallel safe as $$ select left(rota.substring(value, start), greatest(count, 0)) $$;

create or replace function rota.locate(part text, value text, start integer default 1) returns integer
language sql immutable strict parallel safe as $$
    select case when start < 1 then 0 else coalesce(nullif(strpos(
        substr(lower(value collate "default"), start), lower(part collate "default")), 0) + start - 1, 0) end
$$;

create or replace function rota.substring_index(value text, mark text, count integer) returns text
language sql immutable strict parallel safe as $$
    select case
        when mark = '' or count = 0 then ''
        when count > 0 then array_to_string((string_to_array(value, mark))[1:count], mark)
        else array_to_string((string_to_array(value, mark))[
            greatest(1, cardinality(string_to_array(value, mark)) + count + 1):], mark) end
$$;

create or replace function rota.find_in_set(value text, members text) returns integer
language sql immutable strict parallel safe as $$
    select coalesce(array_position(string_to_array(lower(members collate "default"), ','), lower(value collate "default")), 0)
$$;

create or replace function rota.format(value numeric, places integer) returns text
language sql immutable strict parallel safe as $$
    select to_char(round(value, greatest(places, 0)),
        'FM999,999,999,999,999,999,999,990' || case when places > 0 then '.' || repeat('0', places) else '' end)
$$;

create or replace function rota.trim(value text, what text, side text) returns text
language plpgsql immutable strict parallel safe as $$
begin
    if what = '' then
        return value;
    end if;
    while side <> 'TRAILING' and starts_with(value, what) loop
        value := substr(value, length(what) + 1);
    end loop;
    while side <> 'LEADING' and length(value) >= length(what) and right(value, length(what)) = what loop
        value := left(value, length(value) - length(what));
    end loop;
    return value;
end
$$;

create or replace function rota.insert_text(value text, start integer, count integer, new text) returns text
language sql immutable strict parallel safe as $$
    select case when start < 1 or start > length(value) then value
        when count < 0 then left(value, start - 1) || new
        else overlay(value placing new from start for count) end
$$;

create or replace function rota.strcmp(first text, second text) returns integer
language sql immutable strict parallel safe as $$
    select case when lower(first) < lower(second) collate "C" then -1
        when lower(first) > lower(second) collate "C" then 1 else 0 end
$$;

create or replace function rota.regexp_replace(value text, pattern text, new text) returns text
language sql immutable strict parallel safe as $$ select regexp_replace(value collate "default", pattern, new, 'gi') $$;

create or replace function rota.regexp_substr(value text, pattern text) returns text
language sql immutable strict parallel safe as $$
    select coalesce(substring(value collate "default" from '(?i)(' || pattern || ')'), '')
$$;

create or replace function rota.regexp_instr(value text, pattern text) returns integer
language sql immutable strict parallel safe as $$
    select coalesce(length((regexp_match(value collate "default", '^(.*?)(?:' || pattern || ')', 'i'))[1]) + 1, 0)
$$;

create or replace function rota.sha2(value text, bits integer) returns text
language sql immutable strict parallel safe as $$
    select encode(case bits when 224 then sha224(convert_to(value, 'UTF8')) when 384 then sha384(convert_to(value, 'UTF8'))
        when 512 then sha512(convert_to(value, 'UTF8')) when 256 then sha256(convert_to(value, 'UTF8'))
        when 0 then sha256(convert_to(value, 'UTF8')) end, 'hex')
$$;

create or replace function rota.rotated(word bigint, bits integer) returns bigint
language sql immutable strict parallel safe as $$
    select ((word << bits) | (word >> (32 - bits))) & 4294967295
$$;

-- FIPS 180-4, section 6.1: PostgreSQL has it only in pgcrypto, which not every server has.
create or replace function rota.sha1(value text) returns text
language plpgsql immutable strict parallel safe as $$
declare
    message bytea := convert_to(value, 'UTF8');
    bits bigint := length(message) * 8;
    h bigint[] := array[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
    block integer; i integer; place integer;
begin
    message := message || '\x80'::bytea
        || decode(repeat('00', (119 - length(message) % 64) % 64), 'hex') || decode(lpad(to_hex(bits), 16, '0'), 'hex');
    for block in 0 .. length(message) / 64 - 1 loop
        w := array[]::bigint[];
        for i in 0 .. 79 loop
            if i < 16 then
                place := block * 64 + i * 4;
                w := w || ((get_byte(message, place)::bigint << 24) | (get_byte(message, place + 1) << 16)
                    | (get_byte(message, place + 2) << 8) | get_byte(message, place + 3));
            else
                w := w || rota.rotated(w[i - 2] # w[i - 7] # w[i - 13] # w[i - 15], 1);
            end if;
        end loop;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        for i in 0 .. 79 loop
            if i < 20 then
                f := (b & c) | ((~b & 4294967295) & d); k := 1518500249;
            elsif i < 40 then
                f := b # c # d; k := 1859775393;
            elsif i < 60 then
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            else
                f := b # c # d; k := 3395469782;
            end if;
            t := (rota.rotated(a, 5) + f + e + k + w[i + 1]) & 4294967295;
            e := d; d := c; c := rota.rotated(b, 30); b := a; a := t;
        end loop;
        h := array[(h[1] + a) & 4294967295, (h[2] + b) & 4294967295, (h[3] + c) & 4294967295,
            (h[4] + d) & 4294967295, (h[5] + e) & 4294967295];
    end loop;
    return lpad(to_hex(h[1]), 8, '0') || lpad(to_hex(h[2]), 8, '0') || lpad(to_hex(h[3]), 8, '0')
        || lpad(to_hex(h[4]), 8, '0') || lpad(to_hex(h[5]), 8, '0');
end
$$;

-- Numbers --

create or replace function rota.round(value numeric, places integer default 0) returns numeric
language sql immutable strict parallel safe as $$ select round(value, places) $$;

create or replace function rota.truncate(value numeric, places integer) returns numeric
language sql immutable strict parallel safe as $$ select trunc(value, places) $$;

-- Times --

create or replace function rota.whole_seconds(value timestamp) returns timestamp
language sql immutable strict parallel safe as $$ select date_trunc('second', value) $$;

create or replace function rota.whole_seconds(value interval) returns interval
language sql immutable strict parallel safe as $$ select date_trunc('second', value) $$;

create or replace function rota.hours(value timestamp) returns integer
language sql immutable strict parallel safe as $$ select extract(hour from value)::integer $$;

create or replace function rota.hours(value interval) returns integer
language sql immutable strict parallel safe as $$ select trunc(abs(extract(epoch from value)) / 3600)::integer $$;

create or replace function rota.span(amount double precision, unit text) returns interval
language sql immutable strict parallel safe as $$
    select case unit
        when 'DAY' then make_interval(days => trunc(amount)::integer)
        when 'HOUR' then amount * interval '1 hour'
        when 'MINUTE' then amount * interval '1 minute'
        when 'SECOND' then amount * interval '1 second'
        when 'MONTH' then make_interval(months => trunc(amount)::integer)
        when 'YEAR' then make_interval(years => trunc(amount)::integer)
        when 'WEEK' then make_interval(weeks => trunc(amount)::integer)
        when 'QUARTER' then make_interval(months => 3 * trunc(amount)::integer)
        when 'MICROSECOND' then amount * interval '1 microsecond' end
$$;

create or replace function rota.shift_text(value text, span interval) returns text
language sql immutable strict parallel safe as $$
    select case
        when value !~ ':' and span = date_trunc('day', span) then to_char(rota.to_datetime(value) + span, 'YYYY-MM-DD')
        else regexp_replace(to_char(rota.to_datetime(value) + span, 'YYYY-MM-DD HH24:MI:SS.US'), '\.000000$', '') end
$$;

create or replace function rota.timestampdiff(unit text, first timestamp, second timestamp) returns bigint
language plpgsql immutable strict parallel safe as $$
declare
    early timestamp := least(first, second);
    late timestamp := greatest(first, second);
    months bigint;
    micros numeric;
begin
    if unit in ('MONTH', 'QUARTER', 'YEAR') then
        months := (extract(year from late) - extract(year from early)) * 12 + extract(month from late) - extract(month from early);
        if (extract(day from late), late::time) < (extract(day from early), early::time) then
            months := months - 1;
        end if;
        months := months / case unit when 'MONTH' then 1 when 'QUARTER' then 3 else 12 end;
        return case when first <= second then months else -months end;
    end if;
    micros := extract(epoch from second)::numeric - extract(epoch from first)::numeric;
    return trunc(case unit when 'MICROSECOND' then micros * 1000000 when 'SECOND' then micros when 'MINUTE' then micros / 60
        when 'HOUR' then micros / 3600 when 'DAY' then micros / 86400 else micros / 604800 end);
end
$$;

create or replace function rota.first_week(year integer, monday_first boolean, by_first_day boolean) returns date
language sql immutable strict parallel safe as $$
    select case
        when by_first_day then start + (7 - into_week) % 7
        when into_week > 3 then start - into_week + 7
        else start - into_week end
    from (select make_date(year, 1, 1) as start, case when monday_first
        then extract(isodow from make_date(year, 1, 1))::integer - 1
        else extract(dow from make_date(year, 1, 1))::integer end as into_week) as begins
$$;

-- The year and week as 202453, in MariaDB's mode: 1 weeks begin on Monday, 2 they count from 1, 4 the first week is the other.
create or replace function rota.year_and_week(day date, mode integer) returns integer
language plpgsql immutable strict parallel safe as $$
declare
    monday_first boolean := mode & 1 <> 0;
    from_one boolean := mode & 2 <> 0;
    by_first_day boolean := (mode & 4 <> 0) = (mode & 1 <> 0);
    year integer := extract(year from day);
    first date := rota.first_week(year, monday_first, by_first_day);
begin
    if day < first then
        if not from_one then
            return year * 100;
        end if;
        year := year - 1;
        first := rota.first_week(year, monday_first, by_first_day);
    elsif from_one and day >= rota.first_week(year + 1, monday_first, by_first_day) then
        year := year + 1;
        first := rota.first_week(year, monday_first, by_first_day);
    end if;
    return year * 100 + (day - first) / 7 + 1;
end
$$;

create or replace function rota.week(value timestamp, mode integer default 0) returns integer
language sql immutable strict parallel safe as $$ select rota.year_and_week(value::date, mode) % 100 $$;

create or replace function rota.yearweek(value timestamp, mode integer default 0) returns integer
language sql immutable strict parallel safe as $$ select rota.year_and_week(value::date, mode | 2) $$;

create or replace function rota.date_format(value timestamp, pattern text) returns text
language plpgsql immutable strict parallel safe as $$
declare
    result text := '';
    letter text;
    place integer := 1;
begin
    while place <= length(pattern) loop
        letter := substr(pattern, place, 1);
        if letter <> '%' or place = length(pattern) then
            result := result || letter;
            place := place + 1;
            continue;
        end if;
        letter := substr(pattern, place + 1, 1);
        place := place + 2;
        result := result || case letter collate "C"
            when 'Y' then to_char(value, 'YYYY') when 'y' then to_char(value, 'YY')
            when 'm' then to_char(value, 'MM') when 'c' then to_char(value, 'FMMM')
            when 'M' then to_char(value, 'FMMonth') when 'b' then to_char(value, 'Mon')
            when 'd' then to_char(value, 'DD') when 'e' then to_char(value, 'FMDD') when 'D' then to_char(value, 'FMDDth')
            when 'j' then to_char(value, 'DDD') when 'H' then to_char(value, 'HH24') when 'k' then to_char(value, 'FMHH24')
            when 'h' then to_char(value, 'HH12') when 'I' then to_char(value, 'HH12') when 'l' then to_char(value, 'FMHH12')
            when 'i' then to_char(value, 'MI') when 's' then to_char(value, 'SS') when 'S' then to_char(value, 'SS')
            when 'f' then to_char(value, 'US') when 'p' then to_char(value, 'AM')
            when 'r' then to_char(value, 'HH12:MI:SS AM') when 'T' then to_char(value, 'HH24:MI:SS')
            when 'W' then to_char(value, 'FMDay') when 'a' then to_char(value, 'Dy')
            when 'w' then extract(dow from value)::text
            when 'U' then lpad(rota.week(value, 0)::text, 2, '0') when 'u' then lpad(rota.week(value, 1)::text, 2, '0')
            when 'V' then lpad(rota.week(value, 2)::text, 2, '0') when 'v' then lpad(rota.week(value, 3)::text, 2, '0')
            when 'X' then (rota.yearweek(value, 2) / 100)::text when 'x' then (rota.yearweek(value, 3) / 100)::text
            else letter end;
    end loop;
    return result;
end
$$;

create or replace function rota.time_format(value interval, pattern text) returns text
language sql immutable strict parallel safe as $$ select rota.date_format(timestamp '2000-01-01' + value, pattern) $$;

-- STR_TO_DATE: the pattern becomes a regular expression, and its letters say what each group is.
create or replace function rota.str_to_date(value text, pattern text) returns timestamp
language plpgsql immutable strict parallel safe as $$
declare
    regex text := '^\s*';
    letters text[] := array[]::text[];
    found text[];
    letter text;
    place integer := 1;
    year integer; month integer; day_of_month integer; hour integer := 0; minute integer := 0; second integer := 0;
    micros integer := 0; half text; day date;
    months text[] := array['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
begin
    pattern := replace(replace(pattern, '%T', '%H:%i:%s'), '%r', '%I:%i:%s %p');
    while place <= length(pattern) loop
        letter := substr(pattern, place, 1);
        if letter = '%' and place < length(pattern) then
            letter := substr(pattern, place + 1, 1);
            place := place + 1;
            if letter in ('Y', 'y', 'm', 'c', 'd', 'e', 'D', 'H', 'k', 'h', 'I', 'l', 'i', 's', 'S', 'f', 'p', 'M', 'b', 'W', 'a') then
                letters := letters || letter;
                regex := regex || case
                    when letter = 'Y' then '(\d{4})' when letter = 'y' then '(\d{2})' when letter = 'f' then '(\d{1,6})'
                    when letter = 'p' then '([AP]M)' when letter = 'D' then '(\d{1,2})(?:st|nd|rd|th)'
                    when letter in ('M', 'b', 'W', 'a') then '([A-Za-z]+)' else '(\d{1,2})' end;
            end if;
        elsif letter ~ '\s' then
            regex := regex || '\s*';
        else
            regex := regex || '\s*' || case when letter ~ '\w' then letter else '\' || letter end;
        end if;
        place := place + 1;
    end loop;
    found := regexp_match(value, regex, 'i');
    if found is null then
        return null;
    end if;
    for place in 1 .. coalesce(array_length(letters, 1), 0) loop
        letter := letters[place];
        if letter = 'Y' then year := found[place]::integer;
        elsif letter = 'y' then year := found[place]::integer + case when found[place]::integer < 70 then 2000 else 1900 end;
        elsif letter in ('m', 'c') then month := found[place]::integer;
        elsif letter in ('M', 'b') then month := array_position(months, lower(left(found[place], 3)));
        elsif letter in ('d', 'e', 'D') then day_of_month := found[place]::integer;
        elsif letter in ('H', 'k', 'h', 'I', 'l') then hour := found[place]::integer;
        elsif letter = 'i' then minute := found[place]::integer;
        elsif letter in ('s', 'S') then second := found[place]::integer;
        elsif letter = 'f' then micros := rpad(found[place], 6, '0')::integer;
        elsif letter = 'p' then half := lower(found[place]);
        end if;
    end loop;
    if half is not null then
        hour := hour % 12 + case when half = 'pm' then 12 else 0 end;
    end if;
    if year is null and month is null and day_of_month is null then
        day := date '2000-01-01';
    else
        day := rota.valid_date(coalesce(year, 0), coalesce(month, 0), coalesce(day_of_month, 0));
    end if;
    if hour > 23 or minute > 59 or second > 59 then
        return null;
    end if;
    return day + make_interval(hours => hour, mins => minute, secs => second + micros / 1000000.0);
end
$$;

create or replace function rota.makedate(year integer, day integer) returns date
language sql immutable strict parallel safe as $$
    select case when day > 0
        then make_date(year + case when year < 70 then 2000 when year < 100 then 1900 else 0 end, 1, 1) + day - 1 end
$$;

create or replace function rota.unix_timestamp(value timestamp, zone text) returns numeric
language sql immutable strict parallel safe as $$ select extract(epoch from value at time zone zone)::numeric $$;

create or replace function rota.from_unixtime(value double precision, zone text) returns timestamp
language sql immutable strict parallel safe as $$ select to_timestamp(value) at time zone zone $$;

-- What is left of sorted texts when each is taken once, joined --

create or replace function rota.joined_once(members citext[], separator text) returns text
language sql immutable strict parallel safe as $$
    select string_agg(member::text, separator order by place)
    from (select distinct on (member) member, place from unnest(members) with ordinality as sorted (member, place)
        where member is not null order by member, place) as firsts
$$;

-- JSON, which documents hold as text; what is none gives NULL --

create or replace function rota.json_of(value text) returns json
language plpgsql immutable strict parallel safe as $$
begin
    return value::json;
exception when others then
    return null;
end
$$;

create or replace function rota.json_steps(path text) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(coalesce(step[1], step[2], step[3]) order by place), array[]::text[])
    from regexp_matches(path, '\."((?:[^"\\]|\\.)*)"|\.([\w$]+)|\[(\d+)\]', 'g') with ordinality as steps (step, place)
$$;

create or replace function rota.json_found(value text, path text) returns json
language sql immutable strict parallel safe as $$
    select case when path = '$' then rota.json_of(value) else rota.json_of(value) #> rota.json_steps(path) end
$$;

create or replace function rota.json_written(value json) returns text
language sql immutable strict parallel safe as $$
    select case json_typeof(value)
        when 'object' then (select '{' || coalesce(string_agg(to_json(key)::text || ': ' || rota.json_written(member), ', '), '') || '}'
            from json_each(value) as members (key, member))
        when 'array' then (select '[' || coalesce(string_agg(rota.json_written(member), ', '), '') || ']'
            from json_array_elements(value) as members (member))
        else value::text end
$$;

create or replace function rota.json_extract(value text, variadic paths text[]) returns text
language sql immutable parallel safe as $$
    select case
        when value is null then null
        when cardinality(paths) = 1 and paths[1] !~ '\*' then rota.json_written(rota.json_found(value, paths[1]))
        when array_to_string(paths, '') !~ '\*' then
            (select '[' || string_agg(rota.json_written(found), ', ') || ']'
            from (select rota.json_found(value, path) as found from unnest(paths) as path) as all_found where found is not null)
        else (select '[' || string_agg(found::text, ', ') || ']' from unnest(paths) as path,
            jsonb_path_query(rota.json_of(value)::jsonb, path::jsonpath) as found) end
$$;

create or replace function rota.json_unquote(value text) returns text
language plpgsql immutable strict parallel safe as $$
begin
    return case when value like '"%"' then value::json #>> '{}' else value end;
exception when others then
    return value;
end
$$;

create or replace function rota.json_number(value text) returns text
language sql immutable strict parallel safe as $$
    select case value when 'true' then '1' when 'false' then '0' else rota.json_unquote(value) end
$$;

create or replace function rota.json_value(value text, path text) returns text
language sql immutable strict parallel safe as $$
    select case when json_typeof(found) in ('object', 'array', 'null') then null
        when json_typeof(found) = 'boolean' then (found::text = 'true')::integer::text
        else found #>> '{}' end from rota.json_found(value, path) as found
$$;

create or replace function rota.json_exists(value text, path text) returns integer
language sql immutable strict parallel safe as $$
    select (rota.json_found(value, path) is not null)::integer where rota.json_of(value) is not null
$$;

create or replace function rota.json_placed(value json, steps text[], member json, how text) returns text
language plpgsql immutable parallel safe as $$
declare
    kind text := json_typeof(value);
    is_last boolean := cardinality(steps) = 1;
    is_there boolean;
begin
    if cardinality(steps) = 0 then
        return case
            when how <> 'append' then rota.json_written(case how when 'insert' then value else member end)
            when kind = 'array' and json_array_length(value) > 0 then
                rtrim(rota.json_written(value), ']') || ', ' || rota.json_written(member) || ']'
            when kind = 'array' then '[' || rota.json_written(member) || ']'
            else '[' || rota.json_written(value) || ', ' || rota.json_written(member) || ']' end;
    end if;
    is_there := value -> steps[1] is not null and kind = 'object'
        or kind = 'array' and steps[1] ~ '^\d+$' and steps[1]::integer < json_array_length(value);
    if kind not in ('object', 'array') or kind = 'array' and steps[1] !~ '^\d+$'
        or not is_there and (not is_last or how not in ('set', 'insert')) then
        return rota.json_written(value);
    end if;
    return (
        select case kind when 'object' then '{' || coalesce(string_agg(to_json(key)::text || ': ' || text, ', ' order by place), '') || '}'
            else '[' || coalesce(string_agg(text, ', ' order by place), '') || ']' end
        from (
            select key, place, case when key = steps[1] then rota.json_placed(one, steps[2:], member, how)
                else rota.json_written(one) end as text
            from (
                select key, one, place from json_each(case kind when 'object' then value else '{}' end)
                    with ordinality as members (key, one, place)
                union all
                select (place - 1)::text, one, place from json_array_elements(case kind when 'array' then value else '[]' end)
                    with ordinality as members (one, place)
            ) as members
            where not (key = steps[1] and is_last and how = 'remove')
            union all
            select steps[1], 2000000000, rota.json_written(member) where not is_there
        ) as written
    );
end
$$;

create or replace function rota.json_changed(value text, path text, member text, how text) returns text
language sql immutable strict parallel safe as $$
    select rota.json_placed(rota.json_of(value), rota.json_steps(path), rota.json_of(member), how)
    where rota.json_of(value) is not null
$$;

create or replace function rota.json_query(value text, path text) returns text
language sql immutable strict parallel safe as $$
    select case when json_typeof(found) in ('object', 'array') then rota.json_written(found) end from rota.json_found(value, path) as found
$$;

create or replace function rota.json_quote(value text) returns text
language sql immutable strict parallel safe as $$ select to_json(value)::text $$;

create or replace function rota.json_contains(value text, wanted text, path text default '$') returns integer
language sql immutable strict parallel safe as $$
    select coalesce(rota.json_found(value, path)::jsonb @> rota.json_of(wanted)::jsonb, rota.json_of(value) is null and null)::integer
$$;

create or replace function rota.json_length(value text, path text default '$') returns integer
language sql immutable strict parallel safe as $$
    select case json_typeof(found) when 'array' then json_array_length(found)
        when 'object' then (select count(*)::integer from json_object_keys(found))
        else 1 end
    from rota.json_found(value, path) as found where found is not null
$$;

create or replace function rota.json_keys(value text, path text default '$') returns text
language sql immutable strict parallel safe as $$
    select case when json_typeof(found) = 'object'
        then (select '[' || coalesce(string_agg(to_json(key)::text, ', '), '') || ']' from json_object_keys(found) as key) end
    from rota.json_found(value, path) as found
$$;

create or replace function rota.json_valid(value text) returns integer
language sql immutable strict parallel safe as $$ select (rota.json_of(value) is not null)::integer $$;

create or replace function rota.json_type(value text) returns text
language sql immutable strict parallel safe as $$
    select case json_typeof(found) when 'number' then case when found::text ~ '[.eE]' then 'DOUBLE' else 'INTEGER' end
        else upper(json_typeof(found)) end from rota.json_of(value) as found
$$;
