//! The keys that are masked where nothing else is said. `docs/masks.md` has the same lists, and a test compares them.
//!
//! Sources: the lists of provide-foundation and provide-telemetry, the headers of RFC 9110 and 6265, the parameters of RFC 6749
//! and 7636 (OAuth), the names that AWS, Azure and Google give their keys, PCI DSS (what must not be stored), and what programs
//! write. A key is written here with `_` between its words; how it is spelled in a program does not matter.

/// Keys that also count at the end of a word that is written in one, as in `PGPASSWORD` and `authtoken`: no ordinary word ends
/// in one of these.
pub(super) const SECRET_ANYWHERE: [&str; 8] =
    ["api_key", "passphrase", "passwd", "password", "private_key", "secret", "secret_key", "token"];

/// Keys that count whole, or behind other words: `pwd`, `db_pwd`.
pub(super) const SECRET: [&str; 79] = [
    "access_key",
    "access_tokens",
    "account_key",
    "aes_key",
    "api_key_value",
    "api_keys",
    "api_tokens",
    "auth_header",
    "auth_key",
    "authorization",
    "authorization_code",
    "authorization_header",
    "backup_code",
    "backup_codes",
    "bearer",
    "client_assertion",
    "code_verifier",
    "cookie",
    "cookie_value",
    "cookies",
    "credential",
    "credentials",
    "cvc",
    "cvv",
    "db_pass",
    "decryption_key",
    "encryption_key",
    "hmac_key",
    "jsessionid",
    "jwt",
    "jwt_key",
    "master_key",
    "mfa_code",
    "mnemonic",
    "otp",
    "otp_code",
    "pass_hash",
    "passcode",
    "passwd_hash",
    "password_confirm",
    "password_confirmation",
    "password_digest",
    "password_hash",
    "password_new",
    "password_old",
    "password_plain",
    "password_raw",
    "password_salt",
    "password_text",
    "password_value",
    "passwords",
    "phpsessid",
    "pin_code",
    "private_key_pem",
    "pwd",
    "pwd_hash",
    "recovery_code",
    "recovery_codes",
    "recovery_phrase",
    "refresh_tokens",
    "saml_response",
    "secret_key_base",
    "secret_string",
    "secret_value",
    "secrets",
    "security_code",
    "seed_phrase",
    "session_key",
    "shared_access_signature",
    "shared_key",
    "signing_key",
    "smtp_pass",
    "social_security_number",
    "ssn",
    "token_value",
    "totp",
    "user_pass",
    "x_amz_signature",
    "x_goog_signature",
];

/// Keys of card numbers, which keep their last four digits.
pub(super) const CARD: [&str; 6] =
    ["card_no", "card_number", "cc_number", "credit_card", "debit_card", "primary_account_number"];

/// Keys of bank accounts, which keep country and end.
pub(super) const IBAN: [&str; 1] = ["iban"];

/// Keys that end like one above and hold no secret: cursors of lists, words of parsers and of language models.
pub(super) const LEFT_ALONE: [&str; 21] = [
    "bos_token",
    "cancellation_token",
    "cls_token",
    "continuation_token",
    "eos_token",
    "expected_token",
    "fencing_token",
    "illegal_token",
    "input_token",
    "lookahead_token",
    "mask_token",
    "next_token",
    "output_token",
    "pad_token",
    "page_token",
    "sep_token",
    "stop_token",
    "sync_token",
    "unexpected_token",
    "unk_token",
    "unrecognized_token",
];

/// Words that make a key a question when it begins with one: `has_password` is true or false.
pub(super) const QUESTIONS: [&str; 14] = [
    "accept", "accepts", "allow", "allows", "had", "has", "is", "missing", "needs", "requires", "use",
    "uses", "with", "without",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_same_lists() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/masks.md");
        // A crate that was published stands alone.
        let Ok(page) = std::fs::read_to_string(page) else { return };
        for (title, names) in [
            ("masked, also at the end of a word (`PGPASSWORD`)", &SECRET_ANYWHERE[..]),
            ("masked", &SECRET),
            ("masked but for the last four digits", &CARD),
            ("masked but for country and end", &IBAN),
            ("left alone", &LEFT_ALONE),
            ("questions", &QUESTIONS),
        ] {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let row = format!("| {title} | {} |", names.join(" "));
            assert!(page.lines().any(|line| line == row), "docs/masks.md should have this row:\n{row}");
        }
    }
}
