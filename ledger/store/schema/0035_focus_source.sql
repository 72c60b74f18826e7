-- The endpoint whose resource a notice's focus is: another one's is never written as a reference. '' is not known, as
-- it is of all that stands already: should such a notice be written before it is planned anew, it names the
-- authorization by its number. The default is a constant of this statement: the table is not rewritten.
-- An upgrade writes no more than it mends. focus_source is no part of desired_hash; but Tasks are planned with a focus
-- of the delivering endpoint or none, so that the hash of those which pointed elsewhere differs from what was
-- delivered: each of them is written once, after the next reconcile of its subject. The others keep their hash, and ''
-- until they change.
alter table notice
  add column focus_source text not null default '';
