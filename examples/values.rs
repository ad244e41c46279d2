//! What can be the value of a field?
use std::{
    collections::BTreeMap,
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, SystemTime},
};

use trine::info;

fn main() {
    // Numbers of any width, exact; floats that JSON has no number for become text.
    info!("value_number_shown", small = -7_i8, large = u128::MAX, ratio = 0.1_f32, nan = f64::NAN);
    info!("value_text_shown", text = "line\nbreak \"quoted\" \u{1F980}", letter = 'ß', flag = true);

    // Nothing is null; a value that may be missing needs no unwrapping.
    info!("value_option_shown", some = Some(1), none = None::<&str>);

    // Lists and maps stay nested.
    let counts = BTreeMap::from([("login", vec![1, 2]), ("logout", vec![])]);
    info!("value_list_shown", array = [1.5, 2.5], vec = vec![Some("a"), None], counts);

    // A duration is written in the unit that its key names: _s, _ms, _us, _ns; else in seconds.
    let elapsed = Duration::from_micros(1_234_500);
    info!("value_time_shown", elapsed_ms = elapsed, elapsed_s = elapsed, since = SystemTime::UNIX_EPOCH);
    info!("value_address_shown", ip = Ipv4Addr::LOCALHOST, peer = SocketAddr::from(([10, 0, 0, 1], 8080)));

    // Anything else: `%` takes its Display, `?` its Debug. Errors are values as they are.
    let error: Box<dyn Error> = "12x".parse::<u32>().unwrap_err().into();
    info!("value_other_shown", error, path = %std::path::Path::new("/tmp").display(), range = ?(1..5));

    // A key may be any text, and a variable stands for itself.
    let user_id = "user_123";
    info!("value_key_shown", user_id, "x-forwarded-for" = "10.0.0.1");
}
