-- name: update
update `tabSales Invoice` set status = 'Overdue', outstanding_amount = outstanding_amount + 1 where name = 'INV-0002'
-- then: select name, status, outstanding_amount from `tabSales Invoice` order by name

-- name: update with values
-- values: ["X", "2024-5-6", 4, "inv-0001"]
update `tabSales Invoice` set status = %s, posting_date = %s, qty = %s where name = %s
-- then: select name, status, posting_date, qty from `tabSales Invoice` order by name

-- name: update from left to right
update tabCustomer set lft = 100, rgt = lft + 1 where name = 'Zed'
-- then: select lft, rgt from tabCustomer where name = 'Zed'

-- name: update not
update tabCustomer set disabled = not disabled
-- then: select name, disabled from tabCustomer order by name

-- name: update with alias
update `tabSales Invoice` si set si.remarks = concat(si.remarks, '!') where si.docstatus = 1
-- then: select name, remarks from `tabSales Invoice` order by name

-- name: update join
update `tabSales Invoice Item` i join `tabSales Invoice` si on si.name = i.parent set i.warehouse = si.currency where si.docstatus = 1
-- then: select name, warehouse from `tabSales Invoice Item` order by name

-- name: update left join
update `tabSales Invoice` si left join tabCustomer c on c.name = si.customer set si.remarks = 'no customer' where c.name is null
-- then: select name, remarks from `tabSales Invoice` order by name

-- name: update comma join
update `tabSales Invoice` si, tabCustomer c set si.currency = c.territory where si.customer = c.name and c.disabled = 0
-- then: select name, currency from `tabSales Invoice` order by name

-- name: update limit
update `tabSales Invoice` set remarks = 'z' where docstatus = 1 order by grand_total desc limit 2
-- then: select name, remarks from `tabSales Invoice` order by name

-- name: update with subselect
update tabCustomer c set c.credit_limit = (select ifnull(sum(si.grand_total), 0) from `tabSales Invoice` si where si.customer = c.name)
-- then: select name, credit_limit from tabCustomer order by name

-- name: update now
update `tabSales Invoice` set modified = now(), posting_date = curdate(), posting_time = curtime() where name = 'INV-0007'
-- then: select modified, posting_date, posting_time from `tabSales Invoice` where name = 'INV-0007'

-- name: update case
update `tabSales Invoice` set status = case when grand_total > 100 then 'Big' else status end
-- then: select name, status from `tabSales Invoice` order by name

-- name: update to null
-- values: [null, ["INV-0001", "INV-0002"]]
update `tabSales Invoice` set due_date = null, qty = %s where name in %s
-- then: select name, due_date, qty from `tabSales Invoice` order by name

-- name: update in list
-- values: {"names": ["acme", "beta"]}
update tabCustomer set disabled = 1 where name in %(names)s
-- then: select name, disabled from tabCustomer order by name

-- name: update if
update tabCustomer set territory = if(territory is null, 'None', territory)
-- then: select name, territory from tabCustomer order by name

-- name: update date arithmetic
update `tabSales Invoice` set due_date = date_add(posting_date, interval 30 day) where docstatus = 1
-- then: select name, due_date from `tabSales Invoice` order by name

-- name: delete
delete from `tabSales Invoice` where docstatus = 2
-- then: select name from `tabSales Invoice` order by name

-- name: delete with value
-- values: ["acme"]
delete from `tabSales Invoice` where customer = %s
-- then: select name from `tabSales Invoice` order by name

-- name: delete old
delete from `tabScheduled Job Log` where creation < date_sub(now(), interval 1 week)
-- then: select name from `tabScheduled Job Log` order by name

-- name: delete limit
delete from `tabSales Invoice` where docstatus = 1 order by posting_date limit 2
-- then: select name from `tabSales Invoice` order by name

-- name: delete join
delete i from `tabSales Invoice Item` i left join `tabSales Invoice` si on si.name = i.parent where si.name is null
-- then: select name from `tabSales Invoice Item` order by name

-- name: delete join inner
delete i from `tabSales Invoice Item` i join `tabSales Invoice` si on si.name = i.parent where si.status = 'paid'
-- then: select name from `tabSales Invoice Item` order by name

-- name: delete not in subselect
delete from `tabSales Invoice Item` where parent not in (select name from `tabSales Invoice`)
-- then: select name from `tabSales Invoice Item` order by name

-- name: insert
insert into tabSingles (name, doctype, field, value) values ('n1', 'A', 'b', 'c'), ('n2', 'A', 'd', 5)
-- then: select name, doctype, field, value from tabSingles order by name

-- name: insert with values
-- values: ["X1", "2024-01-01 10:00:00", "2024-1-2", 12.5, 0]
insert into `tabSales Invoice` (name, creation, posting_date, grand_total, docstatus) values (%s, %s, %s, %s, %s)
-- then: select name, creation, posting_date, grand_total, docstatus from `tabSales Invoice` where name = 'x1'

-- name: insert a tuple
-- values: [["n1", "A", "b", "c"], ["n2", "A", "d", "e"]]
insert into tabSingles (name, doctype, field, value) values %s, %s
-- then: select name, doctype, field, value from tabSingles order by name

-- name: insert set
insert into tabSingles set name = 'n1', doctype = 'A', value = now()
-- then: select name, doctype, value from tabSingles order by name

-- name: insert select
insert into tabSingles (name, doctype, field, value) select concat('c-', name), 'Customer', 'limit', credit_limit from tabCustomer where disabled = 0
-- then: select name, doctype, field, value from tabSingles order by name

-- name: insert ignore
insert ignore into tabSingles (name, doctype) values ('S1', 'other'), ('n1', 'new')
-- then: select name, doctype from tabSingles order by name

-- name: upsert values
insert into tabSingles (name, doctype, value) values ('s1', 'changed', 'v'), ('n9', 'new', 'w') on duplicate key update doctype = values(doctype), value = concat(value, values(value))
-- then: select name, doctype, value from tabSingles order by name

-- name: upsert counter
insert into tabCustomer (name, idx) values ('ACME', 1) on duplicate key update idx = idx + 10
-- then: select name, idx from tabCustomer order by name

-- name: replace into
replace into tabSingles (name, creation, modified, owner, docstatus, idx, doctype, field, value) values ('s1', null, null, null, 0, 0, 'R', 'f', 'v')
-- then: select name, owner, doctype, field, value from tabSingles order by name

