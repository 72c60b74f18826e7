-- Records of one person. Every record keeps the subject that its alias made (its home); while it is joined, its facts
-- stand in the subject that `joined_into` names. One step deep: a subject that others are joined into is not joined.
alter table subject add column joined_into bigint;
create index subject_joined on subject (tenant_id, joined_into) where joined_into is not null;

-- The subject of each of fact_seqs, where a resource stands in several subjects (a visit of a group); else null, and
-- all stand in subject_id.
alter table raw_resource add column subject_ids bigint[];

-- Why records are one person: `patient` of `source` names another record (`name` of `space`, which is a source), or
-- has an identifier (value `name` of system `space`) by which endpoints may be joined.
create table subject_link (
  tenant_id      bigint not null,
  source         text collate "C" not null,
  patient        text collate "C" not null,
  is_identifier  boolean not null,
  space          text collate "C" not null,
  name           text collate "C" not null,
  is_replaced    boolean not null,
  primary key (tenant_id, source, patient, is_identifier, space, name)
);
create index subject_link_name on subject_link (tenant_id, name, space, is_identifier);

-- Records whose person is to be found again.
create table subject_join_due (
  tenant_id  bigint not null,
  source     text collate "C" not null,
  patient    text collate "C" not null,
  primary key (tenant_id, source, patient)
);

grant select, insert, delete on subject_link to authledger_app;
grant select, insert, delete on subject_join_due to authledger_app;

alter table subject_link enable row level security;
alter table subject_link force row level security;
create policy subject_link_of_tenant on subject_link
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table subject_join_due enable row level security;
alter table subject_join_due force row level security;
create policy subject_join_due_of_tenant on subject_join_due
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
