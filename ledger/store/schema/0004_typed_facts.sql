-- One table per kind of fact. Null and the empty list: the source does not say.
create table fact_coverage (
  tenant_id       bigint not null,
  subject_id      bigint not null,
  fact_seq        bigint not null,
  patient         text not null,
  payer           text,
  payer_display   text,
  member_id       text,
  status          text,
  first_day       date,
  last_day        date,
  coverage_order  integer,
  plan_class      text,
  coverage_kind   text,
  primary key (tenant_id, subject_id, fact_seq)
);

create table fact_request_line (
  tenant_id        bigint not null,
  subject_id       bigint not null,
  fact_seq         bigint not null,
  patient          text not null,
  request          text,
  line             text,
  payer            text,
  coverage         text,
  service_codes    text[] not null,
  quantity_milli   bigint,
  measure          smallint not null,
  first_day        date,
  last_day         date,
  diagnosis_codes  text[] not null,
  provider         text,
  prior_request    text,
  requested_at     timestamptz,
  expedited        boolean not null,
  change           smallint,
  primary key (tenant_id, subject_id, fact_seq)
);

create table fact_authorization_line (
  tenant_id                  bigint not null,
  subject_id                 bigint not null,
  fact_seq                   bigint not null,
  patient                    text not null,
  payer                      text,
  payer_display              text,
  member_id                  text,
  authorization_number       text,
  other_number_roles         smallint[] not null,
  other_numbers              text[] not null,
  line                       text,
  decision                   smallint not null,
  decision_code              text,
  request                    text,
  service_codes              text[] not null,
  first_day                  date,
  last_day                   date,
  quantity_milli             bigint,
  is_quantity_as_requested   boolean not null,
  measure                    smallint not null,
  rate_quantity_milli        bigint,
  rate_period                text,
  diagnosis_codes            text[] not null,
  provider                   text,
  program                    text,
  place                      text,
  issued_day                 date,
  issued_at                  timestamptz,
  payer_used_quantity_milli  bigint,
  supersedes                 text,
  primary key (tenant_id, subject_id, fact_seq)
);

create table fact_order (
  tenant_id             bigint not null,
  subject_id            bigint not null,
  fact_seq              bigint not null,
  patient               text not null,
  status                text,
  service_codes         text[] not null,
  quantity_milli        bigint,
  measure               smallint not null,
  first_day             date,
  last_day              date,
  coverage              text,
  requested_at          timestamptz,
  expedited             boolean not null,
  authorization_number  text,
  primary key (tenant_id, subject_id, fact_seq)
);

create table fact_service (
  tenant_id             bigint not null,
  subject_id            bigint not null,
  fact_seq              bigint not null,
  patient               text not null,
  state                 smallint not null,
  service_day           date not null,
  start_at              timestamptz,
  end_at                timestamptz,
  service_codes         text[] not null,
  quantity_milli        bigint,
  measure               smallint not null,
  provider              text,
  program               text,
  place                 text,
  diagnosis_codes       text[] not null,
  authorization_number  text,
  coverage              text,
  order_reference       text,
  appointment           text,
  encounter             text,
  primary key (tenant_id, subject_id, fact_seq)
);

-- A patient or an organization: fact.kind says which.
create table fact_party (
  tenant_id           bigint not null,
  subject_id          bigint not null,
  fact_seq            bigint not null,
  identifier_systems  text[] not null,
  identifier_values   text[] not null,
  links               text[] not null,
  replaced_by         text,
  display             text,
  primary key (tenant_id, subject_id, fact_seq)
);

create table fact_pin (
  tenant_id             bigint not null,
  subject_id            bigint not null,
  fact_seq              bigint not null,
  pin                   smallint not null,
  patient               text not null,
  service               text,
  authorization_number  text,
  line                  text,
  closed_through_day    date,
  reason                text,
  primary key (tenant_id, subject_id, fact_seq)
);

create table fact_payer_count (
  tenant_id             bigint not null,
  subject_id            bigint not null,
  fact_seq              bigint not null,
  patient               text not null,
  authorization_number  text,
  line                  text,
  used_milli            bigint not null,
  measure               smallint not null,
  counted_day           date,
  primary key (tenant_id, subject_id, fact_seq)
);
