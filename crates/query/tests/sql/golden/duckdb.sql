-- tags[0]:* | explode tags | dedup user_id, tags | collapse_nums message | fields tags, message
WITH step1 AS (
SELECT * EXCLUDE ("tags"), unnest(coalesce("tags", [NULL])) AS "tags"
FROM events
WHERE "tags"[1] IS NOT NULL
), step2 AS (
SELECT *, row_number() OVER (PARTITION BY "user_id", "tags" ORDER BY "timestamp" ASC NULLS LAST) AS "trine_place"
FROM step1
), step3 AS (
SELECT * EXCLUDE ("trine_place")
FROM step2
WHERE "trine_place" = 1
)
SELECT "tags" AS "tags", regexp_replace(regexp_replace(CAST("message" AS VARCHAR), '\b(?:[0-9][0-9a-fA-F]{3,}|[a-fA-F][0-9][0-9a-fA-F]{2,}|[a-fA-F]{2}[0-9][0-9a-fA-F]+|[a-fA-F]{3,}[0-9][0-9a-fA-F]*)([^0-9A-Za-z]|$)', '<N>\1', 'g'), '[0-9]+', '<N>', 'g') AS "message"
FROM step3

-- count() by level
WITH weighted AS (
SELECT *, CASE WHEN TRY_CAST("sample_rate" AS DOUBLE) > 0 AND TRY_CAST("sample_rate" AS DOUBLE) <= 1 THEN 1 / TRY_CAST("sample_rate" AS DOUBLE) ELSE 1 END AS "trine_weight"
FROM events
)
SELECT "level" AS "level", CAST(round(coalesce(sum("trine_weight"), 0)) AS BIGINT) AS "count"
FROM weighted
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST

-- event:payment_* level:>=warn duration_ms:>2s | count(), p99(duration_ms) by event, 5m
SELECT "event" AS "event", time_bucket(to_microseconds(300000000), "timestamp", TIMESTAMP '1970-01-01') AS "time", count(*) AS "count", quantile_cont(TRY_CAST("duration_ms" AS DOUBLE), 0.99) AS "p99(duration_ms)"
FROM events
WHERE "event" LIKE 'payment\_%' ESCAPE '\' AND "level" IN ('warning', 'error', 'critical') AND TRY_CAST("duration_ms" AS DOUBLE) > 2000
GROUP BY 1, 2
ORDER BY 2 ASC NULLS LAST, 1 ASC NULLS LAST

-- amount:* -reason:null | sort -amount | limit 3 | fields event, amount * 2 as twice
WITH step1 AS (
SELECT *
FROM events
WHERE "amount" IS NOT NULL AND NOT coalesce("reason" IS NULL, FALSE)
ORDER BY "amount" DESC NULLS LAST
LIMIT 3
)
SELECT "event" AS "event", (TRY_CAST("amount" AS DOUBLE) * 2) AS "twice"
FROM step1
ORDER BY "amount" DESC NULLS LAST

-- count_distinct(user_id), first(reason), rate(1m), p50(amount) by domain | where rate > 2
WITH weighted AS (
SELECT *, CASE WHEN TRY_CAST("sample_rate" AS DOUBLE) > 0 AND TRY_CAST("sample_rate" AS DOUBLE) <= 1 THEN 1 / TRY_CAST("sample_rate" AS DOUBLE) ELSE 1 END AS "trine_weight"
FROM events
), step2 AS (
SELECT nullif(regexp_extract("event", '^([a-z][a-z0-9]*)_', 1), '') AS "domain", count(DISTINCT "user_id") AS "count_distinct(user_id)", arg_min("reason", "timestamp") FILTER (WHERE "reason" IS NOT NULL) AS "first(reason)", (sum("trine_weight") * 60000000 / nullif(max(max(epoch_us("timestamp"))) OVER () - min(min(epoch_us("timestamp"))) OVER (), 0)) AS "rate(1m)", list_aggregate(flatten(list(list_resize([TRY_CAST("amount" AS DOUBLE)], CAST(round("trine_weight") AS BIGINT), TRY_CAST("amount" AS DOUBLE))) FILTER (WHERE TRY_CAST("amount" AS DOUBLE) IS NOT NULL)), 'quantile_cont', 0.5) AS "p50(amount)"
FROM weighted
GROUP BY 1
)
SELECT *
FROM step2
WHERE coalesce("rate(1m)" > 2, FALSE)
ORDER BY "count_distinct(user_id)" DESC NULLS LAST, "domain" ASC NULLS LAST

-- http.method:GET tags[0]:red message:/a.b/ | extend slow = duration_ms > 1s | count() by slow
SELECT coalesce(TRY_CAST("duration_ms" AS DOUBLE) > 1000, FALSE) AS "slow", count(*) AS "count"
FROM events
WHERE CAST("http"."method" AS VARCHAR) = 'GET' AND CAST("tags"[1] AS VARCHAR) = 'red' AND regexp_matches(CAST("message" AS VARCHAR), 'a.b')
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST

-- * | fields split(event, "_", 0), extract(message, "a(b)"), round(amount, 1), day_of_week()
SELECT CASE WHEN len(string_split("event", '_')) >= 1 THEN string_split("event", '_')[1] END AS "split(event, ""_"", 0)", CASE WHEN regexp_matches(CAST("message" AS VARCHAR), 'a(b)') THEN regexp_extract(CAST("message" AS VARCHAR), 'a(b)', 1) END AS "extract(message, ""a(b)"")", (sign(TRY_CAST("amount" AS DOUBLE)) * floor(abs(TRY_CAST("amount" AS DOUBLE)) * 10 + 0.5) / 10) AS "round(amount, 1)", dayname("timestamp") AS "day_of_week()"
FROM events

-- reason:"it's \"${x}\" \\ \n--" `odd "na\me`:1
SELECT *
FROM events
WHERE CAST("reason" AS VARCHAR) = 'it''s "${x}" \ 
--' AND TRY_CAST("odd ""na\me" AS DOUBLE) = 1

-- user_id in (level:error | fields user_id) | count() by event
SELECT "event" AS "event", count(*) AS "count"
FROM events
WHERE CAST("user_id" AS VARCHAR) IN (SELECT CAST("user_id" AS VARCHAR) FROM (SELECT "user_id" AS "user_id"
FROM events
WHERE "level" = 'error') AS answers)
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST

