-- What a code was modified by, what a claim asks for it, which record it replaces; where a patient lives; who overrode;
-- and what the payer says of the plan's benefits. New columns have a constant default: no rewrite.
alter table fact_authorization_line
  add column modifiers text[] not null default '{}',
  add column amount_milli bigint,
  add column currency text;
alter table fact_service
  add column modifiers text[] not null default '{}',
  add column amount_milli bigint,
  add column currency text,
  add column replaces text[] not null default '{}';
alter table fact_party add column home_state text;
alter table fact_pin add column role text;

create table fact_benefit (
  patient       text not null,
  coverage      text,
  payer         text,
  category      text,
  name          text,
  period        text,
  service_codes text[] not null,
  allowed_milli bigint,
  used_milli    bigint,
  currency      text,
  allowed_text  text,
  first_day     date,
  last_day      date,
  stated_day    date,
  primary key (tenant_id, subject_id, fact_seq)
) inherits (fact);
alter table fact_benefit enable row level security;
alter table fact_benefit force row level security;
create policy fact_benefit_of_tenant on fact_benefit
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
grant select, insert on fact_benefit to authledger_app;
