//! What is searched.

/// Some texts of one kind.
pub struct Texts {
    pub name: &'static str,
    pub all: Vec<String>,
    /// Nothing is to be found in them.
    pub is_ordinary: bool,
}

impl Texts {
    pub fn bytes(&self) -> usize {
        self.all.iter().map(String::len).sum()
    }
}

const CORPUS: &str = include_str!("../../../crates/model/tests/corpus/ordinary.txt");
/// Bytes of a text made to be slow: as much as an event may hold of one.
const HOSTILE_BYTES: usize = 64 * 1024;

pub fn all() -> Vec<Texts> {
    let ordinary = |name, all| Texts { name, all, is_ordinary: true };
    let mut texts = vec![
        ordinary("values", words(15..40)),
        ordinary("values under 16 bytes", words(1..15)),
        ordinary("prose", prose()),
        ordinary("lines of any kind", CORPUS.lines().map(str::to_owned).collect()),
        ordinary("lines that speak of no secret", plain().map(str::to_owned).collect()),
        ordinary(
            "eight lines in one",
            CORPUS.lines().collect::<Vec<_>>().chunks(8).map(|lines| lines.join("\n")).collect(),
        ),
    ];
    for (name, piece) in [
        ("`pwd:` and on", "pwd:"),
        ("`password=` and on", "password="),
        ("`eyJ.` and on", "eyJ."),
        ("`4111 ` and on", "4111 "),
        ("`\\\"` and on", "\\\""),
    ] {
        texts.push(Texts { name, all: vec![piece.repeat(HOSTILE_BYTES / piece.len())], is_ordinary: false });
    }
    texts
}

/// Words of the corpus: what fields hold.
fn words(lengths: std::ops::Range<usize>) -> Vec<String> {
    let words = CORPUS.split_ascii_whitespace().filter(|word| lengths.contains(&word.len()));
    let is_whole = |word: &&str| !word.contains(['=', '"', '\'', '\\', '<']) || word.starts_with("http");
    words.filter(is_whole).map(str::to_owned).collect()
}

/// Lines without the words around which assignments are looked for.
fn plain() -> impl Iterator<Item = &'static str> {
    const WORDS: [&str; 8] = ["pass", "token", "secret", "cookie", "credential", "key", "authoriz", "bearer"];
    CORPUS.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !WORDS.iter().any(|word| line.contains(word))
    })
}

/// Words in small letters, in texts of 200 bytes.
fn prose() -> Vec<String> {
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let words: Vec<&str> = CORPUS.split_ascii_whitespace().filter(is_word).collect();
    let all = words.join(" ");
    let pieces = all.as_bytes().chunks(200).map(|piece| String::from_utf8_lossy(piece).into_owned());
    pieces.take(2_000).collect()
}

/// One secret of each kind in a sentence; put together here, so that scanners of repositories find none.
pub fn planted() -> Vec<String> {
    let random = |length: usize| "a1B2c3D4e5F6g7H8".repeat(length / 16 + 1)[..length].to_owned();
    [
        "4111 1111 1111 1111".to_owned(),
        "DE89 3704 0044 0532 0130 00".to_owned(),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}", random(43)),
        ["AK", "IA", "IOSFODNN7EXAMPLE"].concat(),
        ["gh", "p_", &random(36)].concat(),
        ["gl", "pat-", &random(20)].concat(),
        ["xo", "xb-1234567890-", &random(24)].concat(),
        ["sk", "_live_", &random(24)].concat(),
        format!("{0}BEGIN PRIVATE KEY{0}\n{1}", "-".repeat(5), random(64)),
        format!("Bearer {}", random(30)),
        "postgres://app:hunter2@db/shop".to_owned(),
        "password=hunter2".to_owned(),
        "{\"api_key\": \"5f2a91c7\"}".to_owned(),
    ]
    .map(|secret| format!("request failed with {secret} after 3 attempts"))
    .into()
}
