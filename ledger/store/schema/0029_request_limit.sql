-- What is booked of the request limits of an endpoint, for all processes that ask it. Null: nothing yet.
create table request_limit (
  tenant_id    bigint not null,
  source       text collate "C" not null,
  next_second  timestamptz,
  next_minute  timestamptz,
  next_day     timestamptz,
  held_until   timestamptz,
  primary key (tenant_id, source)
) with (fillfactor = 50);
grant select, insert, update on request_limit to authledger_app;
alter table request_limit enable row level security;
alter table request_limit force row level security;
create policy request_limit_of_tenant on request_limit
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
