-- Spreadsheets that were imported, each under its name, with the mapping that was used last: rows that could not be
-- read are tried again by it.
create table import_source (
  tenant_id        bigint not null,
  source           text collate "C" not null,
  mapping          text not null,
  mapping_version  text not null,
  recorded_at      timestamptz not null,
  primary key (tenant_id, source)
);

grant select, insert, update on import_source to authledger_app;

alter table import_source enable row level security;
alter table import_source force row level security;
create policy import_source_of_tenant on import_source
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
