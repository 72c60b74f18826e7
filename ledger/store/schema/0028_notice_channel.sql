-- A message can be sent, and never changed: nothing of it is retired. What has no road says why, and under which plan
-- (what the endpoint offers and the config wants) that was found: another plan is another try. The defaults are
-- constants of this statement: the table is not rewritten.
alter table notice
  add column is_message            boolean not null default false,
  add column undeliverable_reason  text,
  add column road_hash             bytea;
-- The owner is fenced by row-level security too, and sees no tenant here.
alter table notice no force row level security;
-- From here on the channel is stored before a create; what was under way had the one channel of its kind.
update notice
   set channel = case kind when 1 then 'Flag'
                           when 11 then 'Communication'
                           else 'Task'
                 end
 where channel = ''
   and create_begun_at is not null;
-- What was parked before any create had no road.
update notice
   set undeliverable_reason = parked_reason,
       parked_reason = null
 where parked_reason is not null
   and remote_id = ''
   and create_begun_at is null;
alter table notice force row level security;
create index notice_without_ehr on notice (tenant_id) where channel = 'worklist' or undeliverable_reason is not null;
