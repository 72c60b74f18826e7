-- What an EHR said has changed and no round has read yet. The resource itself is read from the EHR: a row only says
-- where to look, so that the same notification a hundred times is one row. resource_id '' means any of the type.
create table wakeup (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  resource_type  text collate "C" not null,
  resource_id    text collate "C" not null,
  received_at    timestamptz not null,
  primary key (tenant_id, source, resource_type, resource_id)
);
grant select, insert, update, delete on wakeup to authledger_app;
alter table wakeup enable row level security;
alter table wakeup force row level security;
create policy wakeup_of_tenant on wakeup
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
