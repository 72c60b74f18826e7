-- Answers in a row that were about the notice itself: these park it. What an endpoint that gives no service answers, or one
-- that does not take our rights, only delays it (attempts). The default is a constant: the table is not rewritten.
alter table notice add column refusals integer not null default 0;
