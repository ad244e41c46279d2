-- tags[0]:* | explode tags | dedup user_id, tags | collapse_nums message | fields tags, message
WITH step1 AS (
SELECT * EXCEPT (`tags`), explode(coalesce(`tags`, array(NULL))) AS `tags`
FROM events
WHERE get(`tags`, 0) IS NOT NULL
), step2 AS (
SELECT *, row_number() OVER (PARTITION BY `user_id`, `tags` ORDER BY `timestamp` ASC NULLS LAST) AS `trine_place`
FROM step1
), step3 AS (
SELECT * EXCEPT (`trine_place`)
FROM step2
WHERE `trine_place` = 1
)
SELECT `tags` AS `tags`, regexp_replace(regexp_replace(CAST(`message` AS STRING), '\\b(?:[0-9][0-9a-fA-F]{3,}|[a-fA-F][0-9][0-9a-fA-F]{2,}|[a-fA-F]{2}[0-9][0-9a-fA-F]+|[a-fA-F]{3,}[0-9][0-9a-fA-F]*)([^0-9A-Za-z]|$)', '<N>$1'), '[0-9]+', '<N>') AS `message`
FROM step3

-- count() by level
WITH weighted AS (
SELECT *, CASE WHEN TRY_CAST(`sample_rate` AS DOUBLE) > 0 AND TRY_CAST(`sample_rate` AS DOUBLE) <= 1 THEN 1 / TRY_CAST(`sample_rate` AS DOUBLE) ELSE 1 END AS `trine_weight`
FROM events
)
SELECT `level` AS `level`, CAST(round(coalesce(sum(`trine_weight`), 0)) AS BIGINT) AS `count`
FROM weighted
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST

-- event:payment_* level:>=warn duration_ms:>2s | count(), p99(duration_ms) by event, 5m
SELECT `event` AS `event`, timestamp_micros(unix_micros(`timestamp`) - pmod(unix_micros(`timestamp`), 300000000)) AS `time`, count(*) AS `count`, percentile(TRY_CAST(`duration_ms` AS DOUBLE), 0.99) AS `p99(duration_ms)`
FROM events
WHERE `event` LIKE 'payment\\_%' AND `level` IN ('warning', 'error', 'critical') AND TRY_CAST(`duration_ms` AS DOUBLE) > 2000
GROUP BY 1, 2
ORDER BY 2 ASC NULLS LAST, 1 ASC NULLS LAST

-- amount:* -reason:null | sort -amount | limit 3 | fields event, amount * 2 as twice
WITH step1 AS (
SELECT *
FROM events
WHERE `amount` IS NOT NULL AND NOT coalesce(`reason` IS NULL, FALSE)
ORDER BY `amount` DESC NULLS LAST
LIMIT 3
)
SELECT `event` AS `event`, (TRY_CAST(`amount` AS DOUBLE) * 2) AS `twice`
FROM step1
ORDER BY `amount` DESC NULLS LAST

-- count_distinct(user_id), first(reason), rate(1m), p50(amount) by domain | where rate > 2
WITH weighted AS (
SELECT *, CASE WHEN TRY_CAST(`sample_rate` AS DOUBLE) > 0 AND TRY_CAST(`sample_rate` AS DOUBLE) <= 1 THEN 1 / TRY_CAST(`sample_rate` AS DOUBLE) ELSE 1 END AS `trine_weight`
FROM events
), step2 AS (
SELECT nullif(regexp_extract(`event`, '^([a-z][a-z0-9]*)_', 1), '') AS `domain`, count(DISTINCT `user_id`) AS `count_distinct(user_id)`, min_by(`reason`, `timestamp`) FILTER (WHERE `reason` IS NOT NULL) AS `first(reason)`, (sum(`trine_weight`) * 60000000 / nullif(max(max(unix_micros(`timestamp`))) OVER () - min(min(unix_micros(`timestamp`))) OVER (), 0)) AS `rate(1m)`, percentile(TRY_CAST(`amount` AS DOUBLE), 0.5, CAST(round(`trine_weight`) AS BIGINT)) AS `p50(amount)`
FROM weighted
GROUP BY 1
)
SELECT *
FROM step2
WHERE coalesce(`rate(1m)` > 2, FALSE)
ORDER BY `count_distinct(user_id)` DESC NULLS LAST, `domain` ASC NULLS LAST

-- http.method:GET tags[0]:red message:/a.b/ | extend slow = duration_ms > 1s | count() by slow
SELECT coalesce(TRY_CAST(`duration_ms` AS DOUBLE) > 1000, FALSE) AS `slow`, count(*) AS `count`
FROM events
WHERE CAST(`http`.`method` AS STRING) = 'GET' AND CAST(get(`tags`, 0) AS STRING) = 'red' AND regexp_like(CAST(`message` AS STRING), 'a.b')
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST

-- * | fields split(event, "_", 0), extract(message, "a(b)"), round(amount, 1), day_of_week()
SELECT nullif(split_part(`event`, '_', 1), '') AS `split(event, "_", 0)`, CASE WHEN regexp_like(CAST(`message` AS STRING), 'a(b)') THEN regexp_extract(CAST(`message` AS STRING), 'a(b)', 1) END AS `extract(message, "a(b)")`, (sign(TRY_CAST(`amount` AS DOUBLE)) * floor(abs(TRY_CAST(`amount` AS DOUBLE)) * 10 + 0.5) / 10) AS `round(amount, 1)`, date_format(`timestamp`, 'EEEE') AS `day_of_week()`
FROM events

-- reason:"it's \"${x}\" \\ \n--" `odd "na\me`:1
SELECT *
FROM events
WHERE CAST(`reason` AS STRING) = 'it\'s "\u0024{x}" \\ 
--' AND TRY_CAST(`odd "na\me` AS DOUBLE) = 1

-- user_id in (level:error | fields user_id) | count() by event
SELECT `event` AS `event`, count(*) AS `count`
FROM events
WHERE CAST(`user_id` AS STRING) IN (SELECT CAST(`user_id` AS STRING) FROM (SELECT `user_id` AS `user_id`
FROM events
WHERE `level` = 'error') AS answers)
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST

