-- Which element of a resource gave which field, for each mapping that facts name ("encounter@5f0c…"): a mapping's file
-- may change, what an answer came from may not.
create table mapping_path (
  tenant_id    bigint not null,
  mapping      text collate "C" not null,
  paths        text not null,
  recorded_at  timestamptz not null default now(),
  primary key (tenant_id, mapping)
);
grant select, insert on mapping_path to authledger_app;

alter table mapping_path enable row level security;
alter table mapping_path force row level security;
create policy mapping_path_of_tenant on mapping_path
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
