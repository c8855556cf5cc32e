-- The rows of one accepted lead, as pgbench inserts them for bench/intake.py.
BEGIN;
SELECT nextval('bench_number') AS n \gset
INSERT INTO lead (first_name, last_name, middle_name, company_name, job_title, phone, phone_key,
  email, email_key, name_key, campaign_id, status, received_at, status_changed_at, respond_by,
  is_test, calls, lock_version, created_at, changed_at, search_text)
VALUES ('Anna', 'Sample' || :n, '', '', '', '+7917' || lpad((:n)::text, 7, '0'),
  '+7917' || lpad((:n)::text, 7, '0'), 'anna.pgbench' || :n || '@example.com',
  'anna.pgbench' || :n || '@example.com', 'sample' || :n || ' anna', :campaign, 'new', now(),
  now(), now() + interval '30 minutes', false, 0, 1, now(), now(),
  'sample' || :n || E'\nanna\nanna.pgbench' || :n || E'@example.com\n7917' || lpad((:n)::text, 7, '0')
  || E'\n8917' || lpad((:n)::text, 7, '0'))
RETURNING id AS lead \gset
INSERT INTO submission (source_id, door, received_at, media_type, body, body_digest, campaign_id,
  campaign_sent, lead_id, is_test, fetches, outcome)
VALUES (:source, 'leads', now(), 'application/json',
  convert_to('{"first_name": "Anna", "last_name": "Sample' || :n || '", "middle_name": "", '
    || '"phone": "+7917' || lpad((:n)::text, 7, '0') || '", "email": "anna.pgbench' || :n
    || '@example.com", "campaign": 1}', 'UTF8'),
  repeat('0', 64), :campaign, '1', :lead, false, 0, 'accepted');
INSERT INTO note (kind, text, at, pinned, author_kind, author, lead_id)
VALUES ('created', '', now(), false, 'source', 'Bench', :lead);
COMMIT;
