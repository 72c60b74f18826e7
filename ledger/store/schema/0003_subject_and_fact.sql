-- A subject is queue, lock and counter in one row: the unit of consistency, usually a patient.
create sequence subject_id_seq;

create table subject (
  tenant_id         bigint not null,
  subject_id        bigint not null,
  facts_seq         bigint not null default 0,
  reconciled_seq    bigint not null default 0,
  entry_seq         bigint not null default 0,
  entry_hash        bytea,
  outcome_hash      bytea,
  sealed_entry_seq  bigint not null default 0,
  due_at            timestamptz,
  attempts          integer not null default 0,
  parked_reason     text,
  primary key (tenant_id, subject_id)
) with (fillfactor = 70);
create index subject_due on subject (tenant_id, due_at) where due_at is not null and parked_reason is null;

create table subject_alias (
  tenant_id    bigint not null,
  patient      text collate "C" not null,
  source       text collate "C" not null,
  subject_id   bigint not null,
  recorded_at  timestamptz not null,
  primary key (tenant_id, patient, source)
);
create index subject_alias_subject on subject_alias (tenant_id, subject_id);

-- Every version of every fact, append-only; the body stands in the typed table of its kind under the same key. A
-- retraction has no body.
create table fact (
  tenant_id          bigint not null,
  subject_id         bigint not null,
  fact_seq           bigint not null,
  fact_key           text collate "C" not null,
  kind               smallint not null,
  retracted          boolean not null,
  content_hash       bytea not null,
  source             text collate "C" not null,
  resource           text collate "C" not null,
  source_version     bigint,
  source_updated_at  timestamptz,
  recorded_at        timestamptz not null,
  mapping            text not null,
  primary key (tenant_id, subject_id, fact_seq)
);
