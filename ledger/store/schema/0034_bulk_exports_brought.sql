-- What the exports of an endpoint have brought, by type: a type that no file was made of has not been read.
create table bulk_feed (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  resource_type  text collate "C" not null,
  has_file       boolean not null,
  primary key (tenant_id, source, resource_type)
);

grant select, insert, update, delete on bulk_feed to authledger_app;

alter table bulk_feed enable row level security;
alter table bulk_feed force row level security;
create policy bulk_feed_of_tenant on bulk_feed
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
