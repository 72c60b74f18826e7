-- The Bulk Data export of an endpoint that is under way, and how far its files have been read: a run that was killed goes
-- on. Gone when the export is complete.
create table bulk_export (
  tenant_id         bigint not null,
  source            text collate "C" not null,
  status_url        text not null,
  resource_types    text[] not null,
  since_at          timestamptz,
  started_at        timestamptz not null,
  mapping_versions  text not null,
  transaction_at    timestamptz,
  requires_token    boolean not null default true,
  primary key (tenant_id, source)
);

create table bulk_file (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  file_no        integer not null,
  kind           smallint not null,
  resource_type  text not null,
  url            text not null,
  stated_count   bigint,
  bytes_read     bigint not null default 0,
  lines_read     bigint not null default 0,
  is_done        boolean not null default false,
  failures       integer not null default 0,
  primary key (tenant_id, source, file_no)
);

grant select, insert, update, delete on bulk_export to authledger_app;
grant select, insert, update, delete on bulk_file to authledger_app;

alter table bulk_export enable row level security;
alter table bulk_export force row level security;
create policy bulk_export_of_tenant on bulk_export
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table bulk_file enable row level security;
alter table bulk_file force row level security;
create policy bulk_file_of_tenant on bulk_file
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
