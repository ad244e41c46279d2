//! What is found, and what is not. Secrets here are made up, and put together so that scanners of repositories find none.

mod linear;

use super::*;

/// A text with what is found in it marked: `pwd=⟦x⟧`.
fn marked(detectors: &Detectors, text: &str) -> String {
    let mut marked = String::new();
    let mut at = 0;
    for found in detectors.find(text.as_bytes()) {
        let Range { start, end } = found.range;
        marked.push_str(&format!("{}⟦{}⟧", &text[at..start], &text[start..end]));
        at = end;
    }
    marked + &text[at..]
}

/// Compares what is found with a text in which it is marked; and masks it twice.
#[track_caller]
fn check_with(detectors: &Detectors, expected: &str) {
    let text = expected.replace(['⟦', '⟧'], "");
    assert_eq!(marked(detectors, &text), expected);
    let mut once = Vec::new();
    assert_eq!(detectors.mask(text.as_bytes(), &mut once), expected.contains('⟦'), "{text}");
    assert_eq!(detectors.is_clean(text.as_bytes()), !expected.contains('⟦'), "{text}");
    let once = String::from_utf8(once).expect("still UTF-8");
    assert!(detectors.is_clean(once.as_bytes()), "twice: {}", marked(detectors, &once));
}

#[track_caller]
fn check(expected: &str) {
    check_with(&Detectors::default(), expected);
    // Neither what stands before nor what follows matters, nor where in a block of the scan it lies.
    for before in [7, 63, 64] {
        check_with(
            &Detectors::default(),
            &format!("{}\n{expected}\n{}", ". ".repeat(before), ". ".repeat(70)),
        );
    }
}

#[track_caller]
fn masked(text: &str, expected: &str) {
    let mut out = Vec::new();
    assert!(Detectors::default().mask(text.as_bytes(), &mut out), "{text}");
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

/// So many letters and digits that follow from `seed`.
fn random(seed: usize, length: usize) -> String {
    const LETTERS: &[u8] = b"aB3cD4eF5gH6iJ7kL8mN9oP0qR1sT2uVwXyZ";
    (0..length).map(|at| char::from(LETTERS[(seed + at * 7 + at * at) % LETTERS.len()])).collect()
}

#[test]
fn cards_are_found_in_one_and_in_groups() {
    check("⟦4111111111111111⟧");
    check("paid with ⟦4111111111111111⟧.");
    check("card: ⟦4111 1111 1111 1111⟧, exp 12/27");
    check("⟦4111 1111 1111 1111⟧ 2027");
    check("⟦4111-1111-1111-1111⟧");
    check("amex ⟦3782 822463 10005⟧ and ⟦378282246310005⟧");
    check("mastercard=⟦5555555555554444⟧&x=1");
    check("{\"number\":\"⟦2223003122003222⟧\"}");
    check("<pan>⟦6011111111111117⟧</pan>");
    check("diners ⟦30569309025904⟧, jcb ⟦3530111333300000⟧");
    check("カード⟦4111111111111111⟧");
    masked("paid with 4111 1111 1111 1111", "paid with ****-****-****-1111");
}

#[test]
fn numbers_that_are_no_cards_are_left_alone() {
    check("4111111111111112"); // the check digit
    check("1234567812345670"); // no issuer
    check("order_id=4111111111111111");
    check("\"traceId\": \"4111111111111111\"");
    check("order 4111111111111111 shipped");
    check("ORD-4111111111111111");
    check("/orders/4111111111111111/items");
    check("#4111111111111111");
    check("4111111111111111.5");
    check("4111111111111111-1");
    check("41111111111111111111111");
    check("4444444444444444444");
    check("timestamps 1764106767123456 and 1764106767");
    check("4000 4001 4002 4003 4004 4005 4006 4007 4008");
    check("550e8400-e29b-41d4-a716-446655440000");
    check("2026-11-25 21:39:27 4111");
    check("****-****-****-1111");
}

#[test]
fn accounts_are_found_by_their_check_digits() {
    check("to ⟦DE89370400440532013000⟧");
    check("IBAN: ⟦GB29 NWBK 6016 1331 9268 19⟧.");
    check("⟦NO9386011117947⟧");
    check("iban=⟦FR14-2004-1010-0505-0001-3M02-606⟧");
    check("DE88370400440532013000");
    check("AB12CDEF34567890");
    check("DE89370400440532013000X");
    masked("to DE89370400440532013000", "to DE***3000");
    masked("iban=DE00370400440532013000", "iban=DE***3000"); // its key is enough
}

#[test]
fn web_tokens_are_found_by_their_first_part() {
    let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let body = "eyJzdWIiOiIxMjM0NTY3ODkwIn0";
    let signature = random(1, 43);
    check(&format!("⟦{head}.{body}.{signature}⟧"));
    check(&format!("jwt is ⟦{head}.{body}.{signature}⟧, see"));
    check(&format!("⟦{head}.{body}⟧"));
    check(&format!("⟦{head}..{}.{}.{}⟧", random(2, 16), random(3, 80), random(4, 22)));
    check(head);
    check(&format!("{head}.png"));
    check(&format!("x{head}.{body}.{signature}"));
    check("eyJ.eyJ.eyJ");
}

#[test]
fn tokens_are_found_by_the_prefix_of_their_issuer() {
    for (prefix, rest) in [
        ("AKIA", "IOSFODNN7EXAMPLE".to_owned()),
        ("ASIA", "Y34FZKBOKMUTVV7A".to_owned()),
        ("AIza", random(5, 35)),
        ("GOCSPX-", random(6, 28)),
        ("ya29.", random(7, 60)),
        ("ghp_", random(8, 36)),
        ("gho_", random(9, 36)),
        ("ghs_", random(10, 36)),
        ("github_pat_", random(11, 22) + "_" + &random(12, 59)),
        ("glpat-", random(13, 20)),
        ("xoxb-", "123456789012-123456789012-".to_owned() + &random(14, 24)),
        ("xapp-", "1-A012345678-".to_owned() + &random(15, 40)),
        ("hooks.slack.com/services/", "T00000000/B00000000/".to_owned() + &random(16, 24)),
        ("sk_live_", random(17, 24)),
        ("rk_live_", random(18, 99)),
        ("whsec_", random(19, 32)),
        ("sk-", random(20, 48)),
        ("sk-", "proj-".to_owned() + &random(21, 60)),
        ("sk-", "ant-api03-".to_owned() + &random(22, 95)),
        ("npm_", random(23, 36)),
        ("pypi-AgEI", random(24, 160)),
        ("SG.", random(25, 22) + "." + &random(26, 43)),
        ("hf_", random(27, 34)),
        ("dop_v1_", "0a1b2c3d".repeat(8)),
        ("shpat_", "0a1b2c3d".repeat(4)),
        ("dckr_pat_", random(28, 27)),
        ("hvs.", random(29, 95)),
    ] {
        check(&format!("{prefix}⟦{rest}⟧"));
        check(&format!("using {prefix}⟦{rest}⟧, then"));
        // What follows the mark may look like the mark of something else.
        if prefix.len() + rest.len() < 60 && !rest.contains(['.', '/']) {
            check(&format!("{prefix}⟦B{}⟧", &rest[1..]));
        }
        check(&format!("https://x.y/{prefix}⟦{rest}⟧"));
        check(&format!("x{prefix}{rest}"));
        check(&format!("{prefix}{}", &rest[..rest.len().min(12)]));
        masked(&format!("({prefix}{rest})"), &format!("({prefix}***)"));
    }
    check("sk-learn-random-forest-classifier-with-many-trees");
    check("task-1234567890123456789012345678901234567890");
    check("disk-0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d");
    check(&format!("sk_test_{}", random(1, 24)));
    check("npm_config_registry");
}

#[test]
fn private_keys_are_found_between_their_lines() {
    let dashes = "-".repeat(5);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        for end in ["\n", "\r\n", "\\n"] {
            let body = format!("{end}{}{end}{}={end}", random(1, 64), random(2, 20));
            let begin = format!("{dashes}BEGIN {label}{dashes}");
            check(&format!("key: {begin}⟦{body}⟧{dashes}END {label}{dashes}{end}"));
            check(&format!("{begin}⟦{end}{}⟧", random(3, 40)));
        }
    }
    check(&format!("{dashes}BEGIN PUBLIC KEY{dashes}\n{}\n{dashes}END PUBLIC KEY{dashes}", random(1, 64)));
    check(&format!("the file begins with {dashes}BEGIN PRIVATE KEY{dashes} and then"));
    check(&format!("{dashes}BEGIN PRIVATE KEY"));
}

#[test]
fn credentials_of_headers_are_found_without_their_key() {
    check("Bearer ⟦mF_9.B5f-4.1JqMh2a7⟧");
    check("sent bearer ⟦0a1b2c3d4e5f60718293⟧.");
    check("Basic ⟦dXNlcjpodW50ZXIy⟧"); // user:hunter2
    check("basic ⟦QWxhZGRpbjpvcGVuIHNlc2FtZQ==⟧,");
    check("the bearer token has expired");
    check("bearer of bad news, authentication-scheme");
    check("Basic authentication is required");
    check("Basic information about everything1");
    check("basically everything");
    check("Bearer ***");
    check("{\"a\":\"Bearer ⟦0a1b2c3d4e5f60718293==⟧\",\"n\":1}");
    check("bearer 0123456789abcdef_api_key=\"⟦x⟧\"");
}

#[test]
fn passwords_of_urls_are_found() {
    check(
        "postgres://app:⟦secret⟧@db, redis://:⟦default⟧@cache, https://u:⟦xxx⟧@h, https://u:${PASSWORD}@h, https://u:***@h",
    );
    check("postgres://app:⟦hunter2⟧@db.internal:5432/shop?sslmode=require");
    check("redis://:⟦s3cr3t⟧@cache:6379/0");
    check("amqp://guest:⟦p@ss:word⟧@mq");
    check(&format!("https://⟦{}:x-oauth-basic⟧@github.com/a/b", random(1, 40)));
    check("https://example.com:8080/@scope/package");
    check("ssh://git@github.com:org/repo.git");
    check("http://localhost:3000 and user@host: x");
    check("postgres://app:***@db");
    check("postgres://app:${DB_PASSWORD}@db");
    check("postgres://app:<password>@db");
    check("mailto:a@b.c");
    masked("postgres://app:hunter2@db", "postgres://app:***@db");
}

#[test]
fn addresses_are_found_when_asked_for() {
    let detectors = Detectors::default().with(Kind::Email);
    check_with(&detectors, "from ⟦first.last+tag⟧@mail.example.co.uk.");
    check_with(&detectors, "<⟦user⟧@example.com>,⟦a⟧@b.io");
    check_with(&detectors, "@example.com user@ user@host a@b.c1 @ @@");
    check_with(&detectors, "u***@example.com");
    check_with(&detectors, "git@kafka2.sk-***/x");
    check_with(&detectors, "⟦DE89 3704 0044 0532 0130 00⟧--@example.com");
    check("user@example.com");
    let mut out = Vec::new();
    detectors.mask(b"mailto:user@example.com or jo@b.io", &mut out);
    assert_eq!(out, b"mailto:u***@example.com or j***@b.io");
}

#[test]
fn assignments_with_an_equals_sign_are_found() {
    check("password=⟦hunter2⟧");
    check("GET /login?user=bob&password=⟦hunter2⟧&next=/home");
    check("db_password = ⟦hunter2⟧");
    check("api_key='⟦abc⟧' secret=\"⟦a b⟧\" token=`⟦c⟧`");
    check("Server=db;User Id=sa;Pwd=⟦hunter2⟧;");
    check("AccountName=x;AccountKey=⟦Zm9vYmFy+/==⟧;EndpointSuffix=y");
    check("aws_secret_access_key = ⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟧");
    check("export GITHUB_TOKEN=⟦abc123⟧");
    check("--password=⟦hunter2⟧ --api-key ⟦5f2a91c7⟧ --token next");
    check("User{name=bob, password=⟦hun,ter2⟧, age=7}");
    check("(password=⟦hunter2⟧)");
    check("password=⟦p)ss⟧ x");
    check("config[\"password\"] = \"⟦hunter2⟧\"");
    check("'secret' => '⟦hunter2⟧',");
    check("card_number=⟦4111 1111 1111 1112⟧ next");
    check("password=\"⟦cut off⟧");
}

#[test]
fn places_of_secrets_and_code_are_left_alone() {
    check("password= user=bob");
    check("password=*** token=<token> secret=[REDACTED] api_key=${API_KEY} pwd=$PWD");
    check("UPDATE users SET password = ? WHERE token = $1 AND secret = :secret AND pin_code = @p1");
    check("if password == null || token === undefined");
    check("password=null token=None secret=true");
    check("token = lexer.next_token(); secret = config.secret;");
    check("let password: &str = get();");
    check("Token::Ident(token)");
    check("token != other, token <= 7");
    check("PWD=/srv/app OLDPWD=/srv HOME=/home/app");
    check("token_type=bearer tokens_used=512 session_id=abc123def has_password=true password_changed=1");
    check("key=abc123 cache_key=user:42 primary_key=7");
    check("card_number=1111 card_number=****-****-****-1111 iban=DE***3000");
}

#[test]
fn assignments_in_json_are_found() {
    check("{\"user\":\"bob\",\"password\":\"⟦hunter2⟧\",\"n\":1}");
    check("{\"api_key\": \"⟦5f2a⟧\"}");
    check("{'token': '⟦a\\'b⟧', 'x': 1}");
    check("{\"pin_code\": ⟦1234⟧, \"cvv\":⟦123⟧}");
    check("\"{\\\"password\\\":\\\"⟦hunter2⟧\\\"}\"");
    check("\\\\\\\"secret\\\\\\\": \\\\\\\"⟦x⟧\\\\\\\"");
    check("{\"Authorization\":\"⟦Bearer abc⟧\"}");
    check("{\"card_number\":\"⟦4111111111111112⟧\"}");
    check("User { name: \"bob\", password: \"⟦hunter2 is it⟧\" }");
    check("{\"password\":null,\"token\":\"\",\"secret\":\"***\",\"token_type\":\"bearer\"}");
    check("{\"password\":\"is too short\",\"token\":\"must not be blank\",\"secret\":\"required\"}");
    check("{\"token\":{\"type\":\"x\"},\"secrets\":[]}");
}

#[test]
fn what_a_short_text_holds_is_found_at_its_edges() {
    let detectors = Detectors::default();
    for text in [
        "⟦30569309025904⟧.",
        "(Basic ⟦dTpwYXNz⟧",
        "pwd=⟦x⟧",
        "--pwd ⟦a1b2c3⟧",
        "a://b:⟦c⟧@d",
        "⟦4111111111111111⟧",
    ] {
        check_with(&detectors, &text.replace("⟦4111111111111111⟧", "⟦378282246310005⟧"));
    }
    check("⟦SI56263300012039086⟧");
    check("--Backup-Code ⟦x1y2z3w4⟧");
}

#[test]
fn what_is_behind_a_cut_decides_and_is_not_shown() {
    let text = b"see redis://:hunter2@cache and password=q7w8e9r0";
    for bytes in 0..text.len() {
        let mut out = Vec::new();
        let is_masked = Detectors::default().mask_first(text, bytes, &mut out);
        assert_eq!(is_masked, bytes > 13, "{bytes}");
        let out = String::from_utf8(out).unwrap();
        assert!(out.len() <= bytes.max(16) && !out.contains("hu") && !out.contains("q7"), "{bytes}: {out}");
    }
}

#[test]
fn what_debug_shows_of_structures_is_found() {
    check("Login { password: Some(\"⟦hunter2⟧\") }");
    check("Login { user: \"al\", password: Password(Some(\"⟦hunter2 is it⟧\")), n: 1 }");
    check("Err(Login { password: Ok(Some(Password(\"⟦x⟧\"))) })");
    check("Login {\n    user: \"al\",\n    password: Some(\n        \"⟦hunter2⟧\",\n    ),\n}");
    check("Login {\n    passwords: [\n        \"⟦a\",\n        \"b⟧\",\n    ],\n}");
    check("Login { passwords: [\"⟦a\", \"b⟧\"], pin_code: ⟦1234⟧, otp: Some(⟦77⟧) }");
    check("Key { secret: [⟦104, 117, 110⟧], shared_key: Some([⟦1⟧]) }");
    check("{'password': b'⟦x⟧', 'token': u'⟦y⟧', \"secret\": br\"⟦z⟧\"}");
    check("secret = Some(\"⟦hunter2⟧\"), token=Ok(\"⟦x⟧\"), passwords=[\"⟦a\", \"b⟧\"]");
    check("Custom { kind: Other, error: \"{\\\"password\\\": \\\"⟦x⟧\\\"}\" }");
    check(
        "[(\"password\", \"⟦hunter2⟧\"), (\"api-key\", Some(\"⟦x⟧\")), (\"user\", \"al\"), ('otp', '⟦77⟧')]",
    );
    check("[\n    (\n        \"password\",\n        \"⟦hunter2⟧\",\n    ),\n]");
    check("\"[(\\\"password\\\", \\\"⟦x⟧\\\")]\"");
    check(
        "(\"password\", \"user\", \"id\"), [\"password\", \"user\"], (\"a\", \"password\", \"b\"), (\"token\", 5)",
    );
    check("Login { password: None, token: Some(\"***\"), secret: Secret(***), otp: [] }");
    check("Unexpected token: Ident(\"a1\"), token = Token(\"if\"), password = text(\"Password\")");
    check("Spanned { token: 2026-11-25, secret: [a, b], cookie: 12:30 }");
}

#[test]
fn headers_and_settings_are_found_where_values_look_like_secrets() {
    check("Authorization: Bearer ⟦abc123⟧");
    check(
        "> Authorization: Digest ⟦username=\"bob\", response=\"5f2a\"⟧
> Accept: *",
    );
    check("Proxy-Authorization: Basic ⟦dTpw⟧");
    check("X-Api-Key: ⟦5f2a91c7⟧");
    check("Cookie: ⟦sid=abc; theme=dark⟧");
    check("Set-Cookie: ⟦sid=abc; Path=/; HttpOnly⟧\nX: y");
    check("password: ⟦hunter2⟧");
    check("db_password: ⟦correct-horse-9281⟧ was rejected");
    check("otp: ⟦123456⟧");
}

#[test]
fn prose_is_left_alone() {
    for text in [
        "token expired yesterday",
        "password changed",
        "auth token was refreshed",
        "invalid token: expected a word",
        "unexpected token: `}` at 1:7",
        "Unexpected token: \"foo\"",
        "the secret: do not tell",
        "password: must be at least 8 characters",
        "password must contain 1 digit",
        "cookie: not found",
        "authorization: bearer token missing",
        "Authorization: Bearer <token>",
        "secret: db-credentials-2 not found",
        "mounting secret: /var/run/secrets/db1",
        "token: RS256",
        "pwd: command not found",
        "error[E0425]: cannot find value `token` in this scope",
        "crates/auth/src/token.rs:42: unused variable: `password`",
        "std::token::Token: 12 left",
        "use --password to set it, or --token",
    ] {
        check(text);
    }
}

#[test]
fn what_is_called_like_a_secret_and_is_none_is_left_alone() {
    for text in [
        "PWD=/app OLDPWD=/",
        "{\"PWD\":\"/app\"}",
        "ssl_private_key=/etc/tls/private/server.key",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-a1b2c3",
        "MountVolume failed: secret \"default-token-x7k2p\" not found, token: default-token-x7k2p",
        "Reconciling Secret=\"prod/keycloak-e5086981d-o86lm\"",
        "panicked at src/token:979:96:\ncalled",
        "DEL cookie:banner:157",
        "token_type=bearer duration_ms=7943.281",
        "10000000-4111-1111-1111-111111111111",
        "uuid 41111111-1111-1111-1111-111111111111",
        "Unexpected token: \"Foo2Bar99\"",
        "pub const SO_COOKIE: u32 = 57;",
        "    self._token = token",
        "connect(host=host, password=self.password, token=get_token(), secret=os.environ['SECRET'])",
        "\"password\":[\"is too short (minimum is 8 characters)\"]",
        "\"password\":\"This field is required.\"",
        "accesskey=\"n\"",
        "password={password!r} token={:?}",
        "scheme://[user:passwd@]proxy.server:port",
        "usage: login <user> <password>, <token></token>",
    ] {
        check(text);
    }
}

#[test]
fn a_private_key_is_masked_whole_wherever_it_stands() {
    let dashes = "-".repeat(5);
    let (begin, end) =
        (format!("{dashes}BEGIN RSA PRIVATE KEY{dashes}"), format!("{dashes}END RSA PRIVATE KEY{dashes}"));
    let line = random(7, 64);
    for (text, expected) in [
        (format!("private_key={begin}\n{line}\n{end}"), format!("private_key=***{end}")),
        (format!("\"private_key\":\"{begin}\\n{line}\\n{end}\""), "\"private_key\":\"***\"".to_owned()),
        (format!("key: \"{begin}\\n{line}\\n{end}\""), format!("key: \"{begin}***{end}\"")),
        (format!("Bearer {}={begin}\n{line}", random(3, 30)), format!("Bearer ***{begin}***")),
        (
            format!("{begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n{line}\n{end}"),
            format!("{begin}***{end}"),
        ),
        (format!("{begin}\n{line}\nGOCSPX-{}", random(4, 28)), format!("{begin}***\nGOCSPX-***")),
        (format!("pwd=x{begin}\n{line} Bearer {}", random(5, 30)), "pwd=***".to_owned()),
    ] {
        masked(&text, &expected);
    }
}

#[test]
fn what_begins_inside_a_value_is_masked_to_its_end() {
    masked("token=Bearer mF_9.B5f-4.1JqMh2a7", "token=Bearer ***");
    masked("pin_code=4111 1111 1111 1111 x", "pin_code=*** x");
    masked("secret=DE89 3704 0044 0532 0130 00", "secret=***");
    masked("x-token: Basic dXNlcjpodW50ZXIy", "x-token: Basic ***");
    masked(
        "\"tokens\": 1, \"secrets\": [\"a1\", \"b2\"], \"n\": 3",
        "\"tokens\": 1, \"secrets\": [\"***\"], \"n\": 3",
    );
}

#[test]
fn kinds_are_switched_on_and_off_one_by_one() {
    let text = format!("pwd=x1 4111111111111111 ghp_{}", random(1, 36));
    let kinds = |detectors: &Detectors| -> Vec<Kind> {
        detectors.find(text.as_bytes()).map(|found| found.kind).collect()
    };
    assert_eq!(kinds(&Detectors::default()), [Kind::Assignment, Kind::Card, Kind::Github]);
    assert_eq!(kinds(&Detectors::default().without(Kind::Card)), [Kind::Assignment, Kind::Github]);
    let none = Kind::ALL.into_iter().fold(Detectors::default(), Detectors::without);
    assert_eq!(kinds(&none), []);
    assert_eq!(kinds(&none.clone().with(Kind::Github)), [Kind::Github]);
    assert!(none.with(Kind::Email).finds(Kind::Email) && !Detectors::default().finds(Kind::Email));
}

#[test]
fn what_is_clean_leaves_the_output_alone() {
    let mut out = b"before".to_vec();
    assert!(!Detectors::default().mask(b"nothing here", &mut out));
    assert_eq!(out, b"before");
    assert!(Detectors::default().mask(b"pwd=x", &mut out));
    assert_eq!(out, b"beforepwd=***");
}

#[test]
fn bytes_that_are_no_text_are_masked_as_well() {
    let mut out = Vec::new();
    assert!(Detectors::default().mask(b"\xff\xfe password=\xff\x00abc\xc3 \xff", &mut out));
    assert_eq!(out, b"\xff\xfe password=***\x00abc\xc3 \xff");
}
