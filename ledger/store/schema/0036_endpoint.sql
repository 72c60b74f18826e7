-- Where each endpoint stood when a round read it last: its name is part of every key, so that one server under two
-- names would count twice, and two servers under one name would be taken for one. base_url is normalised
-- (sync/endpoint_identity.h). A row stays when the endpoint leaves the config. Empty at first: what stands in the
-- config at the next round is believed.
create table endpoint (
  tenant_id    bigint not null,
  source       text collate "C" not null,
  base_url     text collate "C" not null,
  recorded_at  timestamptz not null,
  primary key (tenant_id, source)
);
grant select, insert, update on endpoint to authledger_app;
alter table endpoint enable row level security;
alter table endpoint force row level security;
create policy endpoint_of_tenant on endpoint
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
