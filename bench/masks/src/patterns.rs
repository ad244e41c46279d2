//! What the detectors look for, as regular expressions. They have no check digits and know no neighbourhood, so they find more; what
//! they look for in a text, and so what they cost, is about the same.

pub const ALL: [&str; 16] = [
    r"\b(?:\d[ -]?){12,18}\d\b",
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}",
    r"\beyJ[A-Za-z0-9_-]{13,}\.[A-Za-z0-9_-]+\.",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\b(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{24}|ya29\.[A-Za-z0-9_-]{20})",
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40})",
    r"\b(?:glpat|gldt|glrt)-[A-Za-z0-9_-]{20}",
    r"\b(?:xox[abeoprs][-.]|xapp-)[A-Za-z0-9-]{20}|hooks\.slack\.com/services/",
    r"\b(?:[sr]k_live_[A-Za-z0-9]{16}|whsec_[A-Za-z0-9+/=]{24})",
    r"\bsk-[A-Za-z0-9_-]{20}",
    r"\b(?:npm_[A-Za-z0-9]{36}|pypi-AgEI|SG\.[A-Za-z0-9_-]{22}\.|hf_[A-Za-z0-9]{34}|dop_v1_|shpat_|shpss_|dckr_pat_|hv[sb]\.)",
    r"-----BEGIN [A-Z ]*PRIVATE KEY",
    r"(?i)\b(?:bearer|basic)[ \t]+[A-Za-z0-9._~+/-]{16}",
    r"[a-z0-9+.-]+://[^\s/?#:]*:[^\s/?#]+@",
    r#"(?i)(?:pass(?:wd|word|phrase|code)|secret(?:_?key)?|token|api[_.-]?key|private[_.-]?key|access[_.-]?key|pwd|credentials?|cookies?|authorization|cvv|cvc|otp|jwt|ssn|bearer|session[_.-]?key|card[_.-]?number)s?["'`\]\\]*\s*(?:=>?|:=?)\s*["']?[^\s"']"#,
    r"(?i)--(?:password|token|secret|api-key)\s+\S",
];
