-- What of a resource we wrote last, member by member: what stands otherwise was changed by a person, and stays. It takes the
-- place of delivered_owner. For what was written before it is not known: an owner that stands there then counts as a
-- person's choice.
-- A create that no search could find is known by itself: an endpoint may offer the search again. A resource that cannot be
-- found counts as removed only when that holds. The defaults are constants of this statement: the table is not rewritten.
alter table notice
  add column written_members text not null default '',
  add column is_create_blind boolean not null default false,
  add column missing_since timestamptz,
  drop column delivered_owner,
  add column delivered_band integer;
-- What is parked is tried again once a day; until here it never was. What stands in the EHR as it is wanted was written at its
-- band, and whether a create that is under way can be found is not known: it is not sent again without a search.
alter table notice no force row level security;
update notice
   set due_at = now()
 where parked_reason is not null
   and not is_retired
   and lease_token is null;
update notice
   set delivered_band = band
 where delivered_hash = desired_hash;
update notice
   set is_create_blind = true
 where create_begun_at is not null
   and remote_id = '';
alter table notice force row level security;
