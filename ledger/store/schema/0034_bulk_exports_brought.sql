-- What the exports of an endpoint have brought, by type: a type that no file was made of has not been read. The last whole
-- export of it was asked for at `path`, at `whole_at` by our clock.
create table bulk_feed (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  resource_type  text collate "C" not null,
  path           text not null,
  whole_at       timestamptz not null,
  has_file       boolean not null,
  primary key (tenant_id, source, resource_type)
);

grant select, insert, update, delete on bulk_feed to authledger_app;

alter table bulk_feed enable row level security;
alter table bulk_feed force row level security;
create policy bulk_feed_of_tenant on bulk_feed
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

-- Where the export was asked for; when, by the server's clock; rounds in a row in which the place to ask for it answered with an
-- error.
alter table bulk_export
  add column path text not null default '',
  add column asked_at timestamptz,
  add column failures integer not null default 0;

-- Exports of an endpoint that came to nothing, in a row, and until when none is asked for again.
create table bulk_pause (
  tenant_id  bigint not null,
  source     text collate "C" not null,
  failures   integer not null,
  until_at   timestamptz not null,
  cause      text not null,
  primary key (tenant_id, source)
);

grant select, insert, update, delete on bulk_pause to authledger_app;

alter table bulk_pause enable row level security;
alter table bulk_pause force row level security;
create policy bulk_pause_of_tenant on bulk_pause
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
