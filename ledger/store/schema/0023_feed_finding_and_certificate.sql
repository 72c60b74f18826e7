-- What is known of a feed beside its progress: whether its server heeds _lastUpdated, as tested on a server that declared
-- what `tested_on` hashes; and what each round's reading of it found.
alter table feed
  add column heeds_last_updated boolean,
  add column tested_on bytea;

-- The completeness certificate of one reading of one feed. Counts are of resources. Kept for ninety days.
create table feed_certificate (
  tenant_id       bigint not null,
  source          text collate "C" not null,
  resource_type   text collate "C" not null,
  started_at      timestamptz not null,
  ended_at        timestamptz not null,
  strategy        text not null,
  is_complete     boolean not null,
  pages           bigint not null,
  resources_read  bigint not null,
  added           bigint not null,
  changed         bigint not null,
  unchanged       bigint not null,
  quarantined     bigint not null,
  deleted         bigint not null,
  stated_total    bigint,
  pages_hash      bytea not null,
  from_at         timestamptz,
  to_at           timestamptz,
  patients_read   bigint,
  patients_known  bigint,
  oldest_read_at  timestamptz,
  gaps            text[] not null,
  primary key (tenant_id, source, resource_type, started_at)
);

grant select, insert, delete on feed_certificate to authledger_app;

alter table feed_certificate enable row level security;
alter table feed_certificate force row level security;
create policy feed_certificate_of_tenant on feed_certificate
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
