-- name: json changed
select json_set('{"a": 1, "b": {"c": [1, 2]}}', '$.a', 'x', '$.b.c[1]', 5, '$.b.d', null), json_insert('{"a": 1}', '$.a', 2, '$.z', json_array(1)), json_replace('{"a": 1}', '$.a', 2.5, '$.z', 1)

-- name: json changed in arrays
select json_set('[1, 2]', '$[0]', 'x', '$[9]', true), json_insert('[1, {"k": 1}]', '$[1].j', 2), json_set('{"a": 1}', '$.x.y', 1), json_set('{}', '$', 3)

-- name: json removed
select json_remove('{"a": 1, "b": [1, 2, 3]}', '$.b[1]', '$.a'), json_remove('{"a": 1}', '$.z'), json_remove('{"a": 1}', '$.a'), json_remove('[1]', '$[0]')

-- name: json appended
select json_array_append('{"a": [1], "b": 2}', '$.a', 'x'), json_array_append('{"a": [1], "b": 2}', '$.b', 3), json_array_append('[]', '$', 1), json_array_append('[[1]]', '$[0]', 2)

-- name: json changed of nothing
select json_set(null, '$.a', 1), json_set('{"a": 1}', null, 1), json_set('no json', '$.a', 1)

-- name: json exists
select json_exists('{"a": null}', '$.a'), json_exists('{"a": 1}', '$.b'), json_exists('[1]', '$[0]'), json_exists('no json', '$.a')

-- name: json changed in an update
-- then: select name, meta from tabCustomer order by name
update tabCustomer set meta = json_set(meta, '$.n', rgt, '$.name', customer_name) where json_valid(meta)

-- name: json aggregates of json
select json_arrayagg(json_object('n', name)), json_objectagg(name, json_array(salary, department)) from tabEmployee where name = 'E1'

-- name: decimals of a spread
select std(qty), stddev_samp(qty), variance(grand_total), std(grand_total), var_samp(discount / 7), std(sqrt(qty)) from `tabSales Invoice` where docstatus = 1 and qty > 0

-- name: decimals of a cumulative share
select name, cume_dist() over (order by salary) from tabEmployee where salary is not null order by name

-- name: any of a subselect
select name from `tabSales Invoice` where grand_total > any (select credit_limit from tabCustomer) order by name

-- name: equal to any and different from all
select name, territory = any (select currency from `tabSales Invoice`), name = any (select customer from `tabSales Invoice`), name <> all (select customer from `tabSales Invoice`), name <> all (select customer from `tabSales Invoice` where customer is not null) from tabCustomer order by name

-- name: any and all of nothing
select 1 > any (select qty from `tabSales Invoice` where name = 'x'), 1 > all (select qty from `tabSales Invoice` where name = 'x'), null > all (select qty from `tabSales Invoice` where name = 'x'), 1 = all (select qty from `tabSales Invoice` where name = 'x')

-- name: any and all with nulls
select 1000 > all (select qty from `tabSales Invoice`), 0 > all (select qty from `tabSales Invoice`), 0 > any (select qty from `tabSales Invoice`), -5 > any (select qty from `tabSales Invoice`), null > any (select qty from `tabSales Invoice`), 3 <> any (select qty from `tabSales Invoice`), 1 = all (select docstatus from `tabSales Invoice`)

-- name: any and all of some
select 5 >= some (select qty from `tabSales Invoice` where qty > 3), 4 < all (select qty from `tabSales Invoice` where qty > 3), 10 <= all (select qty from `tabSales Invoice` where qty > 9), 10 = all (select qty from `tabSales Invoice` where qty = 10)

-- name: all with dates and texts
select name from tabEmployee where date_of_joining >= all (select date_of_joining from tabEmployee where date_of_joining is not null) or employee_name <= all (select employee_name from tabEmployee) or '2015-06-01' >= any (select date_of_joining from tabEmployee) and name = 'E2' order by name

-- name: all of a correlated subselect
select name from `tabSales Invoice` a where posting_date >= all (select posting_date from `tabSales Invoice` b where b.customer = a.customer) order by name

-- name: group_concat distinct in the order of another column
select parent, group_concat(distinct warehouse order by amount desc, name separator ' | ') from `tabSales Invoice Item` where name <> 'it7' group by parent order by parent

-- name: group_concat distinct of numbers
select group_concat(distinct docstatus order by docstatus desc), group_concat(distinct qty order by qty), group_concat(distinct year(posting_date) order by posting_date desc separator '/') from `tabSales Invoice`

-- name: group_concat distinct of two in the order of a third
select group_concat(distinct department, '-', reports_to order by salary desc, name separator ', ') from tabEmployee where department = 'IT' or reports_to = 'E1'

-- name: group_concat distinct of nothing
select group_concat(distinct territory order by customer_name) from tabCustomer where name = 'Gamma'

-- name: update of two tables
-- then: select a.name, a.status, a.remarks, c.territory, c.credit_limit, c.birthday from `tabSales Invoice` a left join tabCustomer c on c.name = a.customer order by a.name
-- values: {"status": "Closed", "day": "2024-03-01"}
update `tabSales Invoice` si join tabCustomer c on c.name = si.customer set si.status = %(status)s, c.territory = concat(ifnull(c.territory, '-'), '!'), si.remarks = null, c.credit_limit = c.credit_limit + 1, c.birthday = %(day)s where si.docstatus = 1 and si.grand_total > 60

-- name: update of a child and its parent with commas
-- then: select si.name, si.qty, item.name, item.rate from `tabSales Invoice` si, `tabSales Invoice Item` item where item.parent = si.name order by si.name, item.name
update `tabSales Invoice` si, `tabSales Invoice Item` item set si.qty = 7, item.rate = item.rate * 2, item.amount = item.rate where si.name = item.parent and si.customer = 'acme'

-- name: delete of two tables
-- then: select name from `tabSales Invoice` union all select name from `tabSales Invoice Item` order by name
delete si, item from `tabSales Invoice` si join `tabSales Invoice Item` item on item.parent = si.name where si.customer = 'ACME'

-- name: delete of two tables by a left join
-- then: select name from `tabSales Invoice` union all select name from `tabSales Invoice Item` order by name
-- values: [1]
delete `tabSales Invoice`, `tabSales Invoice Item` from `tabSales Invoice` left join `tabSales Invoice Item` on `tabSales Invoice Item`.parent = `tabSales Invoice`.name where `tabSales Invoice`.docstatus = %s

-- name: delete using
-- then: select name from `tabSales Invoice Item` order by name
delete from item using `tabSales Invoice` si join `tabSales Invoice Item` item on item.parent = si.name where si.customer = 'ACME'

-- name: delete from two using
-- then: select name from `tabSales Invoice` union all select name from `tabSales Invoice Item` order by name
delete from si, item using `tabSales Invoice` si join `tabSales Invoice Item` item on item.parent = si.name where si.customer = 'Beta'

-- name: delete of a table joined with itself
-- then: select name from tabEmployee order by name
delete a from tabEmployee a join tabEmployee b on b.department = a.department and b.name < a.name

-- name: rollup order by the rows themselves
select customer, count(*), sum(grand_total) as total from `tabSales Invoice` group by customer with rollup

-- name: rollup order by two keys with a label
select lower(ifnull(c.customer_group, 'Total')) as label, si.docstatus, sum(si.grand_total), avg(si.qty), count(distinct si.customer) from `tabSales Invoice` si join tabCustomer c on c.name = si.customer where c.customer_group is not null group by c.customer_group, si.docstatus with rollup -- order by

-- name: rollup order by dates
select year(posting_date) as y, month(posting_date) as m, sum(grand_total), max(posting_date) from `tabSales Invoice` where docstatus = 1 group by year(posting_date), month(posting_date) with rollup -- order by

-- name: rollup order by an alias and having
select docstatus + 1 as x, count(*) as n from `tabSales Invoice` group by x with rollup having n > 2 limit 2 -- order by

-- name: rollup order by position
-- values: [60]
select customer as c, max(concat(customer, docstatus)), concat(customer, '!'), sum(customer = 'Zed') from `tabSales Invoice` where grand_total > %s group by 1 with rollup -- order by

-- name: rollup order by of nothing
select customer, count(*) from `tabSales Invoice` where 1 = 0 group by customer with rollup -- order by

-- name: rollup in a subselect
select * from (select warehouse, item_code, sum(amount) as amount from `tabSales Invoice Item` where warehouse = 'W1' group by warehouse, item_code with rollup) t where t.item_code is null order by t.warehouse
