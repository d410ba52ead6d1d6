-- What scale_fill.py runs, step by step: stages first, then the tables of the line, then its sequences.
-- step: choices
CREATE FUNCTION stage.u(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(n, salt) & 4503599627370495) / 4503599627370496.0::float8 $$;
CREATE FUNCTION stage.below(n bigint, salt bigint, top int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT floor((hashint8extended(n, salt) & 4503599627370495) / 4503599627370496.0::float8 * top)::int $$;
ALTER TABLE stage.text ADD vector tsvector;
UPDATE stage.text SET vector = setweight(to_tsvector(config::regconfig, public.unaccent(text)), 'B');
ALTER TABLE stage.text ADD PRIMARY KEY (no);
CREATE TABLE stage.language AS
SELECT language, min(no) AS first_no, count(*)::int AS text_count FROM stage.text GROUP BY 1;
INSERT INTO aggregator_origin (kind, key, independence_key, name, url, state_control) VALUES
('agency', 'agency:north', 'agency:north', 'Agency North', '', 0),
('agency', 'agency:harbour', 'agency:harbour', 'Agency Harbour', '', 0);
CREATE TABLE stage.source AS
SELECT row_number() OVER (ORDER BY md5(s.slug)) AS no, s.id, s.slug, s.name, s.kind, s.country, s.state_control,
    s.publisher_id, 'family:' || coalesce(nullif(p.owner_group, ''), p.slug) AS family,
    coalesce((SELECT language FROM stage.language WHERE language = s.languages[1]), 'en') AS language,
    coalesce((SELECT min(f.id) FROM aggregator_feed f WHERE f.source_id = s.id),
             (SELECT min(id) FROM aggregator_feed)) AS feed_id
FROM aggregator_source s JOIN aggregator_publisher p ON p.id = s.publisher_id;
CREATE TABLE stage.region AS
SELECT row_number() OVER (ORDER BY md5(r.slug)) AS no, r.id, r.slug, r.name, r.lat, r.lon,
    (SELECT array_agg(DISTINCT above) FROM (
        SELECT r.id AS above
        UNION SELECT ancestor_id FROM aggregator_regionlink WHERE region_id = r.id
        UNION SELECT id FROM aggregator_region WHERE slug = 'world') up) AS ancestors,
    (WITH RECURSIVE up AS (
        SELECT conflict_id AS id FROM aggregator_conflict_regions WHERE region_id = r.id
        UNION SELECT c.parent_id FROM aggregator_conflict c JOIN up ON up.id = c.id WHERE c.parent_id IS NOT NULL)
     SELECT coalesce(array_agg(id), '{}') FROM up) AS with_parents,
    (SELECT coalesce(array_agg(conflict_id ORDER BY conflict_id), '{}')
     FROM aggregator_conflict_regions WHERE region_id = r.id) AS conflicts,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('slug', c.slug, 'reason', '{}'::jsonb)), '[]')
     FROM aggregator_conflict_regions cr JOIN aggregator_conflict c ON c.id = cr.conflict_id
     WHERE cr.region_id = r.id) AS conflict_tags,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('slug', c.slug, 'name', c.name)), '[]')
     FROM aggregator_conflict_regions cr JOIN aggregator_conflict c ON c.id = cr.conflict_id
     WHERE cr.region_id = r.id) AS conflict_names
FROM aggregator_region r
WHERE r.kind IN ('country', 'contested-area', 'territory', 'theatre', 'subnational');
CREATE TABLE stage.topic AS
SELECT row_number() OVER (ORDER BY md5(slug)) AS no, id, slug, name FROM aggregator_topic;
CREATE TABLE stage.shares AS SELECT
    (SELECT array_agg(upto ORDER BY no) FROM (SELECT no, sum(1.0::float8 / no) OVER (ORDER BY no)
        / sum(1.0::float8 / no) OVER () AS upto FROM stage.region) x) AS regions,
    (SELECT array_agg(upto ORDER BY no) FROM (SELECT no, sum(1.0::float8 / (no + 2)) OVER (ORDER BY no)
        / sum(1.0::float8 / (no + 2)) OVER () AS upto FROM stage.topic) x) AS topics,
    (SELECT array_agg(upto ORDER BY no) FROM (SELECT no, sum(1.0::float8 / (no + 20)) OVER (ORDER BY no)
        / sum(1.0::float8 / (no + 20)) OVER () AS upto FROM stage.source) x) AS sources;
-- step: who writes about what, when
CREATE UNLOGGED TABLE stage.story AS
SELECT row_number() OVER (ORDER BY first_at) AS id, * FROM (
    SELECT n,
        %(until)s::timestamptz - interval '4 hours' - make_interval(secs => stage.u(n, 1) * %(seconds)s) AS first_at,
        least(width_bucket(stage.u(n, 2), shares.regions) + 1, cardinality(shares.regions)) AS region_no,
        least(width_bucket(stage.u(n, 3), shares.topics) + 1, cardinality(shares.topics)) AS topic_no,
        least(width_bucket(stage.u(n, 4), shares.topics) + 1, cardinality(shares.topics)) AS topic_too_no,
        stage.u(n, 5) < 0.35 AS has_two,
        least(30, floor(power(1 - stage.u(n, 6), -1 / 1.1)))::int AS size,
        CASE WHEN stage.u(n, 7) < 0.3 THEN 1 + stage.below(n, 8, 3) ELSE 0 END AS late_days
    FROM generate_series(1, %(stories)s::bigint) AS n, stage.shares
) drawn;
CREATE UNLOGGED TABLE stage.article AS
WITH drawn AS (
    SELECT story.id AS story_id, k, story.n * 64 + k AS seed, story.region_no,
        least(story.first_at + CASE WHEN k = 1 THEN interval '0'
              ELSE make_interval(secs => -ln(1 - stage.u(story.n * 64 + k, 11)) * 10800) END,
              %(until)s::timestamptz - interval '10 minutes') AS at,
        false AS outside, true AS relevant
    FROM stage.story story, generate_series(1, story.size) AS k
    UNION ALL  -- opinion and other forms outside stories, and what is not about conflict
    SELECT NULL, 1, n * 64 + 63, least(width_bucket(stage.u(n, 12), shares.regions) + 1, cardinality(shares.regions)),
        %(until)s::timestamptz - interval '1 hour' - make_interval(secs => stage.u(n, 13) * %(seconds)s),
        stage.u(n, 14) < 0.25, stage.u(n, 14) < 0.25
    FROM generate_series(1, greatest(0, %(articles)s::bigint - (SELECT sum(size) FROM stage.story))) AS n, stage.shares
), written AS (
    SELECT drawn.*, least(width_bucket(stage.u(seed, 15), shares.sources) + 1, cardinality(shares.sources)) AS source_no,
        k > 1 AND stage.u(seed, 16) < 0.35 AS is_copy,
        CASE WHEN stage.u(seed, 17) < 0.15 THEN 1 + stage.below(seed, 18, 2) END AS agency
    FROM drawn, stage.shares
), told AS (
    SELECT written.*, source.id AS source_id, source.feed_id, source.family, source.state_control, source.kind,
        first_value(source.language) OVER opening AS first_language, source.language AS own_language,
        first_value(seed) OVER opening AS first_seed, first_value(agency) OVER opening AS first_agency,
        first_value(source.family) OVER opening AS first_family,
        first_value(source.state_control) OVER opening AS first_control
    FROM written JOIN stage.source source ON source.no = written.source_no
    WINDOW opening AS (PARTITION BY coalesce(story_id, -seed) ORDER BY k)
)
SELECT row_number() OVER (ORDER BY at, seed) AS id, told.*,
    language.language, language.first_no + stage.below(CASE WHEN is_copy THEN first_seed ELSE seed END, 19,
        language.text_count) AS text_no,
    CASE WHEN is_copy THEN first_agency ELSE agency END AS carried,
    CASE WHEN is_copy THEN first_family ELSE family END AS carried_family,
    CASE WHEN CASE WHEN is_copy THEN first_agency ELSE agency END IS NOT NULL THEN 0  -- as both agencies have it
         WHEN is_copy THEN first_control ELSE state_control END AS carried_control
FROM told JOIN stage.language language ON language.language = CASE WHEN is_copy THEN first_language ELSE own_language END;
CREATE INDEX ON stage.article (id);
CREATE UNLOGGED TABLE stage.opening AS SELECT story_id, id FROM stage.article WHERE k = 1 AND story_id IS NOT NULL;
CREATE INDEX ON stage.opening (story_id);
ANALYZE stage.article; ANALYZE stage.opening; ANALYZE stage.story; ANALYZE stage.text;
CREATE UNLOGGED TABLE stage.address AS
SELECT id, 'https://outlet-' || source_no || '.example/' || to_char(at, 'YYYY/MM/DD') || '/'
    || to_hex(hashint8extended(seed, 20)) || '-report-from-the-field' AS url
FROM stage.article;
CREATE INDEX ON stage.address (id);
CREATE UNLOGGED TABLE stage.hashed (id bigint, url text, url_hash bigint);
-- step: addresses, hashed in Python
-- step: articles
CREATE UNLOGGED TABLE stage.origin AS
SELECT row_number() OVER (ORDER BY id) + 1000 AS id, id AS article_id FROM stage.article WHERE NOT is_copy AND agency IS NULL;
CREATE INDEX ON stage.origin (article_id);
ANALYZE stage.origin;
INSERT INTO aggregator_article (id, source_id, feed_id, url, url_hash, title, author, language, extract, status,
    published_at, published_kind, found_at, reported_at, settled_at, happened_on, happened_precision, happened_reason,
    form, form_reason, relevance, relevance_score, relevance_reason, text_kind, text_method, page_code, origin_id,
    copy_of_id, copy_kind, copy_score, copy_reason, mentions, conflicts, word_count, revision_count, page_etag,
    page_modified, looks, indexed, noindex)
SELECT a.id, a.source_id, a.feed_id, address.url, address.url_hash, region.name || ': ' || text.title, '', a.language, text.extract, 'visible',
    a.at, 'feed', a.at + interval '6 minutes', a.at, a.at + interval '7 minutes',
    (a.at AT TIME ZONE 'UTC')::date - coalesce(story.late_days, 0), 'day', '{"code": "weekday", "cue": "on Tuesday"}',
    CASE WHEN a.outside THEN 'opinion' ELSE 'report' END, '{"rule": "default"}',
    CASE WHEN a.relevant THEN 'in' ELSE 'out' END, 0.93,
    '{"rule": "model", "cues": [{"cue": "shelling", "field": "title", "start": 4, "strength": 1.0}]}', 'text', 'trafilatura',
    '', coalesce(opening_origin.id, CASE WHEN a.carried IS NOT NULL THEN a.carried END, own.id),
    CASE WHEN a.is_copy THEN opening.id END, CASE WHEN a.is_copy THEN 'republished' ELSE 'original' END,
    CASE WHEN a.is_copy THEN 0.94 END,
    CASE WHEN a.is_copy THEN '{"code": "contained", "containment": 0.94, "shared": 180, "near": []}'::jsonb
         ELSE '{"code": "no_candidate", "near": []}'::jsonb END,
    jsonb_build_array(jsonb_build_object('name', region.name, 'start', 0, 'region', region.slug, 'score', 0.97)),
    region.conflict_tags, text.words, 1, '', '', 0, true, '{}'
FROM stage.article a
JOIN stage.hashed address ON address.id = a.id
JOIN stage.region region ON region.no = a.region_no
JOIN stage.text text ON text.no = a.text_no
LEFT JOIN stage.story story ON story.id = a.story_id
LEFT JOIN stage.opening opening ON a.is_copy AND opening.story_id = a.story_id
LEFT JOIN stage.origin opening_origin ON opening_origin.article_id = opening.id
LEFT JOIN stage.origin own ON own.article_id = a.id
ORDER BY a.id;
INSERT INTO aggregator_origin (id, kind, key, independence_key, name, url, article_id, publisher_id, state_control)
SELECT o.id, 'original', 'article:' || a.id, a.family, source.name, '', a.id, source.publisher_id, a.state_control
FROM stage.origin o JOIN stage.article a ON a.id = o.article_id JOIN stage.source source ON source.no = a.source_no
ORDER BY o.id;
-- step: texts, items and revisions
INSERT INTO aggregator_articlebody (article_id, text, full_text, removed, rule_version, text_sha256)
SELECT a.id, text.packed, '', '[]', 1, encode(sha256(convert_to(article.title || E'\n' || text.text, 'UTF8')), 'hex')
FROM stage.article a JOIN stage.text text ON text.no = a.text_no JOIN aggregator_article article ON article.id = a.id
ORDER BY a.id;
INSERT INTO aggregator_item (feed_id, key_hash, article_id, alias_hash, content_hash, dated_at, seen_at)
SELECT feed_id, hashint8extended(seed, 22), id, hashint8extended(seed, 23), hashint8extended(seed, 24), at,
    at + interval '6 minutes' FROM stage.article ORDER BY id;
INSERT INTO aggregator_revision (article_id, number, title, text, text_sha256, found_at, rule_version, title_changed,
    passages_changed)
SELECT article.id, 1, title, '', text_sha256, found_at, 1, false, 0
FROM aggregator_article article JOIN aggregator_articlebody body ON body.article_id = article.id ORDER BY article.id;
-- step: tags
-- The time is given: the trigger that fills it in asks for each article by a key that is dropped while tables are filled.
ALTER TABLE aggregator_articleregion DISABLE TRIGGER tag_report_time;
ALTER TABLE aggregator_articletopic DISABLE TRIGGER tag_report_time;
INSERT INTO aggregator_articleregion (article_id, region_id, about, focus, score, reason, reported_at)
SELECT a.id, region.id, true, true, 0.9, jsonb_build_object('rule', 'model', 'names', jsonb_build_array(region.name)), a.at
FROM stage.article a JOIN stage.region region ON region.no = a.region_no ORDER BY a.id;
INSERT INTO aggregator_articletopic (article_id, topic_id, rank, score, reason, reported_at)
SELECT a.id, topic.id, rank, 0.8, '{"rule": "cues", "cues": [{"cue": "shelling", "field": "title", "start": 4, "strength": 1.0}]}', a.at
FROM stage.article a JOIN stage.story story ON story.id = a.story_id
CROSS JOIN LATERAL (VALUES (0, story.topic_no), (1, CASE WHEN has_two AND topic_too_no <> topic_no THEN topic_too_no END))
    AS given (rank, no)
JOIN stage.topic topic ON topic.no = given.no ORDER BY a.id;
ALTER TABLE aggregator_articleregion ENABLE TRIGGER tag_report_time;
ALTER TABLE aggregator_articletopic ENABLE TRIGGER tag_report_time;
-- step: what tracing and grouping compare
-- Texts are drawn from a pool, but no two articles are to look like copies by chance: text_hash and bands are drawn,
-- so that `verify` names every article under fingerprint_values, and nothing else.
INSERT INTO aggregator_fingerprintrow (article_id, reported_on, shingles, quoted, numbers, words, text_hash, title_hash,
    absent_at, credits)
SELECT a.id, (a.at AT TIME ZONE 'UTC')::date, text.shingles, text.quoted, text.numbers, text.words,
    hashint8extended(CASE WHEN is_copy THEN first_seed ELSE seed END, 25) >> 1, hashint8extended(a.text_no, 26) >> 1,
    a.at - interval '9 minutes', '[]'
FROM stage.article a JOIN stage.text text ON text.no = a.text_no ORDER BY a.id;
INSERT INTO aggregator_groupfeatures (article_id, packed)
SELECT a.id, text.features FROM stage.article a JOIN stage.text text ON text.no = a.text_no
WHERE NOT a.is_copy AND a.relevant ORDER BY a.id;
-- step: bands
INSERT INTO aggregator_band (month, key, article_id)
SELECT (extract(year FROM a.at) - 1970) * 12 + extract(month FROM a.at) - 1, hashint8extended(a.id * 64 + band, 27), a.id
FROM stage.article a, generate_series(0, 63) AS band WHERE NOT a.is_copy;
-- step: old bands packed
INSERT INTO aggregator_oldbands (month, bucket, packed)
SELECT month, key >> 48,
    string_agg(substr(int8send(key), 3) || substr(int8send(article_id), 4), ''::bytea ORDER BY key, article_id)
FROM aggregator_band WHERE month < (SELECT max(month) - 1 FROM aggregator_band) GROUP BY 1, 2;
CREATE UNLOGGED TABLE stage.band AS
SELECT * FROM aggregator_band WHERE month >= (SELECT max(month) - 1 FROM aggregator_band);
TRUNCATE aggregator_band;
INSERT INTO aggregator_band (month, key, article_id) SELECT month, key, article_id FROM stage.band;
-- step: search vectors
INSERT INTO aggregator_searchrow (article_id, reported_at, config, vector)
SELECT a.id, a.at, text.config,
    setweight(to_tsvector(text.config::regconfig, public.unaccent(region.name || ': ' || text.title)), 'A') || text.vector
FROM stage.article a JOIN stage.text text ON text.no = a.text_no JOIN stage.region region ON region.no = a.region_no
ORDER BY a.id;
-- step: stories
INSERT INTO aggregator_story (id, slug, headline, extract, language, speaker_id, speaker_reason, first_article_id,
    first_at, last_at, created_at, changed_at, changed_no, happened_on, happened_precision, happened_reason, origin_count,
    source_count, article_count, is_key, languages, source_kinds, growth_score, card, hidden, version)
SELECT s.id, left(trim(BOTH '-' FROM regexp_replace(lower(public.unaccent(speaker.title)), '[^a-z0-9]+', '-', 'g')), 80),
    speaker.title, speaker.extract, speaker.language, speaker.id, '{"code": "first_original", "near": true}', speaker.id,
    s.first_at, m.last_at, s.first_at + interval '6 minutes', m.last_at + interval '7 minutes', s.id,
    (s.first_at AT TIME ZONE 'UTC')::date - s.late_days, 'day', '{"code": "weekday", "cue": "on Tuesday"}',
    m.origins, m.sources, m.articles, m.origins >= 2 AND m.least_control < 3, m.languages, m.kinds, m.growth,
    jsonb_build_object(
        'region', jsonb_build_object('slug', region.slug, 'name', region.name),
        'regions', jsonb_build_array(jsonb_build_object('slug', region.slug, 'name', region.name)),
        'topics', jsonb_build_array(jsonb_build_object('slug', topic.slug, 'name', topic.name))
            || CASE WHEN s.has_two AND s.topic_too_no <> s.topic_no
               THEN jsonb_build_array(jsonb_build_object('slug', too.slug, 'name', too.name)) ELSE '[]'::jsonb END,
        'conflicts', region.conflict_names,
        'first_source', jsonb_build_object('slug', source.slug, 'name', source.name, 'kind', source.kind,
            'country', source.country, 'state_control', source.state_control),
        'outlets', m.outlets, 'speaker', jsonb_build_object('article', speaker.id, 'source', source.name),
        'agencies', m.agencies,
        'dots', jsonb_build_object('origins', least(m.origins, 12),
            'copies', least(m.articles - m.origins, 12 - least(m.origins, 12)), 'more', greatest(m.articles - 12, 0)),
        'copies', m.articles - m.origins,
        'point', CASE WHEN region.lat IS NOT NULL THEN jsonb_build_array(region.lon, region.lat) END),
    false, 1
FROM stage.story s
JOIN (
    SELECT story_id, max(at) AS last_at, count(*) AS articles, count(DISTINCT source_no) AS sources,
        count(DISTINCT coalesce('agency:' || carried, carried_family)) AS origins,
        min(carried_control) AS least_control, array_agg(DISTINCT language ORDER BY language) AS languages,
        array_agg(DISTINCT kind ORDER BY kind) AS kinds, to_jsonb(array_agg(source_id ORDER BY at, id)) AS outlets, round(least(count(*), 9) * 0.7, 4) AS growth,
        to_jsonb(array_remove(array_agg(DISTINCT CASE carried WHEN 1 THEN 'Agency North' WHEN 2 THEN 'Agency Harbour' END),
            NULL)) AS agencies
    FROM stage.article WHERE story_id IS NOT NULL GROUP BY 1
) m ON m.story_id = s.id
JOIN stage.opening opening ON opening.story_id = s.id
JOIN aggregator_article speaker ON speaker.id = opening.id
JOIN stage.article first ON first.id = opening.id
JOIN stage.source source ON source.no = first.source_no
JOIN stage.region region ON region.no = s.region_no
JOIN stage.topic topic ON topic.no = s.topic_no
JOIN stage.topic too ON too.no = s.topic_too_no
ORDER BY s.id;
INSERT INTO aggregator_membership (story_id, article_id, score, reason, joined_at)
SELECT story_id, id, 0.8, CASE WHEN k = 1 THEN '{"rule": "opened"}'::jsonb
    WHEN is_copy THEN '{"rule": "copy"}'::jsonb
    ELSE '{"rule": "same_event", "score": 0.81, "words": ["convoy", "ceasefire", "army", "border"]}'::jsonb END,
    at + interval '7 minutes'
FROM stage.article WHERE story_id IS NOT NULL ORDER BY id;
INSERT INTO aggregator_storyregion (story_id, region_id, focus, score)
SELECT s.id, region.id, true, 1 FROM stage.story s JOIN stage.region region ON region.no = s.region_no ORDER BY s.id;
INSERT INTO aggregator_storytopic (story_id, topic_id, rank, score)
SELECT s.id, topic.id, rank, CASE rank WHEN 0 THEN 1 ELSE 0.5 END FROM stage.story s
CROSS JOIN LATERAL (VALUES (0, topic_no), (1, CASE WHEN has_two AND topic_too_no <> topic_no THEN topic_too_no END))
    AS given (rank, no) JOIN stage.topic topic ON topic.no = given.no ORDER BY s.id;
INSERT INTO aggregator_storyconflict (story_id, conflict_id, reason)
SELECT s.id, conflict, '{}' FROM stage.story s JOIN stage.region region ON region.no = s.region_no,
    unnest(region.conflicts) AS conflict ORDER BY s.id;
-- step: timelines
INSERT INTO aggregator_timelineentry (region_id, conflict_id, topic_id, story_id, report_at, event_on, last_at, added_at,
    origin_count, is_key, is_thin, languages, source_kinds)
SELECT subject.region_id, subject.conflict_id, topic.id, s.id, s.first_at, s.happened_on, s.last_at, s.created_at,
    s.origin_count, s.is_key, s.origin_count = 1, s.languages, s.source_kinds
FROM aggregator_story s
JOIN stage.story drawn ON drawn.id = s.id
JOIN stage.region region ON region.no = drawn.region_no
CROSS JOIN LATERAL (
    SELECT above AS region_id, NULL::bigint AS conflict_id FROM unnest(region.ancestors) AS above
    UNION ALL SELECT NULL, conflict FROM unnest(region.with_parents) AS conflict
) AS subject
CROSS JOIN LATERAL (
    SELECT NULL::bigint AS id
    UNION ALL SELECT topic_id FROM aggregator_storytopic WHERE false
    UNION ALL SELECT t.id FROM stage.topic t WHERE t.no = drawn.topic_no
        OR (drawn.has_two AND t.no = drawn.topic_too_no)
) AS topic
ORDER BY s.id;
UPDATE aggregator_region r SET last_story_at = newest.at FROM (
    SELECT region_id, max(report_at) AS at FROM aggregator_timelineentry WHERE topic_id IS NULL GROUP BY 1) newest
WHERE newest.region_id = r.id;
-- step: day totals
INSERT INTO aggregator_daycount (region_id, conflict_id, topic_id, clock, "on", story_count, key_count)
SELECT region_id, conflict_id, topic_id, clock, day, count(*), count(*) FILTER (WHERE is_key)
FROM (
    SELECT region_id, conflict_id, topic_id, is_key, 'report' AS clock, (report_at AT TIME ZONE 'UTC')::date AS day
    FROM aggregator_timelineentry
    UNION ALL
    SELECT region_id, conflict_id, topic_id, is_key, 'event', event_on FROM aggregator_timelineentry
) rows GROUP BY 1, 2, 3, 4, 5;
-- step: a week of polls
INSERT INTO aggregator_poll (feed_id, at, outcome, code, status, bytes, duration_ms, item_count, new_count)
SELECT f.id, %(until)s::timestamptz - make_interval(hours => n), CASE WHEN n %% 4 = 0 THEN 'new' ELSE 'unchanged' END, '',
    CASE WHEN n %% 4 = 0 THEN 200 ELSE 304 END, 20000, 120, 30, 1
FROM aggregator_feed f, generate_series(0, 167) AS n ORDER BY 2;
-- step: sequences
SELECT setval(pg_get_serial_sequence('aggregator_article', 'id'), (SELECT max(id) FROM aggregator_article));
SELECT setval(pg_get_serial_sequence('aggregator_origin', 'id'), (SELECT max(id) FROM aggregator_origin));
SELECT setval(pg_get_serial_sequence('aggregator_story', 'id'), (SELECT max(id) FROM aggregator_story));
SELECT setval('story_change_number', (SELECT max(changed_no) FROM aggregator_story));
