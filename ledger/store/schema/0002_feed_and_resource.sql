-- Where each feed stands, and which version of each resource the ledger has read. Keys compare by bytes (collate "C").
create table feed (
  tenant_id        bigint not null,
  source           text collate "C" not null,
  resource_type    text collate "C" not null,
  watermark_at     timestamptz,
  resume_link      text not null default '',
  run_started_at   timestamptz,
  last_success_at  timestamptz,
  sweep_due_at     timestamptz,
  lease_token      text,
  lease_until      timestamptz,
  primary key (tenant_id, source, resource_type)
);

-- One row per version read; version_no counts them, so that two writers of one new version collide on the key.
-- fact_seqs names the facts that stand for the resource while the version is current.
create table raw_resource (
  tenant_id          bigint not null,
  source             text collate "C" not null,
  resource_type      text collate "C" not null,
  resource_id        text collate "C" not null,
  version_no         bigint not null,
  hash               bytea not null,
  mapping_version    text not null,
  source_version     bigint,
  source_updated_at  timestamptz,
  subject_id         bigint,
  is_current         boolean not null,
  is_deleted         boolean not null,
  fact_seqs          bigint[] not null,
  body               bytea,
  recorded_at        timestamptz not null,
  primary key (tenant_id, source, resource_type, resource_id, version_no)
) with (fillfactor = 90);

-- What could not be mapped: one row per reason, the body with the first of them.
create table quarantine (
  tenant_id        bigint not null,
  quarantine_id    bigint generated always as identity,
  source           text collate "C" not null,
  resource_type    text collate "C" not null,
  resource_id      text collate "C" not null,
  element_path     text not null,
  reason           text not null,
  mapping_version  text not null,
  body             bytea,
  recorded_at      timestamptz not null,
  primary key (tenant_id, quarantine_id)
);
create index quarantine_resource on quarantine (tenant_id, source, resource_type, resource_id);
