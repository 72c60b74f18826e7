-- The site's rules, one version per body, without what its sources tell (the payer directory): what people release.
create table rule_set (
  tenant_id     bigint not null references tenant,
  rule_version  bigint not null,
  body          text not null,
  created_at    timestamptz not null default now(),
  primary key (tenant_id, rule_version)
);

-- Every step of a rule version on its way to the EHR, and who took it: the last one of a version is its state.
create table rule_step (
  tenant_id       bigint not null,
  step_no         bigint not null,
  rule_version    bigint not null,
  state           smallint not null,
  canary_percent  smallint not null,
  role            text not null,
  reason          text not null,
  stepped_at      timestamptz not null,
  primary key (tenant_id, step_no),
  foreign key (tenant_id, rule_version) references rule_set
);

-- What was in force before rules had versions is version 1, and active.
alter table policy add column rule_version bigint not null default 1;
alter table policy alter column rule_version drop default;
alter table policy no force row level security;
insert into rule_set (tenant_id, rule_version, body)
select distinct on (tenant_id) tenant_id, 1, body
  from policy
 order by tenant_id, policy_version desc;
alter table policy force row level security;
insert into rule_step
select tenant_id, 1, 1, 3, 0, '', 'in force before rules had versions', now()
  from rule_set;

grant select, insert on rule_set, rule_step to authledger_app;

alter table rule_set enable row level security;
alter table rule_set force row level security;
create policy rule_set_of_tenant on rule_set
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);

alter table rule_step enable row level security;
alter table rule_step force row level security;
create policy rule_step_of_tenant on rule_step
  using (tenant_id = nullif(current_setting('authledger.tenant_id', true), '')::bigint);
