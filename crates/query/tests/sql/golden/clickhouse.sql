-- tags[0]:* | explode tags | dedup user_id, tags | collapse_nums message | fields tags, message
WITH step1 AS (
SELECT * EXCEPT ("tags"), arrayJoin(if(empty("tags"), [NULL], "tags")) AS "tags"
FROM events
WHERE "tags"[1] IS NOT NULL
), step2 AS (
SELECT *, row_number() OVER (PARTITION BY "user_id", "tags" ORDER BY "timestamp" ASC NULLS LAST) AS "trine_place"
FROM step1
), step3 AS (
SELECT * EXCEPT ("trine_place")
FROM step2
WHERE "trine_place" = 1
)
SELECT "tags" AS "tags", replaceRegexpAll(replaceRegexpAll(toString("message"), '\\b(?:[0-9][0-9a-fA-F]{3,}|[a-fA-F][0-9][0-9a-fA-F]{2,}|[a-fA-F]{2}[0-9][0-9a-fA-F]+|[a-fA-F]{3,}[0-9][0-9a-fA-F]*)([^0-9A-Za-z]|$)', '<N>\\1'), '[0-9]+', '<N>') AS "message"
FROM step3
SETTINGS prefer_column_name_to_alias = 1

-- count() by level
WITH weighted AS (
SELECT *, CASE WHEN toFloat64OrNull(toString("sample_rate")) > 0 AND toFloat64OrNull(toString("sample_rate")) <= 1 THEN 1 / toFloat64OrNull(toString("sample_rate")) ELSE 1 END AS "trine_weight"
FROM events
)
SELECT "level" AS "level", CAST(round(coalesce(sum("trine_weight"), 0)) AS Nullable(Int64)) AS "count"
FROM weighted
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST
SETTINGS prefer_column_name_to_alias = 1

-- event:payment_* level:>=warn duration_ms:>2s | count(), p99(duration_ms) by event, 5m
SELECT "event" AS "event", fromUnixTimestamp64Micro(toUnixTimestamp64Micro(toDateTime64("timestamp", 6, 'UTC')) - positiveModulo(toUnixTimestamp64Micro(toDateTime64("timestamp", 6, 'UTC')), 300000000), 'UTC') AS "time", count(*) AS "count", if(count(toFloat64OrNull(toString("duration_ms"))) = 0, NULL, quantileExactInclusive(0.99)(toFloat64OrNull(toString("duration_ms")))) AS "p99(duration_ms)"
FROM events
WHERE "event" LIKE 'payment\\_%' AND "level" IN ('warning', 'error', 'critical') AND toFloat64OrNull(toString("duration_ms")) > 2000
GROUP BY 1, 2
ORDER BY 2 ASC NULLS LAST, 1 ASC NULLS LAST
SETTINGS prefer_column_name_to_alias = 1

-- amount:* -reason:null | sort -amount | limit 3 | fields event, amount * 2 as twice
WITH step1 AS (
SELECT *
FROM events
WHERE "amount" IS NOT NULL AND NOT coalesce("reason" IS NULL, FALSE)
ORDER BY "amount" DESC NULLS LAST
LIMIT 3
)
SELECT "event" AS "event", (toFloat64OrNull(toString("amount")) * 2) AS "twice"
FROM step1
ORDER BY "amount" DESC NULLS LAST
SETTINGS prefer_column_name_to_alias = 1

-- count_distinct(user_id), first(reason), rate(1m), p50(amount) by domain | where rate > 2
WITH weighted AS (
SELECT *, CASE WHEN toFloat64OrNull(toString("sample_rate")) > 0 AND toFloat64OrNull(toString("sample_rate")) <= 1 THEN 1 / toFloat64OrNull(toString("sample_rate")) ELSE 1 END AS "trine_weight"
FROM events
), step2 AS (
SELECT nullif(extract("event", '^([a-z][a-z0-9]*)_'), '') AS "domain", count(DISTINCT "user_id") AS "count_distinct(user_id)", argMin("reason", "timestamp") FILTER (WHERE "reason" IS NOT NULL) AS "first(reason)", (sum("trine_weight") * 60000000 / nullif(max(max(toUnixTimestamp64Micro(toDateTime64("timestamp", 6, 'UTC')))) OVER () - min(min(toUnixTimestamp64Micro(toDateTime64("timestamp", 6, 'UTC')))) OVER (), 0)) AS "rate(1m)", if(count(toFloat64OrNull(toString("amount"))) = 0, NULL, arrayReduce('quantileExactInclusive(0.5)', arrayFlatten(groupArray(if(toFloat64OrNull(toString("amount")) IS NULL, [], arrayResize([assumeNotNull(toFloat64OrNull(toString("amount")))], toUInt64(round(assumeNotNull("trine_weight"))), assumeNotNull(toFloat64OrNull(toString("amount"))))))))) AS "p50(amount)"
FROM weighted
GROUP BY 1
)
SELECT *
FROM step2
WHERE coalesce("rate(1m)" > 2, FALSE)
ORDER BY "count_distinct(user_id)" DESC NULLS LAST, "domain" ASC NULLS LAST
SETTINGS prefer_column_name_to_alias = 1

-- http.method:GET tags[0]:red message:/a.b/ | extend slow = duration_ms > 1s | count() by slow
SELECT coalesce(toFloat64OrNull(toString("duration_ms")) > 1000, FALSE) AS "slow", count(*) AS "count"
FROM events
WHERE toString("http"."method") = 'GET' AND toString("tags"[1]) = 'red' AND match(toString("message"), '(?-s)a.b')
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST
SETTINGS prefer_column_name_to_alias = 1

-- * | fields split(event, "_", 0), extract(message, "a(b)"), round(amount, 1), day_of_week()
SELECT CASE WHEN length(splitByString('_', assumeNotNull("event"))) >= 1 THEN splitByString('_', assumeNotNull("event"))[1] END AS "split(event, \"_\", 0)", CASE WHEN match(toString("message"), 'a(b)') THEN extract(toString("message"), 'a(b)') END AS "extract(message, \"a(b)\")", (sign(toFloat64OrNull(toString("amount"))) * floor(abs(toFloat64OrNull(toString("amount"))) * 10 + 0.5) / 10) AS "round(amount, 1)", dateName('weekday', "timestamp") AS "day_of_week()"
FROM events
SETTINGS prefer_column_name_to_alias = 1

-- reason:"it's \"${x}\" \\ \n--" `odd "na\me`:1
SELECT *
FROM events
WHERE toString("reason") = 'it\'s "${x}" \\ 
--' AND toFloat64OrNull(toString("odd \"na\\me")) = 1
SETTINGS prefer_column_name_to_alias = 1

-- user_id in (level:error | fields user_id) | count() by event
SELECT "event" AS "event", count(*) AS "count"
FROM events
WHERE toString("user_id") IN (SELECT toString("user_id") FROM (SELECT "user_id" AS "user_id"
FROM events
WHERE "level" = 'error') AS answers)
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST
SETTINGS prefer_column_name_to_alias = 1

